#!/usr/bin/env python3
"""OpenSSF Model Signing both ways: bundles of `forgelm sign` pass the model-signing package and the specification's JSON
Schemas, bundles of the package pass `forgelm verify-integrity`, and each refuses the other's once a file differs.

  tools/conformance/model_signing.py FORGELM [--schemas FOLDER] [--record FILE]

--record keeps our bundles that passed (tests/golden/model_signing/ours.jsonl, which every test run verifies).

Run it with a Python that has model-signing 1.1.1, pyOpenSSL and, for --schemas (schemas/v1.0 of
github.com/ossf/model-signing-spec), jsonschema.
"""

import argparse
import base64
import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.pop(0)  # this file is called as the package is
import model_signing  # noqa: E402
from cryptography.exceptions import InvalidSignature  # noqa: E402

FILES = {"model.safetensors": "weights", "a/b": "1", "a-b": "2", "empty": "", "\u00fc/\u2603.txt": "snow",
         ".gitignore": "left out"}
KEYS = pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden" / "signatures"


def make(model):
    for name, text in FILES.items():
        path = model / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def passes_theirs(model, public):
    try:
        config = model_signing.verifying.Config().use_elliptic_key_verifier(public_key=public)
        config.verify(model, model / "model.sig")
        return True
    except (ValueError, InvalidSignature):
        return False


def passes_ours(forgelm, model, public):
    return subprocess.run([forgelm, "verify-integrity", model, "--public-key", public], capture_output=True,
                          check=False).returncode


def check_schemas(folder, bundle):
    import jsonschema
    from referencing import Registry, Resource
    schemas = [json.loads(path.read_text()) for path in sorted(folder.glob("*.schema.json"))]
    registry = Registry().with_resources([(schema["$id"], Resource.from_contents(schema)) for schema in schemas])
    by_title = {schema["title"]: schema for schema in schemas}
    validator = jsonschema.Draft202012Validator
    validator(by_title["OMS Bundle"], registry=registry).validate(bundle)
    statement = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
    validator(by_title["OMS in-toto Statement"], registry=registry).validate(statement)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("forgelm")
    parser.add_argument("--schemas", type=pathlib.Path)
    parser.add_argument("--record", type=pathlib.Path)
    arguments = parser.parse_args()
    faults = 0
    rows = []

    def expect(holds, what):
        nonlocal faults
        faults += not holds
        print("%s  %s" % ("ok  " if holds else "FAIL", what))

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for curve in ("p256", "p384", "p521"):
            key, public = KEYS / ("ecdsa_%s.pem" % curve), KEYS / ("ecdsa_%s.pub.pem" % curve)
            model = folder / ("ours-" + curve)
            make(model)
            subprocess.run([arguments.forgelm, "sign", model, "--sign-key", key], check=True, capture_output=True)
            expect(passes_theirs(model, public), curve + ": model-signing verifies ours")
            rows.append({"key": "ecdsa_" + curve, "files": FILES, "bundle": (model / "model.sig").read_text()})
            if arguments.schemas:
                check_schemas(arguments.schemas, json.loads((model / "model.sig").read_text()))
                expect(True, curve + ": ours is what the specification's schemas say")
            for name in FILES:
                if name.startswith(".git"):
                    continue
                (model / name).write_text("other")
                expect(not passes_theirs(model, public), curve + ": and refuses ours with another " + name)
                (model / name).write_text(FILES[name], encoding="utf-8")
            (model / "new").write_text("")
            expect(not passes_theirs(model, public), curve + ": and with a new file")

            model = folder / ("theirs-" + curve)
            make(model)
            model_signing.signing.Config().use_elliptic_key_signer(private_key=key).set_hashing_config(
                model_signing.hashing.Config().set_ignored_paths(paths=[model / "model.sig"])).sign(model, model / "model.sig")
            expect(passes_ours(arguments.forgelm, model, public) == 0, curve + ": ours verifies model-signing's")
            (model / "a-b").write_text("other")
            expect(passes_ours(arguments.forgelm, model, public) == 6, curve + ": and refuses it with another file")
    if arguments.record and not faults:
        arguments.record.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
