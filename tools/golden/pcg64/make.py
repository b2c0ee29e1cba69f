"""Makes tests/golden/pcg64: what numpy.random.default_rng(seed) draws.

Run with numpy 2.4.6: python3 tools/golden/pcg64/make.py
"""

import hashlib
import json
import pathlib

import numpy

assert numpy.__version__ == "2.4.6", numpy.__version__
OUT = pathlib.Path(__file__).resolve().parents[3] / "tests" / "golden" / "pcg64"
SEEDS = [0, 1, 42, 123456789, 2**32 - 1, 2**32, 2**53 + 1, 2**64 - 1]
SIZES = [0, 1, 2, 3, 10, 17, 1000, 100003]
# Around the 32-bit edge: one less than, exactly and one more than what a 32-bit draw covers.
BOUNDS = [0, 1, 6, 2**31, 2**32 - 2, 2**32 - 1, 2**32, 3 * 2**61, 2**64 - 1]


def order_of(values):
    data = values.astype("<i8").tobytes()
    return {"sha256": hashlib.sha256(data).hexdigest(), "head": values[:10].tolist()}


def rows():
    for seed in SEEDS:
        for n in SIZES:
            yield {"seed": str(seed), "permutation": n, **order_of(numpy.random.default_rng(seed).permutation(n))}
        rng = numpy.random.default_rng(seed)
        # Odd and even numbers of 32-bit draws in between, so that the buffered half matters.
        twice = [order_of(rng.permutation(n)) for n in (4, 1000, 5)]
        yield {"seed": str(seed), "permutations": twice}
        rng = numpy.random.default_rng(seed)
        yield {"seed": str(seed), "doubles": [float(v).hex() for v in rng.random(20)]}
        rng = numpy.random.default_rng(seed)
        yield {"seed": str(seed), "raw": [str(v) for v in rng.bit_generator.random_raw(20)]}
        for bound in BOUNDS:
            rng = numpy.random.default_rng(seed)
            drawn = rng.integers(0, bound, size=40, dtype=numpy.uint64, endpoint=True)
            yield {"seed": str(seed), "bound": str(bound), "integers": [str(v) for v in drawn]}


OUT.mkdir(parents=True, exist_ok=True)
made = list(rows())
(OUT / "draws.jsonl").write_text("".join(json.dumps(row) + "\n" for row in made))
manifest = {"maker": "tools/golden/pcg64/make.py", "versions": {"numpy": numpy.__version__}, "rows": {"draws.jsonl": len(made)}}
(OUT / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")
