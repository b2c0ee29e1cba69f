#!/usr/bin/env python3
"""Measures `forgelm audit` beside forgelm 0.11.1 (the Python original) on the same chat rows, in one run.

    pip install --no-deps forgelm==0.11.1 && pip install PyYAML pydantic requests numpy xxhash langdetect
    python tools/bench/audit/speed.py build/bin/forgelm [--rows 20000] [--workers 2] [--no-reference]

Rows are made up (seeded): conversations of words drawn as words are in a language, with now and then a number or an
address. Prints MB/s, the ratio, and the peak memory; of ours the best of three.
"""
import argparse
import itertools
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

REFERENCE = """
import sys
from forgelm.data_audit import audit_dataset
audit_dataset(sys.argv[1], output_dir=sys.argv[2], enable_quality_filter=True)
"""


def make_rows(path, num_rows):
    rng = random.Random(3)
    letters = "eeeeetttaaaooiinnsshhrrdlcumwfgypbvk"
    words = ["".join(rng.choice(letters) for _ in range(rng.randint(2, 9))) for _ in range(8000)]
    weights = list(itertools.accumulate(1 / (rank + 3) for rank in range(len(words))))

    def sentence():
        text = " ".join(rng.choices(words, cum_weights=weights, k=rng.randint(6, 18))).capitalize()
        if rng.random() < 0.02:
            text += rng.choice([" a.b%d@mail.de", " in %d", " (%d)", " +49 30 9018%d"]) % rng.randint(10, 99)
        return text + rng.choice([".", ".", ".", "?", "!"])

    with open(path, "w", encoding="utf-8") as file:
        for _ in range(num_rows):
            turns = [{"role": role, "content": " ".join(sentence() for _ in range(rng.randint(1, 5)))}
                     for role in ("user", "assistant") * rng.randint(1, 2)]
            file.write(json.dumps({"messages": turns}) + "\n")


def timed(command):
    """Seconds and peak MiB of a command."""
    before = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - before
    if os.waitstatus_to_exitcode(status) not in (0, 3):
        raise SystemExit("failed: %s" % " ".join(command))
    return seconds, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", nargs="?", default="build/bin/forgelm")
    parser.add_argument("--rows", type=int, default=20000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--no-reference", action="store_true")
    parser.add_argument("--dedup-method", default="simhash")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "rows.jsonl"
        make_rows(path, asked.rows)
        megabytes = path.stat().st_size / 1e6
        command = [os.path.abspath(asked.program), "audit", str(path), "--output", folder, "--quiet", "--workers",
                   str(asked.workers), "--dedup-method", asked.dedup_method]
        ours = min(timed(command) for _ in range(3))
        print("%d rows, %.1f MB, load of the machine %.1f on %d processors" % (asked.rows, megabytes, os.getloadavg()[0],
                                                                              os.cpu_count()))
        print("forgelm: %.3f s, %.1f MB/s, %.2f s of processor time, peak %.0f MiB" % (ours[0], megabytes / ours[0], ours[2],
                                                                                      ours[1]))
        if not asked.no_reference:
            theirs = timed([sys.executable, "-c", REFERENCE, str(path), folder])
            print("reference: %.3f s, %.2f MB/s, %.2f s of processor time, peak %.0f MiB" % (theirs[0], megabytes / theirs[0],
                                                                                            theirs[2], theirs[1]))
            print("ratio: %.1f by the clock, %.1f by processor time" % (theirs[0] / ours[0], theirs[2] / ours[2]))


if __name__ == "__main__":
    main()
