#!/usr/bin/env python3
"""Looks for rows that our readers and Python's json and csv modules read differently.

    python tools/golden/rows/differential.py BUILD/bin/rows_dump [--documents N] [--seed S] [--show N]

Documents are made at random (documents.py), written to files and read by rows_dump, as rows and as blocks with blocks of
several sizes. A difference is a verdict or a value that is not the same. Exit code 1 when there is any.
"""
import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import documents  # noqa: E402
import reference  # noqa: E402

PER_RUN = 500
MODES = [[], ["--blocks"], ["--block-bytes", "16"], ["--blocks", "--block-bytes", "37"]]


def read(program, mode, paths):
    """For each file a list of rows, None standing for an unreadable one; or None for a file that is refused."""
    done = subprocess.run([program, *mode], input="\n".join(map(str, paths)) + "\n", capture_output=True, text=True, check=True)
    files, rows = [], []
    for line in done.stdout.split("\n"):
        kind, _, rest = line.partition(" ")
        if kind == "row":
            number, _, text = rest.split(" ", 2)
            assert int(number) == len(rows), line
            rows.append(text)
        elif kind == "bad":
            rows.append(None)
        elif kind == "end":
            files.append(rows)
            rows = []
    assert len(files) == len(paths)
    return files


def expected(path):
    data = path.read_bytes()
    if path.suffix == ".jsonl":
        rows = reference.json_lines(data)
    else:
        rows = reference.csv_rows(data, "\t" if path.suffix == ".tsv" else ",")
        if rows is None:
            return [None]
    return [None if row is None else json.dumps(row) for row in rows]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--documents", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", type=int, default=5)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    num_documents = num_rows = num_bad = num_differences = 0
    with tempfile.TemporaryDirectory() as name:
        while num_documents < options.documents:
            paths = []
            for i in range(PER_RUN):
                kind = rng.choice([".jsonl", ".jsonl", ".csv", ".tsv"])
                data = documents.json_lines(rng) if kind == ".jsonl" else documents.csv_document(rng)
                if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
                    continue  # read as an array
                paths.append(pathlib.Path(name) / f"{i}{kind}")
                paths[-1].write_bytes(data)
            num_documents += len(paths)
            ours = read(options.program, MODES[num_documents % len(MODES)], paths)
            for path, rows in zip(paths, ours):
                wanted = expected(path)
                num_rows += len(wanted)
                num_bad += wanted.count(None)
                if rows == wanted:
                    continue
                num_differences += 1
                if num_differences <= options.show:
                    print(path.suffix, path.read_bytes())
                    pairs = [pair for pair in zip(rows, wanted) if pair[0] != pair[1]] or [(rows, wanted)]
                    print("  ours     ", pairs[0][0], "\n  reference", pairs[0][1], "\n  rows", len(rows), len(wanted))
    print(f"{num_documents} documents, {num_rows} rows, {num_bad} of them refused, {num_differences} differences")
    return 1 if num_differences else 0


sys.exit(main())
