#!/usr/bin/env python3
"""Has the package mlcroissant validate the cards of `forgelm audit --croissant` and read rows by them.

    pip install mlcroissant==1.1.1
    python tools/conformance/croissant.py build/bin/forgelm [--golden] [DATA...]

DATA: files or folders of splits; without any, data of every format and shape made here. Each card is put beside a copy
of its data, as it is published; mlcroissant must find no error in it, read as many rows as the files have, and give the
values that the files hold. Digests and sizes are compared with the files. Spoilt cards must be refused. Exit code 1 when
anything is otherwise. With --golden the card of the made data is kept in tests/golden/conformance.
"""
import argparse
import copy
import csv
import hashlib
import importlib.metadata
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import mlcroissant

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden" / "conformance"

ROWS = [
    {"text": "The first row.", "n": 1, "score": 0.5, "ok": True, "tags": ["a", "b"], "odd name!": "x", "meta": {"lang": "en", "year": 2020}},
    {"text": "Die zweite Zeile, etwas l\u00e4nger.", "n": 2, "score": 2, "ok": False, "tags": ["c"], "odd name!": "y", "meta": {"lang": "de", "year": 2021}},
    {"text": "pay with 4111 1111 1111 1111", "n": 3, "score": 1.25, "ok": True, "tags": [], "odd name!": "z", "meta": {"lang": "en", "year": 2022}},
]
CHAT = [
    {"messages": [{"role": "user", "content": "Hello there, how are you?"}, {"role": "assistant", "content": "Fine."}], "id": "a1"},
    {"messages": [{"role": "user", "content": "And now?"}], "id": "a2"},
]
MUTANTS = {
    "a record set refers to no file": lambda card: card["recordSet"][0]["field"][0]["source"]["fileObject"].update({"@id": "absent"}),
    "a file has no encoding": lambda card: card["distribution"][0].pop("encodingFormat"),
    "a file has no address": lambda card: card["distribution"][0].pop("contentUrl"),
    "a field has a type that is none": lambda card: card["recordSet"][0]["field"][0].update(dataType="sc:Nothing"),
    "a digest and a type are missing": lambda card: (card["distribution"][0].pop("sha256"), card["distribution"][0].pop("@type")),
}


def write_lines(path, rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def made_data(folder):
    data = folder / "made"
    data.mkdir()
    write_lines(data / "train.jsonl", ROWS)
    write_lines(data / "dev.jsonl", ROWS[:1])
    write_lines(data / "test.jsonl", [{"text": "another"}, {"text": None}])
    yield data
    write_lines(folder / "chat.jsonl", CHAT)
    yield folder / "chat.jsonl"
    flat = [{key: row[key] for key in ("text", "n", "score")} for row in ROWS]
    with open(folder / "table.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(flat[0]))
        writer.writeheader()
        writer.writerows(flat)
    yield folder / "table.csv"
    (folder / "array.json").write_text(json.dumps(flat), encoding="utf-8")
    yield folder / "array.json"
    write_lines(folder / "lines.json", flat)
    yield folder / "lines.json"
    (folder / "nested.json").write_text(json.dumps({"data": flat}), encoding="utf-8")
    yield folder / "nested.json"


def rows_of(path):
    if path.suffix == ".csv":
        with open(path, newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    text = path.read_text(encoding="utf-8")
    return json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines() if line.strip()]


def plain(value):
    """A value read, as JSON would have it."""
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, dict):
        return {key.split("/")[-1]: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def kept(value, like):
    """The parts of a value in the file that the card has fields for."""
    if isinstance(value, dict) and isinstance(like, dict):
        return {key: kept(item, like[key]) for key, item in value.items() if key in like}
    if isinstance(value, list) and isinstance(like, list) and len(value) == len(like):
        return [kept(item, other) for item, other in zip(value, like)]
    return value


def problems(card, folder):
    dataset = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
    for issue in sorted(dataset.metadata.ctx.issues.errors):
        yield "error: %s" % issue
    for file in card["distribution"]:
        data = (folder / file["contentUrl"]).read_bytes()
        if file["sha256"] != hashlib.sha256(data).hexdigest() or file["contentSize"] != "%d B" % len(data):
            yield "%s: not its digest and size" % file["name"]
    for records in card["recordSet"]:
        if not records["field"]:
            continue
        source = (records["field"][0].get("subField") or records["field"])[0]["source"]["fileObject"]["@id"]
        path = folder / next(file["contentUrl"] for file in card["distribution"] if file["@id"] == source)
        expected = rows_of(path)
        read = list(dataset.records(records["@id"]))
        if len(read) != len(expected):
            yield "%s: %d rows read, the file has %d" % (records["name"], len(read), len(expected))
        for number, (row, record) in enumerate(zip(expected, read)):
            for field in records["field"]:
                value, wanted = plain(record.get(field["@id"])), row.get(field["name"])
                if path.suffix == ".csv":
                    value, wanted = str(value), str(type(record.get(field["@id"]))(wanted) if not isinstance(record.get(field["@id"]), bytes) else wanted)
                wanted = kept(wanted, value)
                if value != wanted and not (wanted in (None, []) and value in (None, [], [{}])):
                    yield "%s, row %d, %s: %r, the file has %r" % (records["name"], number, field["name"], value, wanted)


def refused(card, folder):
    (folder / "croissant.json").write_text(json.dumps(card), encoding="utf-8")
    try:
        mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
    except Exception:  # whatever it is refused with
        return True
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("data", nargs="*", type=pathlib.Path)
    parser.add_argument("--golden", action="store_true", help="keep the card of the made data")
    arguments = parser.parse_args()
    report = {"file": "croissant.json", "validators": {"mlcroissant": importlib.metadata.version("mlcroissant")},
              "taken": [], "refused": {}, "wrong": []}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for number, data in enumerate(arguments.data or list(made_data(folder))):
            out = folder / ("card-%d" % number)
            done = subprocess.run([os.path.abspath(arguments.program), "audit", str(data), "--croissant", "--output", str(out), "--quiet",
                                   "--allow-pii", "--allow-secrets"], capture_output=True, text=True)
            if done.returncode != 0:
                raise SystemExit("%s: exit code %d\n%s" % (data, done.returncode, done.stderr))
            card = json.loads((out / "croissant.json").read_text(encoding="utf-8"))
            for file in card["distribution"]:
                shutil.copy(data / file["contentUrl"] if data.is_dir() else data, out / file["contentUrl"])
            if json.loads((out / "data_audit_report.json").read_text(encoding="utf-8"))["croissant"] != card:
                report["wrong"].append("%s: the report holds another card" % data.name)
            try:
                found = list(problems(card, out))
            except Exception as error:  # what the package does not take, it throws
                found = ["%s: %s" % (type(error).__name__, error)]
            report["wrong"] += ["%s: %s" % (data.name, problem) for problem in found]
            if not found:
                report["taken"].append(data.name)
            if number > 0:
                continue
            for what, change in MUTANTS.items():
                spoilt = copy.deepcopy(card)
                change(spoilt)
                if refused(spoilt, out):
                    report["refused"][what] = report["refused"].get(what, 0) + 1
                else:
                    report["wrong"].append("%s: taken although %s" % (data.name, what))
            if arguments.golden and not arguments.data and not report["wrong"]:
                (GOLDEN / "croissant.json").write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    text = json.dumps(report, indent=2)
    if arguments.golden and not report["wrong"]:
        (GOLDEN / "croissant.json.verdict.json").write_text(text + "\n", encoding="utf-8")
    print(text)
    return 1 if report["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
