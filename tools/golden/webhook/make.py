#!/usr/bin/env python3
"""Writes tests/golden/webhook/payloads.jsonl: what the notices of forgelm 0.11.1 (the Python original) are on the wire.

    pip install --no-deps forgelm==0.11.1 && pip install requests requests-toolbelt PyYAML pydantic
    python tools/golden/webhook/make.py

Every line is {"call", "arguments", "body"}: the function, what it was given, and the bytes of the body that a catcher on
loopback received (null: nothing was sent). Secrets in the arguments are made up.
"""
import http.server
import json
import logging
import pathlib
import platform
import sys
import threading
import types

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import versions  # noqa: E402

from forgelm.webhook import WebhookNotifier  # noqa: E402

OUT = pathlib.Path(__file__).resolve().parents[3] / "tests" / "golden" / "webhook"
VERSIONS = {"forgelm": "0.11.1"}

# Shapes of secrets, in pieces so that scanners of sources do not take them for real ones.
SECRETS = {
    "aws": "AKIA" + "ABCDEFGHIJKLMNOP",
    "github": "gh" + "p_" + "a1B2" * 6,
    "slack": "xox" + "b-1234567890-abcdef",
    "openai": "sk" + "-proj-" + "Zz09-_" * 5,
    "google": "AI" + "za" + "0123456789abcdefghijklmnopqrstuvwxy",
    "jwt": "eyJhbGc" + "iOiJIUzI1NiJ9.eyJ" + "zdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
    "pem": "-----BEGIN " + "RSA PRIVATE KEY-----\nMIIB\nabc\n-----END " + "RSA PRIVATE KEY-----",
    "pgp": "-----BEGIN " + "PGP PRIVATE KEY BLOCK-----\nabc\n-----END " + "PGP PRIVATE KEY BLOCK-----",
    "azure": "DefaultEndpointsProtocol=https;AccountName=a1;AccountKey=" + "abcd" * 8 + "==",
}
NEARLY = ["AKIA" + "ABCDEFGHIJKLMNO", "xAKIA" + "ABCDEFGHIJKLMNOP", "gh" + "p_short", "\u00e9AKIA" + "ABCDEFGHIJKLMNOP",
          "sk" + "-short", "eyJhbGc.eyJx.y", "-----BEGIN " + "RSA PRIVATE KEY----- and no end"]


def calls():
    yield "notify_start", ["quickstart_finetune"]
    yield "notify_start", ["na\u00efve \u2603 \U0001f600 \"quoted\" \\ </script>"]
    yield "notify_success", ["m_finetune", {"train_loss": 1.25, "eval_loss": 0.1, "epoch": 3, "count": 10 ** 12}]
    yield "notify_success", ["m_finetune", {"a": float("nan"), "b": float("inf"), "c": float("-inf"), "d": True, "e": "text",
                                            "f": None, "g": [1], "h": -0.00004, "i": 1e22, "j": 12345.678949, "k": 0.00005,
                                            "l": 2.5, "m": -3}]
    yield "notify_success", ["m_finetune", {}]
    yield "notify_awaiting_approval", ["m_finetune", "/runs/one/final_model.staging.fg-0123456789ab"]
    yield "notify_failure", ["m_finetune", "CUDA out of memory"]
    yield "notify_failure", ["m_finetune", ""]
    yield "notify_failure", ["m_finetune", "x" * 2048]
    yield "notify_failure", ["m_finetune", "x" * 2049]
    yield "notify_failure", ["m_finetune", "\u00e9\U0001f600" * 1500]
    for name, secret in SECRETS.items():
        yield "notify_failure", ["run of " + name, "before " + secret + " after"]
    yield "notify_failure", ["m", " | ".join(SECRETS.values()) + " | " + " | ".join(NEARLY)]
    yield "notify_failure", [SECRETS["aws"], "y" * 2040 + " " + SECRETS["aws"]]
    yield "notify_awaiting_approval", ["m_finetune", "/runs/" + SECRETS["github"] + "/final_model.staging.fg-0"]
    yield "notify_reverted", ["m_finetune", "eval_loss 2.5 > 2.0 Artifacts discarded."]
    yield "notify_pipeline_started", ["pl_2026-11-21_abc123", 3]
    yield "notify_pipeline_completed", ["pl_2026-11-21_abc123", "completed", None]
    yield "notify_pipeline_completed", ["pl_2026-11-21_abc123", "stopped_at_stage", "dpo_2"]
    yield "notify_pipeline_completed", ["pl_2026-11-21_abc123", "stopped_at_stage", None]
    yield "notify_pipeline_reverted", ["pl_2026-11-21_abc123", "dpo_2", "safety score 0.2 < 0.9"]
    yield "notify_pipeline_reverted", ["pl_2026-11-21_abc123", "dpo_2", "z" * 3000]


def main():
    versions.require(VERSIONS)
    logging.disable(logging.CRITICAL)
    bodies = []

    class Catcher(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])).decode("ascii"))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Catcher)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    section = types.SimpleNamespace(url="http://127.0.0.1:%d/" % server.server_port, url_env=None, notify_on_start=True,
                                    notify_on_success=True, notify_on_failure=True, timeout=10,
                                    allow_private_destinations=True, require_https=False, tls_ca_bundle=None)
    notifier = WebhookNotifier(types.SimpleNamespace(webhook=section))
    lines = []
    for name, arguments in calls():
        del bodies[:]
        getattr(notifier, name)(*arguments)
        # What JSON cannot hold goes as the text that the original makes of it.
        shown = [{k: repr(v) if isinstance(v, float) and (v != v or abs(v) == float("inf")) else v for k, v in a.items()}
                 if isinstance(a, dict) else a for a in arguments]
        lines.append(json.dumps({"call": name, "arguments": shown, "body": bodies[0] if bodies else None}, allow_nan=False))
    server.shutdown()
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "payloads.jsonl").write_text("\n".join(lines) + "\n")
    manifest = {"maker": "tools/golden/webhook/make.py", "versions": {**VERSIONS, "cpython": platform.python_version()},
                "payloads.jsonl": "call, arguments (nan, inf and -inf as texts), body as received"}
    (OUT / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    main()
