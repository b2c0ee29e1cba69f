#!/usr/bin/env python3
"""Writes tests/golden/yaml: what PyYAML 6.0.3 makes of the documents of cases.py. Needs nothing but PyYAML.

    python tools/golden/yaml/make.py

corpus/<group>.txt holds three lines and a blank one for each document: its name, its bytes (backslash escapes for what is
not printable ASCII) and the outcome: "ok <tree>" in the form of yaml_dump.py, "error <why>", or "no tree <why>" for a value
that the reference accepts and that has no text in that form.
"""
import collections
import json
import pathlib
import platform

import cases
import yaml_dump

OUT = pathlib.Path(__file__).resolve().parents[3] / "tests" / "golden" / "yaml"


def escape(document):
    out = []
    for byte in document:
        if byte == 0x5C:
            out.append("\\\\")
        elif byte == 0x0A:
            out.append("\\n")
        elif 0x20 <= byte < 0x7F:
            out.append(chr(byte))
        else:
            out.append("\\x%02x" % byte)
    return "".join(out)


def outcome(document):
    verdict, detail = yaml_dump.read(document)
    if verdict == "ok":
        return "ok " + detail
    if verdict == "unprintable":
        return "no tree " + detail
    return "error " + detail.encode("ascii", "backslashreplace").decode("ascii")


def main():
    groups = collections.defaultdict(list)
    names = set()
    for group, name, document in cases.all_cases():
        assert name not in names, name
        names.add(name)
        groups[group].append("%s\n%s\n%s\n" % (name, escape(document), outcome(document)))
    (OUT / "corpus").mkdir(parents=True, exist_ok=True)
    for group, texts in groups.items():
        (OUT / "corpus" / (group + ".txt")).write_text("\n".join(texts), encoding="ascii")
    manifest = {
        "maker": "tools/golden/yaml/make.py",
        "python": platform.python_version(),
        "pyyaml": yaml_dump.PYYAML,
        "documents": {group: len(texts) for group, texts in groups.items()},
    }
    (OUT / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")
    print(len(names), "documents")


if __name__ == "__main__":
    main()
