"""Makes tests/golden/audit_log: logs as the reference's AuditLogger writes them, logs changed in ways that its verifier
tells apart, and its verdict on each.

Run with forgelm 0.11.1 (Python): python3 tools/golden/audit_log/make.py
`lines.jsonl` is written with the clock, user and host of the C++ test, and with `seq` as a last detail: the writer here
must give the same bytes.
"""

import datetime
import json
import os
import pathlib
import shutil
import sys
import tempfile
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import versions

versions.require({"forgelm": "0.11.1"})
from forgelm import compliance

OUT = pathlib.Path(__file__).resolve().parents[3] / "tests" / "golden" / "audit_log"
SECRET = "the secret of the golden logs"
START = datetime.datetime(2026, 11, 21, 0, 10, 50, 176945, tzinfo=datetime.timezone.utc)

# What a run records, with texts, numbers and shapes that are easily written another way.
EVENTS = [
    ("pipeline.initialized", {"model": "m\u00e9\u2028\U0001f600\x7f\"\\/\b", "trainer_type": "sft"}),
    ("training.started", {}),
    ("evaluation.loss_gate_completed",
     {"passed": False, "eval_loss": float("nan"), "max_acceptable_loss": 1e-05, "baseline_loss": float("inf")}),
    ("benchmark.evaluation_completed",
     {"passed": True, "average": 0.1, "scores": {"b": 1e22, "a": 100000.0, "c": -0.0, "d": 5e-324}, "failure_reason": None}),
    ("human_approval.required",
     {"gate": "final_model", "reason": "", "metrics": {}, "staging_path": "/o/final.staging", "run_id": "fg-0123456789ab",
      "config_hash": "sha256:00"}),
    ("compliance.artifacts_exported", {"output_dir": "o", "files": ["a", "b"], "governance_ok": True}),
    ("pipeline.completed", {"success": True, "metrics_summary": {"eval_loss": 9007199254740993}}),
]


class Clock(datetime.datetime):
    """Three seconds between entries, the fourth without a fraction."""

    ticks = 0

    @classmethod
    def now(cls, tz=None):
        time = START + datetime.timedelta(seconds=3 * cls.ticks)
        if cls.ticks == 3:
            time = time.replace(microsecond=0)
        cls.ticks += 1
        return time


def write(folder, secret, with_seq=False, run_ids=("fg-0123456789ab",)):
    environment = {"FORGELM_AUDIT_SECRET": secret} if secret else {}
    Clock.ticks = 0
    number = 0
    with mock.patch.object(compliance, "datetime", Clock), mock.patch.dict(os.environ, environment), \
            mock.patch("getpass.getuser", return_value="tester"), mock.patch("socket.gethostname", return_value="testhost"):
        os.environ.pop("FORGELM_OPERATOR", None)
        for run_id in run_ids:
            log = compliance.AuditLogger(str(folder), run_id=run_id)
            for event, details in EVENTS:
                details = dict(details)
                if "run_id" in details:
                    details["run_id"] = run_id
                if with_seq:
                    details["seq"] = number
                log.log_event(event, **details)
                number += 1


def verdict(path, secret, require):
    result, kind = compliance._verify_audit_log_classified(str(path), hmac_secret=secret, require_hmac=require)
    return {"valid": result.valid, "entries_count": result.entries_count, "line": result.first_invalid_index,
            "kind": kind}


def changed(name, lines):
    """The lines of a log after the change of that name."""
    lines = list(lines)
    if name == "edited":
        lines[2] = lines[2].replace('"passed": false', '"passed": true')
    elif name == "deleted":
        del lines[3]
    elif name == "swapped":
        lines[3], lines[4] = lines[4], lines[3]
    elif name == "no_json":
        lines[5] = lines[5][:-1]
    elif name == "no_object":
        lines[6] = "[]"
    elif name == "bad_tag":
        lines[-1] = lines[-1][:-4] + ("0" if lines[-1][-4] != "0" else "1") + lines[-1][-3:]
    elif name == "blank_lines":
        lines.insert(2, "")
    elif name == "no_first":
        del lines[0]
    return lines


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    cases = []

    def keep(name, text, manifest, secret, requires=(False, True)):
        (OUT / (name + ".jsonl")).write_bytes(text)
        if manifest is not None:
            (OUT / (name + ".jsonl.manifest.json")).write_bytes(manifest)
        for require in requires:
            for given in {None, secret, "another secret"} if not require else {secret or "another secret"}:
                cases.append({"log": name, "secret": given, "require_hmac": require,
                              **verdict(OUT / (name + ".jsonl"), given, require)})

    with tempfile.TemporaryDirectory() as folder:
        for name, secret, arguments in (
                ("plain", None, {}), ("keyed", SECRET, {}), ("lines", SECRET, {"with_seq": True}),
                ("runs", SECRET, {"run_ids": ("fg-0123456789ab", "fg-ba9876543210")})):
            place = pathlib.Path(folder) / name
            write(place, secret, **arguments)
            text = (place / "audit_log.jsonl").read_bytes()
            manifest = (place / "audit_log.jsonl.manifest.json").read_bytes()
            keep(name, text, manifest, secret)
            if name != "keyed":
                continue
            lines = text.decode().split("\n")[:-1]
            for change in ("edited", "deleted", "swapped", "no_json", "no_object", "bad_tag", "blank_lines", "no_first"):
                new = "".join(line + "\n" for line in changed(change, lines)).encode()
                keep(change, new, manifest if change == "no_first" else None, secret)
            keep("empty", b"", None, None, (False,))
            keep("emptied", b"", manifest, None, (False,))
            keep("wrong_manifest", text, manifest.replace(b"fg-0123456789ab", b"fg-ba9876543210"), secret, (False,))
            keep("no_manifest", text, b"{", secret, (False,))
            keep("not_utf8", text[:40] + b"\xff" + text[41:], None, secret, (False,))
        # A lone surrogate, which Python escapes and reads back.
        place = pathlib.Path(folder) / "surrogate"
        log = compliance.AuditLogger(str(place), run_id="fg-0123456789ab")
        log.log_event("pipeline.failed", error="\ud800 \udc00\ud83d\ude00")
        keep("surrogate", (place / "audit_log.jsonl").read_bytes(), None, None, (False,))
    cases.sort(key=lambda case: (case["log"], case["require_hmac"], case["secret"] or ""))
    (OUT / "verdicts.json").write_text(json.dumps({"secret": SECRET, "cases": cases}, indent=1) + "\n")
    (OUT / "MANIFEST.json").write_text(json.dumps(
        {"maker": "tools/golden/audit_log/make.py", "versions": {"forgelm": "0.11.1"},
         "contents": "audit logs by the reference's AuditLogger, changed copies, and its verifier's verdicts"}, indent=1) + "\n")


main()
