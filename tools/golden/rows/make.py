"""Makes tests/golden/rows/cases.jsonl: files of rows and what the reference reads from them.

Run with Python 3.11, datasets 5.2.0: python3 tools/golden/rows/make.py
"datasets": load_dataset's json, csv and text builders (CSV with all columns as text, so that pandas infers nothing; blank
lines of text left out, as docs/rows.md says). "python": the json and csv modules (reference.py) on random documents; a
null in place of a row is one that must be refused.
"""

import json
import pathlib
import platform
import random
import sys
import tempfile

import datasets

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import documents  # noqa: E402
import reference  # noqa: E402

assert datasets.__version__ == "5.2.0", datasets.__version__
assert platform.python_version().startswith("3.11."), platform.python_version()
datasets.disable_progress_bars()
OUT = pathlib.Path(__file__).resolve().parents[3] / "tests" / "golden" / "rows"
CHAT = '{"messages": [{"role": "user", "content": "hi \\u00e9"}, {"role": "assistant", "content": "yes"}], "id": %d}'
FILES = [
    ("a.jsonl", CHAT % 1 + "\n" + CHAT % 2 + "\n", {}),
    ("crlf.jsonl", "\ufeff" + CHAT % 1 + "\r\n" + CHAT % 2, {}),
    ("array.json", "[\n  " + CHAT % 1 + ",\n  " + CHAT % 2 + "\n]\n", {}),
    ("texts.json", '["one", "two \\n lines"]', {}),
    ("lines.json", '{"a": "x", "n": 1.5}\n{"a": "y", "n": -2.5}\n', {}),
    ("a.csv", 'q,a\n"two, words","line 1\nline 2"\nplain,"a ""quote"""\n,empty\n\n"x"y,z"z\n', {"columns": ["q", "a"]}),
    ("crlf.csv", "\ufeffq,a\r\n1,NA-ish\r\n\r\n0x1,\u00e9\r\n", {"columns": ["q", "a"]}),
    ("index.csv", ",q\n0,text\n1,more\n", {"columns": ["Unnamed: 0", "q"]}),
    ("short.csv", "q,a\nonly\nx,y\n", {"columns": ["q", "a"]}),
    ("a.tsv", "q\ta\none, two\t\"tab\there\"\n", {"columns": ["q", "a"], "sep": "\t"}),
    ("a.txt", " one \ntwo\r\n\n \u00e9\u4e16\n\n\nlast", {"sample_by": "line"}),
    ("paragraphs.txt", "one\ntwo\n\nthree\n\nfour", {"sample_by": "paragraph"}),
    ("document.txt", "one\r\n\r\ntwo\n", {"sample_by": "document"}),
]


def by_datasets(folder, name, text, options):
    path = pathlib.Path(folder) / name
    path.write_bytes(text.encode())
    kind = {".jsonl": "json", ".json": "json", ".csv": "csv", ".tsv": "csv", ".txt": "text"}[path.suffix]
    arguments = {key: value for key, value in options.items() if key != "columns"}
    if "columns" in options:
        arguments["features"] = datasets.Features({column: datasets.Value("string") for column in options["columns"]})
    loaded = datasets.load_dataset(kind, data_files=str(path), cache_dir=folder + "/cache", split="train", **arguments)
    return [row for row in loaded if kind != "text" or row["text"].strip()]


def cases():
    with tempfile.TemporaryDirectory() as folder:
        for name, text, options in FILES:
            rows = by_datasets(folder, name, text, options)
            yield {"by": "datasets", "name": name, "sample_by": options.get("sample_by"), "hex": text.encode().hex(), "rows": rows}
    rng = random.Random(1)
    for i in range(25):
        data = documents.json_lines(rng)
        yield {"by": "python", "name": f"{i}.jsonl", "sample_by": None, "hex": data.hex(), "rows": reference.json_lines(data)}
    for i in range(100):
        data = documents.csv_document(rng)
        rows = reference.csv_rows(data)
        yield {"by": "python", "name": f"{i}.csv", "sample_by": None, "hex": data.hex(), "rows": rows}


OUT.mkdir(parents=True, exist_ok=True)
made = list(cases())
(OUT / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in made))
versions = {"python": platform.python_version(), "datasets": datasets.__version__}
manifest = {"maker": "tools/golden/rows/make.py", "versions": versions, "rows": {"cases.jsonl": len(made)}}
(OUT / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")
