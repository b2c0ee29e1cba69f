#!/usr/bin/env python3
"""Measures `forgelm audit` beside forgelm 0.11.1 (the Python original) on the same chat rows, in one run.

    pip install --no-deps forgelm==0.11.1 && pip install PyYAML pydantic requests numpy xxhash langdetect
    python tools/bench/audit/speed.py build/bin/forgelm --texts DIR [--rows 20000] [--workers 2] [--no-reference]
    python tools/bench/audit/speed.py build/bin/forgelm --texts DIR --table 10000,100000,1000000

Rows are conversations of two to four messages whose paragraphs are drawn (seeded) from the strings of the JSON and JSONL
files under DIR, with an address or a number put in now and then. Prints MB/s, the ratio, and the peak memory; of ours the
best of three. `--table` measures ours alone over numbers of rows. Further options of `forgelm audit` follow `--`.
"""
import argparse
import json
import os
import pathlib
import random
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from measuring import measured  # noqa: E402

from texts import strings_of  # noqa: E402

REFERENCE = """
import sys
from forgelm.data_audit import audit_dataset
audit_dataset(sys.argv[1], output_dir=sys.argv[2], enable_quality_filter=True)
"""


def paragraphs_under(folder):
    """The paragraphs of all strings of a folder's JSON files, in a fixed order."""
    found = {}
    for path in sorted(pathlib.Path(folder).rglob("*.json*")):
        text = path.read_text(encoding="utf-8")
        values = [json.loads(text)] if path.suffix == ".json" else [json.loads(line) for line in text.splitlines()]
        for string in strings_of(values):
            for paragraph in string.split("\n"):
                if 40 <= len(paragraph) <= 600:
                    found[paragraph.strip()] = True
    return list(found)


def make_rows(path, num_rows, paragraphs):
    rng = random.Random(3)

    def message():
        parts = [paragraphs[rng.randrange(len(paragraphs))] for _ in range(rng.randint(1, 2))]
        if rng.random() < 0.05:
            parts.append(rng.choice(["write to a.b%d@example.org", "in %d", "call +49 30 9018%d"]) % rng.randint(10, 99))
        return "\n".join(parts)

    with open(path, "w", encoding="utf-8") as file:
        for _ in range(num_rows):
            turns = [{"role": role, "content": message()} for role in ("user", "assistant") * rng.randint(1, 2)]
            file.write(json.dumps({"messages": turns}) + "\n")


def run(command):
    done = measured(command)
    if done.exit_code not in (0, 3):
        raise SystemExit("failed: %s" % " ".join(command))
    return done


def show(name, megabytes, done):
    print("%s: %.3f s, %.1f MB/s, %.2f s of processor time, peak %.0f MiB" %
          (name, done.seconds, megabytes / done.seconds, done.processor_seconds, done.peak_mib), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", nargs="?", default="build/bin/forgelm")
    parser.add_argument("--texts", required=True)
    parser.add_argument("--rows", type=int, default=20000)
    parser.add_argument("--table")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--no-reference", action="store_true")
    arguments = sys.argv[1:]
    further = arguments[arguments.index("--") + 1:] if "--" in arguments else []
    asked = parser.parse_args(arguments[:len(arguments) - len(further) - 1] if further else arguments)
    paragraphs = paragraphs_under(asked.texts)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "rows.jsonl"
        command = [os.path.abspath(asked.program), "audit", str(path), "--output", folder, "--quiet", "--workers",
                   str(asked.workers)] + further
        for num_rows in [int(n) for n in asked.table.split(",")] if asked.table else [asked.rows]:
            make_rows(path, num_rows, paragraphs)
            megabytes = path.stat().st_size / 1e6
            print("%d rows, %.1f MB, load of the machine %.1f on %d processors" % (num_rows, megabytes, os.getloadavg()[0],
                                                                                  os.cpu_count()))
            ours = min(run(command) for _ in range(3))
            show("forgelm", megabytes, ours)
            if asked.no_reference or asked.table:
                continue
            theirs = run([sys.executable, "-c", REFERENCE, str(path), folder])
            show("reference", megabytes, theirs)
            print("ratio: %.1f by the clock, %.1f by processor time" % (theirs.seconds / ours.seconds,
                                                                        theirs.processor_seconds / ours.processor_seconds))


if __name__ == "__main__":
    main()
