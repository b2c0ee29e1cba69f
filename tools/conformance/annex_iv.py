#!/usr/bin/env python3
"""annex_iv_metadata.json against Python forgelm's own verify-annex-iv."""
import json
import os
import subprocess
import sys
import tempfile

import common

FORGELM = [sys.executable, "-m", "forgelm.cli", "--output-format", "json", "verify-annex-iv"]


def accepts(document):
    with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
        json.dump(document, file)
    try:
        result = subprocess.run(FORGELM + [file.name], capture_output=True, text=True)
    finally:
        os.unlink(file.name)
    return None if result.returncode == 0 else "exit %d: %s" % (result.returncode, result.stdout[:300] + result.stderr[-300:])


MUTANTS = {
    "the purpose was edited": lambda d: d.update(intended_purpose="another"),
    "the provider was edited": lambda d: d["system_identification"].update(provider_name="another"),
    "the provider is blank": lambda d: d["system_identification"].update(provider_name=""),
    "there are no metrics": lambda d: d.update(performance_metrics={}),
    "the risk management is gone": lambda d: d.pop("risk_management"),
    "the components are gone": lambda d: d.pop("system_components"),
    "a point of ours was edited": lambda d: d["annex_iv"]["points"][7].update(status="provided"),
    "the hash was edited": lambda d: d["metadata"].update(manifest_hash="0" * 64),
    "a member was added": lambda d: d.update(added=1),
    "the data's digest was edited": lambda d: d["data_governance"]["fingerprint"].update(sha256="0" * 64),
}

common.judge("annex_iv_metadata.json", accepts, MUTANTS, ["forgelm"])
