#!/usr/bin/env python3
"""Writes tests/golden/cli/dry_run.jsonl: what the Python original's dry run says of job files, key by key.

    pip install --no-deps forgelm==0.11.1 && pip install PyYAML==6.0.3 pydantic==2.14.3
    python tools/golden/cli/make.py

The jobs are those of tests/golden/config/documents.jsonl that it accepts, one in five, and a few written for the summary's keys.
"""
import importlib.metadata
import json
import logging
import os
import pathlib
import platform
import sys
import tempfile
import warnings

from forgelm.cli._dry_run import _build_dry_run_result
from forgelm.config import load_config

TESTS = pathlib.Path(__file__).resolve().parents[3] / "tests" / "golden"
VERSIONS = {"forgelm": "0.11.1", "PyYAML": "6.0.3", "pydantic": "2.14.3"}
BASE = "model: {name_or_path: org/model%s}\nlora: {r: 4, alpha: 6%s}\ntraining: {%s}\ndata: {dataset_name_or_path: org/data}\n%s"
EXTRA = [
    BASE % ("", ", use_dora: true", "", ""),
    BASE % (", backend: unsloth, load_in_4bit: false, trust_remote_code: true, offline: true", "", "num_train_epochs: 2, per_device_train_batch_size: 7", ""),
    BASE % ("", "", "output_dir: out/, final_model_dir: a/b", ""),
    BASE % ("", "", 'output_dir: "", final_model_dir: m', ""),
    BASE % ("", "", "rope_scaling: {type: yarn, factor: 2, extra: [1, {a: .5}]}, neftune_noise_alpha: 5", ""),
    BASE % ("", "", "galore_enabled: true, galore_rank: 64, galore_optim: galore_adafactor", ""),
    BASE % ("", "", "galore_rank: 64", ""),
    BASE % ("", "", "", "webhook: {url: https://example.org}\n"),
    BASE % ("", "", "", "webhook: {url_env: HOOK}\n"),
    BASE % ("", "", "", 'webhook: {url: "", notify_on_start: false}\n'),
    BASE % ("", "", "", "evaluation: {auto_revert: true, max_acceptable_loss: 2, safety: {enabled: true, scoring: confidence_weighted}}\n"),
    BASE % ("", "", "", "evaluation: {safety: {scoring: binary}}\n"),
    BASE % ("", "", "", "evaluation: {}\ncompliance: {}\n"),
    BASE % ("", "", "", "compliance: {provider_name: P, risk_classification: limited-risk}\n"),
    BASE % ("", "", "", "distributed: {strategy: fsdp}\n"),
    BASE % ("", "", "", "distributed: {}\n"),
]


def main():
    for name, version in VERSIONS.items():
        found = importlib.metadata.version(name)
        if found != version:
            sys.exit("%s is %s, the goldens are made with %s" % (name, found, version))
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    documents = [json.loads(line) for line in open(TESTS / "config" / "documents.jsonl", encoding="utf-8")]
    # A pipeline's dry run is another document; a job of the exceptions has another verdict.
    accepted = [d["text"] for d in documents if d["digest"] and "pipeline" not in d["text"] and "unsloth" not in d["text"]]
    texts = EXTRA + accepted[::5]
    (TESTS / "cli").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, open(TESTS / "cli" / "dry_run.jsonl", "w", encoding="utf-8", newline="\n") as out:
        os.chdir(folder)
        for text in texts:
            pathlib.Path("job.yaml").write_text(text, encoding="utf-8")
            result = _build_dry_run_result(load_config("job.yaml"))
            out.write(json.dumps({"text": text, "result": result}) + "\n")
        os.chdir("/")
    manifest = {"maker": "tools/golden/cli/make.py", "python": platform.python_version(), "packages": VERSIONS, "jobs": len(texts)}
    (TESTS / "cli" / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")
    print(json.dumps(manifest))


if __name__ == "__main__":
    main()
