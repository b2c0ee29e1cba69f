#!/usr/bin/env python3
"""Writes tests/golden/cli: what a dry run of forgelm 0.11.1 (the Python original) prints in JSON mode.

    pip install --no-deps forgelm==0.11.1 && pip install PyYAML==6.0.3 pydantic==2.14.3
    python tools/golden/cli/make.py

dry_run.jsonl: a job file, the arguments behind `forgelm --config job.yaml --dry-run --output-format json`, the exit code and the
document with its keys in order. Every job is loaded in an empty folder. Messages of refused jobs are left out: ours are different.
"""
import contextlib
import io
import json
import logging
import os
import pathlib
import platform
import sys
import tempfile

from forgelm.cli import main

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import versions  # noqa: E402

OUT = pathlib.Path(__file__).resolve().parents[3] / "tests" / "golden" / "cli"
VERSIONS = {"forgelm": "0.11.1", "PyYAML": "6.0.3", "pydantic": "2.14.3"}
SMALLEST = {"model": "{name_or_path: m}", "lora": "{}", "training": "{}", "data": "{dataset_name_or_path: d}"}


def job(**sections):
    return "".join("%s: %s\n" % (k, v) for k, v in {**SMALLEST, **sections}.items() if v is not None)


def model(text):
    return job(model="{name_or_path: m, %s}" % text)


def jobs():
    yield "smallest", job()
    yield "other name and data", job(model="{name_or_path: org/some-model}", data="{dataset_name_or_path: org/set}")
    yield "names beyond ASCII", job(model='{name_or_path: "m\\u00e9 \\U0001F600"}', data='{dataset_name_or_path: "\\"q\\"\\\\"}')
    yield "numbers as names", job(model="{name_or_path: '7'}")
    for text in ("backend: unsloth", "backend: transformers", "load_in_4bit: false", "load_in_4bit: 'yes'", "trust_remote_code: true", "offline: true"):
        yield "model " + text, model(text)
    for text in ("{r: 64, alpha: 128}", "{use_dora: true}", "{method: dora}", "{use_rslora: true}", "{method: rslora}", "{method: pissa}", "{r: '4', alpha: 4.0}"):
        yield "lora " + text, job(lora=text)
    for text in ("{num_train_epochs: 7, per_device_train_batch_size: 3}", "{output_dir: out}", "{output_dir: out/}", "{output_dir: out//}",
                 "{output_dir: ./a/../b}", "{output_dir: /abs/out, final_model_dir: m}", "{output_dir: out, final_model_dir: a/b}",
                 "{output_dir: out, final_model_dir: m/}", "{output_dir: '.', final_model_dir: m}",
                 "{rope_scaling: {type: linear, factor: 2}}", "{rope_scaling: {rope_type: dynamic, factor: 2.5}}",
                 "{rope_scaling: {rope_type: yarn, factor: 4.0, original_max_position_embeddings: 4096}}",
                 "{neftune_noise_alpha: 5}", "{neftune_noise_alpha: 0.1}", "{neftune_noise_alpha: null}",
                 "{galore_enabled: true}", "{galore_enabled: true, galore_rank: 32, galore_optim: galore_adafactor}", "{galore_rank: 32}"):
        yield "training " + text, job(training=text)
    for text in ("{}", "{url: 'https://example.com/h'}", "{url_env: HOOK}", "{url: ''}", "{url_env: ''}", "{url: '', url_env: HOOK}", "null"):
        yield "webhook " + text, job(webhook=text)
    for text in ("{}", "{auto_revert: true}", "{auto_revert: true, safety: {}}", "{safety: {enabled: true}}", "{safety: {enabled: false, scoring: confidence_weighted}}",
                 "{safety: {enabled: true, scoring: confidence_weighted, min_safety_score: 0.9}}", "null"):
        yield "evaluation " + text, job(evaluation=text)
    for text in ("{}", "{strategy: deepspeed}", "{strategy: fsdp}", "null"):
        yield "distributed " + text, job(distributed=text)
    for text in ("{}", "{provider_name: A}", "{provider_name: ''}", "{provider_name: A, risk_classification: minimal-risk}",
                 "{provider_name: A, risk_classification: limited-risk}", "null"):
        yield "compliance " + text, job(compliance=text)
    yield "risk assessment alone", job(risk_assessment="{risk_category: limited-risk}")
    yield "everything", job(
        model="{name_or_path: m, load_in_4bit: false, offline: true}", lora="{r: 2, alpha: 4}",
        training="{output_dir: o, final_model_dir: f, num_train_epochs: 1, neftune_noise_alpha: 1.5}", webhook="{url_env: HOOK}",
        evaluation="{auto_revert: true, safety: {enabled: true}}", distributed="{strategy: fsdp}",
        compliance="{provider_name: A, risk_classification: limited-risk}")
    for name, text in (("empty file", ""), ("no sections", "a: 1\n"), ("bad YAML", "model: [\n"), ("list", "- a\n"), ("unknown key", model("nonsense: 1")),
                       ("out of range", job(lora="{r: 0}")), ("missing section", job(data=None)), ("bad choice", model("backend: other"))):
        yield name, text


def dry_run(text, arguments):
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        pathlib.Path("job.yaml").write_text(text, encoding="utf-8")
        out = io.StringIO()
        sys.argv = ["forgelm", "--config", "job.yaml", "--dry-run", "--output-format", "json", *arguments]
        code = 0
        with contextlib.redirect_stdout(out):
            try:
                main()
            except SystemExit as end:
                code = end.code or 0
        os.chdir("/")
    document = json.loads(out.getvalue())
    if "error" in document:
        document["error"] = "..."
    return code, document


def write():
    versions.require(VERSIONS)
    logging.disable(logging.CRITICAL)
    lines = []
    for name, text in jobs():
        for arguments in ([], ["--offline"]) if name in ("smallest", "everything", "bad YAML") else ([],):
            code, document = dry_run(text, arguments)
            lines.append(json.dumps({"name": " ".join([name, *arguments]), "job": text, "arguments": arguments, "exit": code, "document": document}))
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "dry_run.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    manifest = {"maker": "tools/golden/cli/make.py", "python": platform.python_version(), "packages": VERSIONS, "jobs": len(lines)}
    (OUT / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


write()
