#!/usr/bin/env python3
"""Compares `forgelm audit` with forgelm 0.11.1 (the Python original), field by field, on the data sets of FORGELM_SHARED.

    pip install --no-deps forgelm==0.11.1 && pip install PyYAML pydantic requests numpy xxhash "datasketch<2"
    FORGELM_SHARED=... python tools/conformance/audit.py build/bin/forgelm [ROWS]

Both read the first ROWS rows (400; 0: all, which takes the reference long) of the same files. What differs by decision is listed below and checked to be just that; anything else
fails. Exit code 0: equal but for those.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import xxhash  # noqa: F401  the reference hashes words with it where it is there; without it the simhashes differ
from forgelm.data_audit import audit_dataset

# The reference's key, and why ours may differ.
DECISIONS = {
    "generated_at": "the time of the run",
    "columns": "the reference's order is that of a hash table and changes from run to run; compared as a set",
    "schema_drift_columns": "likewise",
    "languages_top3": "10,000 rows instead of 200 are sampled, and CLD2 names the languages",
    "notes": "our commands stand in the place of Python functions, and a note of ours on the scan",
    "croissant": "off in both",
}
# Rows of these the reference does not read, so that it counts them as without text; we read all of their strings.
UNREAD = {"text_length", "null_or_empty_count", "null_or_empty_rate", "simhash_distinct", "minhash_distinct",
          "near_duplicate_pairs", "quality_samples_evaluated", "quality_samples_flagged", "quality_flags_counts",
          "pii_counts", "secrets_counts"}


def reference_report(path, method):
    from dataclasses import asdict
    return asdict(audit_dataset(str(path), enable_quality_filter=True, dedup_method=method))


def our_report(program, path, method):
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([program, "audit", str(path), "--output", folder, "--dedup-method", method, "--quiet",
                               "--allow-secrets", "--allow-pii"], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit("%s: exit code %d\n%s" % (path, done.returncode, done.stderr))
        return json.loads((pathlib.Path(folder) / "data_audit_report.json").read_text(encoding="utf-8"))


def differences(theirs, ours, where=""):
    """(path, theirs, ours) of every value of the reference's that is not ours."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key, value in theirs.items():
            if key in DECISIONS:
                if "columns" in key and sorted(value) != sorted(ours.get(key, [])):
                    yield where + "/" + key, value, ours.get(key)
                continue
            if key not in ours:
                yield where + "/" + key, value, "(absent)"
            else:
                yield from differences(value, ours[key], where + "/" + key)
        if where.count("/") > 1:
            for key in ours.keys() - theirs.keys():
                if key not in DECISIONS:
                    yield where + "/" + key, "(absent)", ours[key]
    elif theirs != ours:
        yield where, theirs, ours


def is_unread(path):
    """Whether the reference leaves rows of this file unread."""
    from forgelm.data_audit._streaming import _extract_text_payload, _read_jsonl_split
    return any(isinstance(row, dict) and not _extract_text_payload(row) for row, _, _ in _read_jsonl_split(path))


def sources(shared, folder, rows_each):
    """Every JSONL file, and a folder of splits with leaks."""
    for number, path in enumerate(sorted((shared / "data" / "datasets").rglob("*.jsonl"))):
        with open(path, "rb") as file:
            lines = file.readlines()[:rows_each or None]
        part = folder / "files" / ("%03d-%s" % (number, path.name))
        part.parent.mkdir(exist_ok=True)
        part.write_bytes(b"".join(lines))
        yield part
    rows = (shared / "data/datasets/grpo/gsm8k_train.jsonl").read_text(encoding="utf-8").splitlines(True)
    for name, part in (("train", rows[:1000] + rows[:20]), ("dev", rows[900:1200]), ("test", rows[1100:1300])):
        (folder / (name + ".jsonl")).write_text("".join(re.sub('"question"', '"prompt"', row).replace('"answer"', '"response"')
                                                         for row in part), encoding="utf-8")
    yield folder  # the files before are one level down


def main():
    program = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build/bin/forgelm")
    rows_each = int(sys.argv[2]) if len(sys.argv) > 2 else 400
    shared = pathlib.Path(os.environ["FORGELM_SHARED"])
    num_files = num_differences = num_unread = 0
    with tempfile.TemporaryDirectory() as folder:
        for path in sources(shared, pathlib.Path(folder), rows_each):
            for method in ("simhash", "minhash"):
                num_files += 1
                unread = path.is_file() and is_unread(path)
                num_unread += unread
                found = list(differences(reference_report(path, method), our_report(program, path, method)))
                if unread:
                    found = [item for item in found if not (UNREAD | {"pii_summary", "pii_severity", "secrets_summary",
                                                                      "quality_summary", "near_duplicate_summary"})
                             & set(item[0].split("/"))]
                for where, theirs, ours in found:
                    num_differences += 1
                    print("%s (%s) %s: %s, ours %s" % (path.name, method, where, theirs, ours), flush=True)
    print("%d reports compared, %d of them of files that the reference does not read whole, %d differences"
          % (num_files, num_unread, num_differences))
    for key, why in DECISIONS.items():
        print("by decision: %s: %s" % (key, why))
    return 1 if num_differences else 0


if __name__ == "__main__":
    sys.exit(main())
