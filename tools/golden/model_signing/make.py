"""Makes tests/golden/model_signing: bundles of the model-signing package, with the keys of tests/golden/signatures.

Run with model-signing 1.1.1 (it needs pyOpenSSL beside it): python3 tools/golden/model_signing/make.py
With --spec FOLDER, a checkout of github.com/ossf/model-signing-spec, also copies its test vectors.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import model_signing

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import versions  # noqa: E402

GOLDEN = pathlib.Path(__file__).resolve().parents[3] / "tests" / "golden"
OUT = GOLDEN / "model_signing"
KEYS = GOLDEN / "signatures"
# "a-b" and "a/b" sort one way by code points and the other by path components.
FILES = {"model.safetensors": "weights", "config.json": "{}", "a/b": "1", "a-b": "2", "empty": "", "\u00fc/\u2603.txt": "snow",
         ".gitignore": "left out", ".git/config": "left out"}


def signed(folder, key, **how):
    model = pathlib.Path(folder) / "model"
    for name, text in FILES.items():
        (model / name).parent.mkdir(parents=True, exist_ok=True)
        (model / name).write_text(text, encoding="utf-8")
    bundle = model / "model.sig"
    hashing = model_signing.hashing.Config().set_ignored_paths(paths=[bundle], ignore_git_paths=how.pop("ignore_git", True))
    if how:
        hashing = hashing.use_file_serialization(**how) if "shard_size" not in how else hashing.use_shard_serialization(**how)
    config = model_signing.signing.Config().use_elliptic_key_signer(private_key=KEYS / (key + ".pem"))
    config.set_hashing_config(hashing).sign(model, bundle)
    return bundle.read_text()


def main():
    versions.require({"model-signing": "1.1.1"})
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--spec", type=pathlib.Path)
    spec = arguments.parse_args().spec
    OUT.mkdir(parents=True, exist_ok=True)
    rows = []
    cases = [("P-256", "ecdsa_p256", {}), ("P-384", "ecdsa_p384", {}), ("P-521", "ecdsa_p521", {}),
             ("git's files signed too", "ecdsa_p256", {"ignore_git": False}),
             ("another digest", "ecdsa_p256", {"hashing_algorithm": "blake2"}),
             ("shards", "ecdsa_p256", {"shard_size": 4})]
    for name, key, how in cases:
        with tempfile.TemporaryDirectory() as folder:
            rows.append({"case": name, "key": key, "files": FILES, "bundle": signed(folder, key, **how)})
    (OUT / "bundles.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    manifest = {"maker": "tools/golden/model_signing/make.py", "versions": {"model-signing": "1.1.1"},
                "rows": {"bundles.jsonl": len(rows)}}
    vectors = OUT / "vectors.json"
    if spec:
        found = {}
        for path in sorted((spec / "test-vectors" / "v1.0").rglob("*.json")):
            found[str(path.relative_to(spec / "test-vectors" / "v1.0"))] = path.read_text()
        vectors.write_text(json.dumps(found, indent=1) + "\n")
        commit = subprocess.run(["git", "-C", spec, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
        manifest["sources"] = {"vectors.json": "github.com/ossf/model-signing-spec, test-vectors/v1.0 at "
                               + commit.stdout.strip() + " (Apache-2.0)"}
    # Made by tools/conformance/model_signing.py --record.
    manifest["rows"]["ours.jsonl"] = len((OUT / "ours.jsonl").read_text().splitlines())
    (OUT / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    main()
