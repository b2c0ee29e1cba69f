#!/usr/bin/env python3
"""model_integrity.json both ways: what forgelm writes, the reference verifies, and the other way round; each finds what
is changed, removed or added in the other's directory.

  tools/conformance/model_integrity.py FORGELM ATTEST

FORGELM is the program, ATTEST a command that writes the manifest of the directory given to it (build/bin/attest_model).
Run it with a Python that has the reference, forgelm 0.11.1.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

from forgelm.compliance import generate_model_integrity
from forgelm.verify import verify_integrity

FILES = {"model.safetensors": "weights", "config.json": "{}", "sub/vocab.txt": "a\nb\n", "empty": "",
         "na\u00efve \u2603.txt": "x", "n" * 255: "long", "tab\tand\nline": "y"}


def make(model):
    for name, text in FILES.items():
        path = model / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (model / "link").symlink_to("config.json")


def change(model):
    (model / "config.json").write_text("[]")
    (model / "empty").unlink()
    (model / "sub" / "new").write_text("")


EXPECTED = {"changed": ["config.json", "link"], "removed": ["empty"], "added": ["sub/new"]}


def ours(forgelm, model):
    run = subprocess.run([forgelm, "verify-integrity", model, "--output-format", "json"], capture_output=True, text=True,
                         check=False)
    return run.returncode, json.loads(run.stdout)


def expect(holds, what):
    print("%s  %s" % ("ok  " if holds else "FAIL", what))
    return 0 if holds else 1


def main(forgelm, attest):
    faults = 0
    with tempfile.TemporaryDirectory() as folder:
        model = pathlib.Path(folder) / "ours"
        make(model)
        subprocess.run([attest, model], check=True)
        subprocess.run([attest, model], check=True)  # a second time over the first
        result = verify_integrity(str(model))
        faults += expect(result.valid and result.verified_count == len(FILES) + 1, "the reference verifies ours")
        change(model)
        result = verify_integrity(str(model)).to_dict()
        faults += expect(all(result[key] == names for key, names in EXPECTED.items()), "and finds what differs")

        model = pathlib.Path(folder) / "theirs"
        make(model)
        manifest = generate_model_integrity(str(model))
        (model / "model_integrity.json").write_text(json.dumps(manifest, indent=2))
        code, document = ours(forgelm, model)
        faults += expect(code == 0 and document["verified_count"] == len(FILES) + 1, "ours verifies the reference's")
        change(model)
        code, document = ours(forgelm, model)
        faults += expect(code == 6 and all(document[key] == names for key, names in EXPECTED.items()), "and finds what differs")
    return 1 if faults else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
