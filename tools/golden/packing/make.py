"""Makes tests/golden/packing: the bins that TRL's strategy "bfd" gives.

TRL itself needs torch; its packing does not, so the two definitions it consists of are taken out of the wheel at run time.
Run with numpy 2.4.6 and pyarrow 26.0.1:
    pip download --no-deps trl==1.16.0 && python3 tools/golden/packing/make.py trl-1.16.0-py3-none-any.whl
"""

import ast
import hashlib
import json
import pathlib
import sys
import zipfile
from collections import defaultdict, deque
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types

assert (np.__version__, pa.__version__) == ("2.4.6", "26.0.1"), (np.__version__, pa.__version__)
assert pathlib.Path(sys.argv[1]).name == "trl-1.16.0-py3-none-any.whl"
OUT = pathlib.Path(__file__).resolve().parents[3] / "tests" / "golden" / "packing"
NEEDED = {"_SegmentTree", "_pack_bfd", "_check_if_columns_can_be_packed"}
# seed, number of items, shortest, longest, max_length
CASES = [
    (1, 0, 1, 8, 8), (2, 1, 5, 5, 8), (3, 20, 1, 8, 8), (4, 50, 0, 64, 64), (5, 200, 1, 65, 65), (6, 500, 1, 63, 127),
    (7, 1000, 1, 512, 2048), (8, 1000, 1, 2048, 2048), (9, 1000, 1, 3, 1000), (10, 1000, 300, 700, 1000),
    (11, 20000, 1, 4096, 4096), (12, 20000, 1, 100, 4097), (13, 300, 7, 7, 20), (14, 300, 1, 1, 1), (15, 5000, 0, 9, 50000),
]


def reference():
    source = zipfile.ZipFile(sys.argv[1]).read("trl/data_utils.py").decode()
    body = [node for node in ast.parse(source).body if getattr(node, "name", None) in NEEDED]
    names = dict(np=np, pa=pa, pc=pc, pyarrow=pyarrow, defaultdict=defaultdict, deque=deque, Any=Any, Literal=Literal)
    exec(compile(ast.Module(body, []), "trl/data_utils.py", "exec"), names)
    return names["_pack_bfd"]


def bins_of(pack, lengths, max_length):
    """The indices in each bin: every token carries the number of its example."""
    if len(lengths) == 0:
        return []
    table = pa.table({"ids": [[i] * int(n) for i, n in enumerate(lengths)]})
    packed = pack(table, max_length)
    bins = []
    for tokens, sizes in zip(packed["ids"].to_pylist(), packed["seq_lengths"].to_pylist()):
        begins = np.cumsum([0] + sizes[:-1])
        bins.append([tokens[begin] for begin in begins])
    return bins


pack = reference()
rows = []
for seed, num, low, high, max_length in CASES:
    lengths = np.random.default_rng(seed).integers(0, high - low, size=num, dtype=np.uint64, endpoint=True) + low
    bins = bins_of(pack, lengths, max_length)
    flat = np.array([v for b in bins for v in [len(b), *b]], dtype="<u4").tobytes()
    rows.append({"seed": seed, "num": num, "low": low, "high": high, "max_length": max_length, "num_bins": len(bins),
                 "sha256": hashlib.sha256(flat).hexdigest(), "head": [b[:20] for b in bins[:4]]})
OUT.mkdir(parents=True, exist_ok=True)
(OUT / "bins.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
manifest = {"maker": "tools/golden/packing/make.py",
            "versions": {"trl": "1.16.0", "numpy": np.__version__, "pyarrow": pa.__version__},
            "rows": {"bins.jsonl": len(rows)}}
(OUT / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")
