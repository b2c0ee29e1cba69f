#!/usr/bin/env python3
"""Writes tests/golden/erasure: what `forgelm purge` and `forgelm reverse-pii` 0.11.1 (the Python original) do with small corpora.

    pip install --no-deps forgelm==0.11.1 && pip install PyYAML pydantic requests
    python tools/golden/erasure/make.py

cases.jsonl: one case a line: the files before, the command line, its exit code, the document on stdout, the events of the audit log
without their envelope, and the files after. Salts are fixed, so hashes are the same everywhere; paths hold {DIR} for the folder.
"""
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import versions  # noqa: E402

OUT = pathlib.Path(__file__).resolve().parents[3] / "tests" / "golden" / "erasure"
VERSIONS = {"forgelm": "0.11.1"}
SALT = bytes(range(1, 17))
ENVELOPE = ("timestamp", "run_id", "operator", "event", "prev_hash", "_hmac")

ROWS = [{"id": "a-1", "text": "first"}, {"row_id": "b-2", "text": "second"}, {"id": 17, "text": "third"},
        {"id": "dup", "text": "x"}, {"id": "dup", "text": "y"}, {"id": True, "text": "z"}, {"id": 2.5, "text": "w"},
        {"text": "no id"}, {"id": "alice@example.com", "text": "mail alice@example.com now"}]
CORPUS = "".join(json.dumps(row) + "\n" for row in ROWS) + "\nnot json\n" + '{"id": "\\u00e9t\\u00e9", "text": "last"}'
LONG = "x" * 300 + " alice@example.com " + "y" * 300


def cases():
    def row(*arguments, **more):
        return dict(command=["purge", "--corpus", "corpus.jsonl", "--output-dir", "out", *arguments], **more)

    files = {"corpus.jsonl": CORPUS}
    for name in ("a-1", "b-2", "17", "True", "2.5", "\u00e9t\u00e9"):
        yield row("--row-id", name, files=files)
    yield row("--row-id", "a-1", "--justification", "request 7", files=files)
    yield row("--row-id", "a-1", "--dry-run", files=files)
    yield row("--row-id", "missing", files=files)
    yield row("--row-id", "dup", files=files)
    yield row("--row-id", "dup", "--row-matches", "all", files=files)
    yield row("--row-id", "a-1", files=files, env={"FORGELM_AUDIT_SECRET": "a secret of sixteen bytes and more"})
    yield row("--row-id", "a-1", files=files, env={"FORGELM_AUDIT_SECRET": "short"})
    yield row("--row-id", "a-1", files={**files, "out/synthetic_data_1.jsonl": "{}\n", "out/final_model/x": "",
                                        "out/final_model.staging.fg-00000000000a/x": ""})
    run = ["purge", "--output-dir", "out", "--run-id", "fg-00000000000a", "--kind"]
    staged = {"out/final_model.staging.fg-00000000000a/model": "12345", "out/final_model.staging.fg-00000000000b/model": "1"}
    yield dict(command=[*run, "staging"], files=staged)
    yield dict(command=[*run, "staging", "--dry-run"], files=staged)
    yield dict(command=[*run, "artefacts"], files=staged)
    yield dict(command=[*run, "artefacts"], files={"out/compliance/report_fg-00000000000a.json": "{}",
                                                   "out/compliance/report_fg-00000000000ab.json": "{}"})
    yield dict(command=[*run, "staging"], files={"out/final_model.staging/staging_run_id": "fg-00000000000a\n"})

    def search(*arguments, **more):
        return dict(command=["reverse-pii", "--output-dir", "out", *arguments, "data/*.jsonl"], **more)

    data = {"data/a.jsonl": CORPUS, "data/b.jsonl": json.dumps({"text": LONG}) + "\n" + '{"text": "nothing"}\n'}
    yield search("--query", "alice@example.com", files=data)
    yield search("--query", "alice@example.com", "--type", "email", files=data)
    yield search("--query", "nobody", files=data)
    yield search("--query", "a.ice@[a-z]+\\.com", "--type", "custom", files=data)
    yield search("--query", "x{200}.*y{200}", "--type", "custom", files=data)
    yield search("--query", "a-1", "--salt-source", "per_dir", files=data)
    yield search("--query", "  a-1  ", files=data)


def tree(folder):
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*"))
            if path.is_file() and ".forgelm_audit_salt" not in path.name and "audit_log" not in path.name}


def main():
    versions.require(VERSIONS)
    lines = []
    for case in cases():
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(os.path.realpath(name))
            for path, text in case["files"].items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_text(text)
            (folder / "out").mkdir(exist_ok=True)
            (folder / "out/.forgelm_audit_salt").write_bytes(SALT)
            environment = {"PATH": os.environ["PATH"], "HOME": name, "FORGELM_OPERATOR": "tester", **case.get("env", {})}
            done = subprocess.run([sys.executable, "-m", "forgelm", *case["command"], "--output-format", "json"], cwd=folder,
                                  env=environment, capture_output=True, text=True, check=False)
            log = folder / "out/audit_log.jsonl"
            events = []
            for line in log.read_text().splitlines() if log.exists() else []:
                entry = json.loads(line)
                events.append([entry["event"], {k: v for k, v in entry.items() if k not in ENVELOPE}])
            document = json.loads(done.stdout)
            text = json.dumps({"files": case["files"], "command": case["command"], "env": case.get("env", {}),
                               "exit": done.returncode, "document": document, "events": events, "after": tree(folder)})
            lines.append(text.replace(str(folder), "{DIR}"))
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "cases.jsonl").write_text("\n".join(lines) + "\n")
    manifest = {"maker": "tools/golden/erasure/make.py", "versions": {**VERSIONS, "cpython": platform.python_version()},
                "salt": SALT.hex()}
    (OUT / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    main()
