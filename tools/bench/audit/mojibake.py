#!/usr/bin/env python3
"""Prints how well `forgelm audit` finds mojibake, beside ftfy, on the texts of FORGELM_SHARED.

    pip install ftfy==6.3.1
    FORGELM_SHARED=... python tools/bench/audit/mojibake.py build/bin/forgelm

Precision: texts as they are (sentences in many languages, and the strings of the data sets); whatever is reported there
is listed for a person to look at. Recall: sentences that are not ASCII alone, each spoiled as programs do it, by reading
its UTF-8 as Latin-1 or as Windows-1252.
"""
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import ftfy
import ftfy.bad_codecs  # noqa: F401  registers sloppy-windows-1252
from ftfy.badness import is_bad

from texts import data_sets


def sentences(folder):
    for path in sorted(folder.glob("*.txt")):
        for line in path.read_text(encoding="utf-8").split("\n"):
            if line.strip():
                yield path.stem, line.strip()


def by_ftfy(text):
    return is_bad(text) and ftfy.fix_encoding(text) != text


def encoding_of(program, files):
    """The report's `encoding`, of {name: texts}."""
    with tempfile.TemporaryDirectory() as folder:
        for name, texts in files.items():
            (pathlib.Path(folder) / (name + ".jsonl")).write_text(
                "".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
        subprocess.run([program, "audit", folder, "--output", folder, "--quiet", "--allow-pii", "--allow-secrets"], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return json.loads((pathlib.Path(folder) / "data_audit_report.json").read_text(encoding="utf-8"))["encoding"]


def by_forgelm(program, texts):
    """Which of the texts have mojibake."""
    step = 500  # so that all places are listed
    found = set()
    files = {"part%07d" % begin: texts[begin:begin + step] for begin in range(0, len(texts), step)}
    for name, split in encoding_of(program, files).items():
        assert split["places_listed"] == sum(kind["places"] for kind in split["kinds"].values())
        found.update(int(name[4:]) + place["row"] for place in split["places"] if place["kind"] == "mojibake")
    return found


def main():
    program = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build/bin/forgelm")
    shared = pathlib.Path(os.environ["FORGELM_SHARED"]) / "data" / "datasets"
    clean = list(sentences(shared / "languages" / "lingua-sentences"))
    plain = clean + list(data_sets(shared))
    ours = by_forgelm(program, [text for _, text in plain])
    theirs = {number for number, (_, text) in enumerate(plain) if by_ftfy(text)}
    print("texts as they are: %d, with mojibake by forgelm %d, by ftfy %d, by both %d" % (len(plain), len(ours), len(theirs),
                                                                                         len(ours & theirs)))
    for title, numbers in (("only forgelm", ours - theirs), ("only ftfy", theirs - ours)):
        for number in sorted(numbers)[:20]:
            print("  %s: %s: %r" % (title, plain[number][0], plain[number][1][:160]))
    print("| read as | sentences | forgelm | ftfy |")
    for codec in ("latin-1", "sloppy-windows-1252"):
        spoiled = collections.defaultdict(list)
        for code, text in clean:
            if not text.isascii():
                spoiled[code].append(text.encode("utf-8").decode(codec))
        total = sum(map(len, spoiled.values()))
        found = {code: split["kinds"].get("mojibake", {}).get("rows", 0) for code, split in encoding_of(program, spoiled).items()}
        beside = sum(by_ftfy(text) for texts in spoiled.values() for text in texts)
        print("| %s | %d | %.4f | %.4f |" % (codec, total, sum(found.values()) / total, beside / total))
        missed = collections.Counter({code: len(texts) - found[code] for code, texts in spoiled.items()})
        print("  missed most in: %s" % ", ".join("%s %d" % item for item in missed.most_common(8)))


if __name__ == "__main__":
    main()
