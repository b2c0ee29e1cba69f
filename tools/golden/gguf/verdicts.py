"""Makes tests/golden/gguf/verdicts.jsonl: what forgelm 0.11.1 (Python) with gguf 0.19.0 says about GGUF files.

Run with both after make.py: python3 tools/golden/gguf/verdicts.py
"""

import hashlib
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

OUT = pathlib.Path(__file__).resolve().parents[3] / "tests" / "golden" / "gguf"


def cases():
    """name, bytes of the file, bytes of the sidecar or None."""
    good = (OUT / "tensors.gguf").read_bytes()
    digest = hashlib.sha256(good).hexdigest().encode()
    broken = good[:8] + struct.pack("<Q", 2**40) + good[16:]
    yield "whole, no sidecar", good, None
    yield "whole, sha256sum's sidecar", good, digest + b" *model.gguf\n"
    yield "whole, a bare digest", good, digest
    yield "whole, another digest", good, b"0" * 64 + b" *model.gguf\n"
    yield "whole, an empty sidecar", good, b""
    yield "whole, a placeholder", good, b"TODO\n"
    yield "whole, half a digest", good, digest[:32]
    yield "whole, a sidecar that is not UTF-8", good, b"\xff\xfe\xfd"
    yield "not a GGUF file", b"PK\x03\x04" + good[4:], None
    yield "three bytes", b"GGU", None
    yield "empty", b"", None
    yield "the magic alone", b"GGUF", None
    yield "cut within the tensors' list", good[:200], None
    yield "cut within the data", good[:-40], None
    yield "a count without end", broken, None
    yield "a count without end, its own sidecar", broken, hashlib.sha256(broken).hexdigest().encode()
    yield "a count without end, another digest", broken, digest
    yield "version 1", good[:4] + struct.pack("<I", 1) + good[8:], None


def judge(folder, data, sidecar):
    path = pathlib.Path(folder) / "model.gguf"
    path.write_bytes(data)
    if sidecar is not None:
        pathlib.Path(str(path) + ".sha256").write_bytes(sidecar)
    process = subprocess.run([sys.executable, "-m", "forgelm.cli", "verify-gguf", str(path), "--output-format", "json"],
                             capture_output=True, text=True, check=False)
    document = json.loads(process.stdout)
    document.pop("path", None)
    document.pop("error", None)
    return process.returncode, document


def main():
    rows = []
    for name, data, sidecar in cases():
        with tempfile.TemporaryDirectory() as folder:
            code, document = judge(folder, data, sidecar)
        rows.append({"case": name, "file": data.hex(), "sidecar": None if sidecar is None else sidecar.hex(),
                     "exit": code, "document": document})
    (OUT / "verdicts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    manifest = json.loads((OUT / "MANIFEST.json").read_text())
    manifest["versions"]["forgelm"] = "0.11.1"
    manifest["rows"]["verdicts.jsonl"] = len(rows)
    (OUT / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    main()
