"""Whether forgelm and Python forgelm 0.11.1 verify and extend each other's audit logs: python3 audit_log.py BUILD_DIR

Needs forgelm 0.11.1 (Python) and a build with `forgelm` and `audit_writer`. Both write in turns into one log, with and
without a secret, and both verify it after each turn; then each of a list of changes must be refused by both.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "golden"))
import versions

versions.require({"forgelm": "0.11.1"})
from forgelm import compliance

SECRET = "the secret of the conformance run"
BUILD = pathlib.Path(sys.argv[1]).resolve()
VERIFIER = pathlib.Path(__file__).resolve().parents[1] / "verify_audit.py"


def environment(secret):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FORGELM_")}
    return {**kept, **({"FORGELM_AUDIT_SECRET": secret} if secret else {})}


def write_ours(folder, number, secret):
    subprocess.run([BUILD / "bin" / "audit_writer", folder, "3", "ours-%d" % number], check=True,
                   stdout=subprocess.DEVNULL, env=environment(secret))


def write_theirs(folder, number, secret):
    os.environ.pop("FORGELM_AUDIT_SECRET", None)
    if secret:
        os.environ["FORGELM_AUDIT_SECRET"] = secret
    log = compliance.AuditLogger(str(folder))
    log.log_event("pipeline.initialized", model="theirs-%d \u00e9" % number, trainer_type="sft")
    log.log_event("evaluation.loss_gate_completed", passed=True, eval_loss=float("nan"), max_acceptable_loss=1e-05,
                  baseline_loss=None)


def ours_says(log, secret):
    arguments = ["--require-hmac"] if secret else []
    done = subprocess.run([BUILD / "bin" / "forgelm", "verify-audit", log, "--output-format", "json", *arguments],
                          stdout=subprocess.PIPE, env=environment(secret), text=True)
    return done.returncode == 0, json.loads(done.stdout)


def theirs_says(log, secret):
    return compliance.verify_audit_log(str(log), hmac_secret=secret, require_hmac=secret is not None)


def expect(what, found, wanted):
    print("%-70s %s" % (what, "ok" if found == wanted else "FAILED: %r" % (found,)))
    return found == wanted


def main():
    good = True
    for secret in (None, SECRET):
        for first in ("ours", "theirs"):
            with tempfile.TemporaryDirectory() as folder:
                log = pathlib.Path(folder) / "audit_log.jsonl"
                for turn in range(6):
                    is_ours = (turn % 2 == 0) == (first == "ours")
                    (write_ours if is_ours else write_theirs)(folder, turn, secret)
                    valid, document = ours_says(log, secret)
                    result = theirs_says(log, secret)
                    what = "%s first, turn %d, %s" % (first, turn, "keyed" if secret else "plain")
                    good &= expect(what, (valid, result.valid), (True, True))
                    good &= expect(what + ": entries", document["entries_count"], result.entries_count)
                    done = subprocess.run([sys.executable, VERIFIER, "log", log], stdout=subprocess.DEVNULL)
                    good &= expect(what + ": tools/verify_audit.py", done.returncode, 0)
                text = log.read_bytes()
                lines = text.split(b"\n")[:-1]
                changes = {
                    "edited": text.replace(b'"ours-', b'"mine-', 1),
                    "deleted": b"".join(line + b"\n" for line in lines[:2] + lines[3:]),
                    "swapped": b"".join(line + b"\n" for line in [lines[1], lines[0]] + lines[2:]),
                    "first removed": b"".join(line + b"\n" for line in lines[1:]),
                    "unfinished": text + b'{"timestamp": ',
                }
                for name, changed in changes.items():
                    log.write_bytes(changed)
                    found = ours_says(log, secret)[0], theirs_says(log, secret).valid
                    good &= expect("%s first, %s, %s" % (first, "keyed" if secret else "plain", name), found,
                                   (False, False))
    print("all as expected" if good else "NOT as expected")
    return 0 if good else 1


sys.exit(main())
