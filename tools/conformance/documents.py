#!/usr/bin/env python3
"""How much of the text that reference tools read in documents forgelm reads too, and in which order.

    python tools/conformance/documents.py BUILD/bin/forgelm DOCUMENTS

DOCUMENTS holds reference_text.jsonl (python-docx, pypdf) and the documents that it speaks of. A line per document: words of the
reference, the share of them that our text has (with their number), and the share of ours that the reference has. Needs no packages.
"""
import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile


def words(text):
    return collections.Counter(re.findall(r"\w+", text))


def ours(forgelm, path, folder):
    output = pathlib.Path(folder) / "rows.jsonl"
    subprocess.run([forgelm, "ingest", str(path), "--output", str(output), "--chunk-size", "1000000000", "--keep-frontmatter", "--quiet"],
                   check=True, capture_output=True)
    return "\n".join(json.loads(line)["text"] for line in output.read_text(encoding="utf-8").split("\n") if line)


def main():
    forgelm, root = sys.argv[1], pathlib.Path(sys.argv[2])
    totals = {}
    with tempfile.TemporaryDirectory() as folder:
        for line in (root / "reference_text.jsonl").read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            if entry["tool"] == "python-docx":
                theirs = "\n".join(entry["paragraphs"] + [cell for table in entry["tables"] for row in table for cell in row])
            else:
                theirs = "\n".join(entry["text"])
            expected, found = words(theirs), words(ours(forgelm, root / entry["file"], folder))
            both = sum((expected & found).values())
            total = totals.setdefault(entry["tool"].split()[0], [0, 0, 0, 0])
            for place, value in enumerate((1, sum(expected.values()), sum(found.values()), both)):
                total[place] += value
            print("%-45s %6d words, %6d of ours, %6d in both" % (entry["file"], sum(expected.values()), sum(found.values()), both))
    for tool, (count, expected, found, both) in totals.items():
        print("%s: %d documents, %.2f %% of its %d words found, %.2f %% of ours are its" % (tool, count, 100 * both / expected, expected, 100 * both / found))


if __name__ == "__main__":
    main()
