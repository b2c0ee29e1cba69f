"""Makes tests/golden/model_integrity: what forgelm 0.11.1 (Python) says about model directories and their manifests.

Run with the reference: python3 tools/golden/model_integrity/make.py
"""

import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import forgelm
from forgelm.compliance import generate_model_integrity

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import versions  # noqa: E402

OUT = pathlib.Path(__file__).resolve().parents[3] / "tests" / "golden" / "model_integrity"
FILES = {"adapter_model.safetensors": "weights", "adapter_config.json": "{}", "tokenizer/vocab.txt": "a\nb\n",
         "empty": "", "with space": "x", "naïve-ü.txt": "ü", "n" * 255: "long name"}
EXPORT = {"file": "model.gguf", "format": "gguf", "quant": "q8_0",
          "sha256": hashlib.sha256(b"GGUF!\n").hexdigest(), "size_bytes": 6}


def write(model, files):
    for name, text in files.items():
        path = model / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def manifest_of(model):
    return generate_model_integrity(str(model))


def entry(name, digest="0" * 64):
    return {"file": name, "sha256": digest, "size_bytes": 1}


def cases():
    """name, changes to the files (None removes) or to the manifest (a function of it, or the text itself)."""
    yield "untouched", {}, None
    yield "one byte changed", {"adapter_model.safetensors": "weightz"}, None
    yield "a file removed", {"empty": None}, None
    yield "a file added", {"tokenizer/new.txt": "n"}, None
    yield "a file renamed in case", {"adapter_config.json": None, "Adapter_config.json": "{}"}, None
    yield "all three", {"adapter_config.json": "[]", "with space": None, "other": ""}, None
    yield "an unlisted hidden file", {".hidden": "h"}, None
    yield "not an object", {}, "[1]"
    yield "not JSON", {}, '{"artifacts": [}'
    yield "empty text", {}, ""
    yield "not UTF-8", {}, b"\xff\xfe"
    yield "no artifacts key", {}, lambda m: m.pop("artifacts")
    yield "artifacts is null", {}, lambda m: m.update(artifacts=None)
    yield "artifacts is an object", {}, lambda m: m.update(artifacts={"file": "x"})
    yield "no artifacts", {}, lambda m: m.update(artifacts=[])
    yield "an entry is text", {}, lambda m: m["artifacts"].append("x")
    yield "an entry without a file", {}, lambda m: m["artifacts"].append({"sha256": "0" * 64})
    yield "an entry with a number as its file", {}, lambda m: m["artifacts"].append({"file": 1})
    yield "an escaping path", {}, lambda m: m["artifacts"].append(entry("../outside"))
    yield "an absolute path", {}, lambda m: m["artifacts"].append(entry("/etc/hostname"))
    yield "a digest in capitals", {}, lambda m: m["artifacts"][0].update(sha256=m["artifacts"][0]["sha256"].upper())
    yield "no digest", {}, lambda m: m["artifacts"][0].pop("sha256")
    yield "a wrong size", {}, lambda m: m["artifacts"][0].update(size_bytes=12345)
    yield "separators of Windows", {}, lambda m: [a.update(file=a["file"].replace("/", "\\")) for a in m["artifacts"]]
    yield "an export elsewhere", {}, lambda m: m.update(exported_artifacts=[EXPORT])
    # The reference's slips, which our rules mend: its own verdict stands here.
    yield "an export in the directory", {"model.gguf": "GGUF!\n"}, lambda m: m.update(exported_artifacts=[EXPORT])
    yield "the same file twice", {}, lambda m: m["artifacts"].append(dict(m["artifacts"][0]))
    yield "a path that is not plain", {}, lambda m: m["artifacts"][0].update(file="./" + m["artifacts"][0]["file"])


def judge(model):
    process = subprocess.run([sys.executable, "-m", "forgelm.cli", "verify-integrity", str(model), "--output-format", "json"],
                             capture_output=True, text=True, check=False)
    return process.returncode, json.loads(process.stdout)


def row(name, changes, manifest_change, folder):
    model = pathlib.Path(folder) / "model"
    write(model, FILES)
    manifest = manifest_of(model)
    manifest.update(verified_at="2026-11-21T00:00:00+00:00", model_path="out/final_model")
    text = manifest_change
    if callable(manifest_change):
        manifest_change(manifest)
    if not isinstance(text, (str, bytes)):
        text = json.dumps(manifest, indent=2)
    (model / "model_integrity.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    for path, content in changes.items():
        if content is None:
            (model / path).unlink()
        else:
            write(model, {path: content})
    code, document = judge(model)
    document.pop("path", None)
    document.pop("error", None)
    files = {str(p.relative_to(model)): p.read_text() for p in sorted(model.rglob("*"))
             if p.is_file() and p.name != "model_integrity.json"}
    return {"case": name, "files": files, "manifest": (text if isinstance(text, bytes) else text.encode()).hex(),
            "exit": code, "document": document}


def main():
    versions.require({"forgelm": "0.11.1"})
    OUT.mkdir(parents=True, exist_ok=True)
    rows = []
    for name, changes, manifest_change in cases():
        with tempfile.TemporaryDirectory() as folder:
            rows.append(row(name, changes, manifest_change, folder))
    (OUT / "verdicts.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    manifest = {"maker": "tools/golden/model_integrity/make.py", "versions": {"forgelm": forgelm.__version__},
                "rows": {"verdicts.jsonl": len(rows)}}
    (OUT / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    os.environ["FORGELM_ALLOW_ANONYMOUS_OPERATOR"] = "1"
    main()
