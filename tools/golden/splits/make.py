"""Makes tests/golden/splits: which rows the reference trains and evaluates on, in which order.

Run with datasets 5.2.0, numpy 2.4.6, forgelm 0.11.1: python3 tools/golden/splits/make.py
The reference's own functions (forgelm.data) are called; they import no torch. Each row of splits.jsonl: what
train_test_split and shuffle give for n rows; of mixtures.jsonl: what prepare_dataset's steps give for several data sets.
"""

import hashlib
import json
import pathlib

import datasets
import forgelm
import numpy
from datasets import Dataset, DatasetDict, concatenate_datasets
from forgelm.data import _apply_mix_ratio, _ensure_validation_split

VERSIONS = {"datasets": "5.2.0", "numpy": "2.4.6", "forgelm": "0.11.1"}
for module in (datasets, numpy, forgelm):
    assert module.__version__ == VERSIONS[module.__name__], module
datasets.disable_progress_bars()
OUT = pathlib.Path(__file__).resolve().parents[3] / "tests" / "golden" / "splits"
SIZES = [1, 2, 3, 10, 11, 100, 1000, 19999, 20001, 25000, 230000]
# (rows of each data set, weights or None, whether the primary data set brings a validation split)
MIXTURES = [
    ([10, 7], None, False),
    ([100, 100], [0.5, 0.5], False),
    ([1000, 300, 50], [0.7, 0.2, 0.1], False),
    ([1000, 300, 50], [1, 1, 1], True),
    ([30, 1000], [3, 1], False),
    ([30, 1000], [0, 1], False),
    ([5, 5, 5], [0.1, 0.2, 0.3], True),
    ([3, 1], [1e-9, 1], True),
    ([40, 11], [0.315, 0.27], False),
]


def order_of(dataset):
    if dataset is None:
        return {"n": 0}
    rows = numpy.stack([numpy.asarray(dataset["source"]), numpy.asarray(dataset["row"])], axis=1).astype("<i8")
    return {
        "n": len(rows),
        "sha256": hashlib.sha256(rows.tobytes()).hexdigest(),  # (source, row) pairs, 8 bytes each, little-endian
        "head": rows[:8].tolist(),
    }


def rows_of(source, n):
    return Dataset.from_dict({"source": [source] * n, "row": list(range(n))})


def split_of(train, validation=None):
    parts = {"train": train} if validation is None else {"train": train, "validation": validation}
    whole = _ensure_validation_split(DatasetDict(parts))
    evaluated = None if validation is not None else whole.get("validation")
    return {
        "eval": order_of(evaluated),
        "train": order_of(whole["train"]),
        "shuffled": order_of(whole["train"].shuffle(seed=42)),
    }


def splits():
    for n in SIZES:
        yield {"n": n, "only_shuffled": order_of(rows_of(0, n).shuffle(seed=42)), **split_of(rows_of(0, n))}


def mixtures():
    for counts, weights, brings_validation in MIXTURES:
        parts = [rows_of(i, n) for i, n in enumerate(counts)]
        mixed = _apply_mix_ratio(parts, weights) if weights else parts
        merged = concatenate_datasets(mixed)
        validation = rows_of(9, 4) if brings_validation else None
        yield {
            "rows": counts,
            "weights": weights,
            "holds_out": not brings_validation,
            "counts": [len(part) for part in mixed],
            **split_of(merged, validation),
        }


OUT.mkdir(parents=True, exist_ok=True)
sizes = {}
for name, made in (("splits.jsonl", list(splits())), ("mixtures.jsonl", list(mixtures()))):
    (OUT / name).write_text("".join(json.dumps(row) + "\n" for row in made))
    sizes[name] = len(made)
manifest = {"maker": "tools/golden/splits/make.py", "versions": VERSIONS, "rows": sizes}
(OUT / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")
