#!/usr/bin/env python3
"""Writes tests/golden/retention/cases.jsonl: what the retention scan of forgelm 0.11.1 (the Python original) finds in small folders.

    pip install --no-deps forgelm==0.11.1 && pip install PyYAML pydantic requests
    python tools/golden/retention/make.py

Every line: the section, the moment (seconds since 1970), the files with the moment of their last change, and the violations. Where
ours differ on purpose (folders earlier-*, other names than final_model, the age of a bundle that names its run) no case is made.
"""
import json
import os
import pathlib
import platform
import sys
import tempfile
import time
from datetime import datetime, timezone

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import versions  # noqa: E402

from forgelm.cli.subcommands._purge import _scan_retention_violations  # noqa: E402
from forgelm.config import RetentionConfig  # noqa: E402

OUT = pathlib.Path(__file__).resolve().parents[3] / "tests" / "golden" / "retention"
VERSIONS = {"forgelm": "0.11.1"}
NOW = 1_800_000_000.0
DAY = 86400.0
KINDS = ["final_model.staging/x", "final_model.staging.fg-a/x", "final_model.staging.fg-b/x", "final_model.staging.fg-c/x",
         "compliance/x", "data_audit_report.json", "raw_documents/x", "ingestion_output/x", "final_model/x"]


def line(run_id, days, form="iso"):
    moment = datetime.fromtimestamp(NOW - days * DAY, timezone.utc)
    text = moment.isoformat() if form == "iso" else moment.isoformat().replace("+00:00", "Z")
    return json.dumps({"timestamp": text, "run_id": run_id, "operator": "o", "event": "e", "prev_hash": "genesis"})


def cases():
    everything = {name: 400.0 for name in KINDS}
    yield {}, everything, None
    yield {}, everything, [line("fg-a", 8.04), line("fg-b", 6.99), "", "no json", "[1]", line("fg-a", 1)]
    yield {}, everything, [line("fg-a", 2000.25), line("fg-c", 3)]
    yield {}, everything, [line("fg-a", 1825.0), line("fg-b", 90.05, "z")]
    yield {"staging_ttl_days": 0, "ephemeral_artefact_retention_days": 0}, everything, [line("fg-a", 5000)]
    yield {"raw_documents_retention_days": 0, "audit_log_retention_days": 0}, everything, [line("fg-z", 5000)]
    yield {"staging_ttl_days": 1}, {name: 0.5 + n for n, name in enumerate(KINDS)}, None
    yield {"staging_ttl_days": 1}, {name: 0.5 + n for n, name in enumerate(KINDS)}, []
    yield {}, {name: 90.0 + n / 10 for n, name in enumerate(KINDS)}, None
    yield {}, {}, [line("fg-a", 1830)]
    yield {}, {}, None


def main():
    versions.require(VERSIONS)
    time.time = lambda: NOW
    lines = []
    for section, files, log in cases():
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            for path, days in files.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_text("x")
            for path, days in files.items():
                for one in (folder / path, (folder / path).parent):
                    if one != folder:
                        os.utime(one, (NOW - days * DAY, NOW - days * DAY))
            if log is not None:
                (folder / "audit_log.jsonl").write_text("".join(each + "\n" for each in log))
                os.utime(folder / "audit_log.jsonl", (NOW - 3000 * DAY, NOW - 3000 * DAY))
            found = _scan_retention_violations(RetentionConfig(**section), name)
            found = [{**each, "path": os.path.relpath(each["path"], name)} for each in found]
            found.sort(key=lambda each: each["path"])
            lines.append(json.dumps({"retention": section, "now": NOW, "files": files, "log": log, "violations": found}))
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "cases.jsonl").write_text("\n".join(lines) + "\n")
    manifest = {"maker": "tools/golden/retention/make.py", "versions": {**VERSIONS, "cpython": platform.python_version()}}
    (OUT / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    main()
