"""Makes tests/golden/batches: the orders that transformers' grouping by length gives.

Only the random order it starts from is another: numpy's default_rng(seed).permutation(n) in place of torch's. The function is
taken out of the installed package at run time, since the package needs torch to import it.
Run with numpy 2.4.6 and transformers 5.23.0: python3 tools/golden/batches/make.py
"""

import ast
import importlib.metadata
import importlib.util
import json
import pathlib
import types

import numpy as np

VERSION = importlib.metadata.version("transformers")
assert (np.__version__, VERSION) == ("2.4.6", "5.23.0"), (np.__version__, VERSION)
OUT = pathlib.Path(__file__).resolve().parents[3] / "tests" / "golden" / "batches"
# seed, items, longest, items of a group
CASES = [(42, 1, 9, 4), (42, 7, 9, 4), (1, 16, 9, 1), (2, 40, 5, 3), (3, 100, 50, 8), (4, 333, 1000, 2), (5, 400, 1, 1)]


def reference():
    folder = importlib.util.find_spec("transformers").submodule_search_locations[0]
    source = (pathlib.Path(folder) / "trainer_pt_utils.py").read_text()
    body = [node for node in ast.parse(source).body if getattr(node, "name", None) == "get_length_grouped_indices"]
    torch = types.SimpleNamespace(randperm=lambda n, generator: generator.permutation(n), tensor=np.array, argmax=np.argmax)
    names = {"torch": torch}
    exec(compile(ast.Module(body, []), "trainer_pt_utils.py", "exec"), names)
    return names["get_length_grouped_indices"]


grouped = reference()
rows = []
for seed, num, longest, group_size in CASES:
    lengths = [int(v) + 1 for v in np.random.default_rng(seed + 100).integers(0, longest - 1, size=num, dtype=np.uint64, endpoint=True)]
    rng = np.random.default_rng(seed)
    orders = [[int(i) for i in grouped(lengths, group_size, generator=rng)] for _ in range(2)]
    rows.append({"seed": seed, "lengths": lengths, "group_size": group_size, "epochs": orders})
OUT.mkdir(parents=True, exist_ok=True)
(OUT / "group_by_length.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
manifest = {"maker": "tools/golden/batches/make.py", "versions": {"transformers": VERSION, "numpy": np.__version__},
            "rows": {"group_by_length.jsonl": len(rows)}}
(OUT / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")
