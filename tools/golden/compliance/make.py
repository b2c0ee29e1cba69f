#!/usr/bin/env python3
"""Writes tests/golden/compliance: what forgelm 0.11.1 (the Python original) makes of jobs, documents and pipelines.

    pip install --no-deps forgelm==0.11.1 && pip install PyYAML==6.0.3 pydantic==2.14.3
    python tools/golden/compliance/make.py

reports.jsonl     jobs with the reference's compliance report, Annex IV file and training manifest. Times, paths of this machine and
                  the version are replaced by "*".
hashes.jsonl      documents as texts with their manifest hash, in today's form and in the one of older releases.
documents.jsonl   Annex IV files as texts with the reference's verdict.
pipelines.jsonl   folders of pipelines with the reference's verdict: a clean one, and others by what differs from it.
prices.jsonl      names of GPUs with rate and source. escapes.jsonl: texts and what they are in Markdown.
"""
import copy
import hashlib
import json
import logging
import os
import pathlib
import platform
import random
import shutil
import sys
import tempfile
import types

import pydantic
import yaml
from forgelm import compliance
from forgelm.cli._pipeline import PipelineStageState, PipelineState
from forgelm.cli.subcommands._verify_annex_iv import _classify_pipeline_violations
from forgelm.config import load_config
from forgelm.trainer import ForgeTrainer
from forgelm.verify import is_annex_iv_integrity_failure, verify_annex_iv_artifact, verify_pipeline_manifest_report

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import versions  # noqa: E402

OUT = pathlib.Path(__file__).resolve().parents[3] / "tests" / "golden" / "compliance"
VERSIONS = {"forgelm": "0.11.1", "PyYAML": "6.0.3", "pydantic": "2.14.3"}
RANDOM = random.Random(20240801)
SECRET = "a secret of sixteen bytes or more"
ROWS = '{"text": "one row"}\n{"text": "another row"}\n'

PROVIDER = """
compliance:
  provider_name: "Bank of Examples"
  provider_contact: "ai@bank.example"
  system_name: "Letter | helper"
  intended_purpose: "Answers letters.\\nOnly letters."
  known_limitations: "German only: Gr\u00fc\u00dfe"
  system_version: "1.2"
  risk_classification: limited-risk
"""
RISK = """
risk_assessment:
  intended_use: "letters"
  foreseeable_misuse: ["medical advice", "legal advice"]
  risk_category: limited-risk
  mitigation_measures: ["a person reads every letter"]
  vulnerable_groups_considered: true
"""
BASE = """
model: {name_or_path: "org/base-model"%s}
lora: {%s}
training: {output_dir: ./out%s}
data: {dataset_name_or_path: data.jsonl%s}
"""
JOBS = [
    BASE % ("", "", "", "") ,
    BASE % (", load_in_4bit: false", "r: 16, alpha: 32, dropout: 0.05", ", num_train_epochs: 2, learning_rate: 1.0e-4", "") + PROVIDER,
    BASE % (", load_in_4bit: false", "method: dora, target_modules: [q_proj, k_proj]", "", ", shuffle: false, clean_text: false") + RISK,
    BASE % (", load_in_4bit: false", "method: pissa", "", ", extra_datasets: [more.jsonl, nowhere/at/all]") + PROVIDER + RISK,
    BASE % (", load_in_4bit: false", "method: rslora", ", trainer_type: sft", ", governance: {collection_method: \"by hand\", personal_data_included: true}") + PROVIDER,
    BASE % ("", "use_dora: true", "", "") + PROVIDER + """
monitoring: {enabled: true, endpoint: "https://Metrics.Example:9091", metrics_export: prometheus}
webhook: {url: "https://hooks.example/secret", timeout: 7}
""",
    BASE % ("", "", "", "") + """
monitoring: {enabled: true, endpoint_env: METRICS_URL, alert_on_drift: false, check_interval_hours: 3}
webhook: {url_env: HOOK}
compliance: {provider_name: "P"}
""",
    BASE % ("", "", "", "") + "compliance: {provider_name: \"\", system_name: \" \"}\n",
]
METRICS = {"eval_loss": 1.23456789, "train_loss": 0.5, "train_runtime": 12.345, "benchmark/arc": 0.75, "epoch": 3.0, "num_steps": 12}


def masked(value, folder):
    """Without what follows from the machine, the hour and the version."""
    if isinstance(value, dict):
        return {k: "*" if k in ("generated_at", "timestamp", "modified", "resolved_path", "forgelm_version", "manifest_hash") else masked(v, folder) for k, v in value.items()}
    if isinstance(value, list):
        return [masked(v, folder) for v in value]
    return value


def reports():
    for number, text in enumerate(JOBS):
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            pathlib.Path("job.yaml").write_text(text, encoding="utf-8")
            pathlib.Path("data.jsonl").write_text(ROWS)
            pathlib.Path("more.jsonl").write_text(ROWS * 3)
            config = load_config("job.yaml")
            for metrics in ({}, METRICS):
                manifest = compliance.generate_training_manifest(config, metrics, run_id="fg-0123456789ab" if metrics else None)
                annex = compliance.build_annex_iv_artifact(copy.deepcopy(manifest))
                compliance.export_compliance_artifacts(manifest, "bundle")
                row = {
                    "job": text,
                    "files": {"data.jsonl": ROWS, "more.jsonl": ROWS * 3},
                    "metrics": metrics,
                    "report": masked(json.loads(compliance.dumps_strict(manifest)), folder),
                    "annex_iv": masked(json.loads(compliance.dumps_strict(annex)), folder) if annex else None,
                    "manifest": masked(yaml.safe_load(pathlib.Path("bundle/training_manifest.yaml").read_text()), folder),
                    "files_written": sorted(os.listdir("bundle")),
                }
                yield row
            os.chdir("/")
            assert number >= 0


def random_value(depth):
    kind = RANDOM.randrange(10 if depth else 6)
    if kind == 0:
        return RANDOM.choice([None, True, False])
    if kind == 1:
        return RANDOM.choice([0, -1, 2**63 - 1, RANDOM.getrandbits(40)])
    if kind == 2:
        return RANDOM.choice([0.0, -0.0, 1e-5, 1e22, 0.1, RANDOM.random(), float("nan"), float("inf"), float("-inf")])
    if kind < 6:
        return RANDOM.choice(["", "text", "Gr\u00fc\u00dfe \u2713 \U0001f600", "NaN", "a \"quoted\" \\ Infinity", "nan", "-inf"])
    if kind == 6:
        return [random_value(depth - 1) for _ in range(RANDOM.randrange(4))]
    return {RANDOM.choice(["a", "b", "Z", "\u00e9", "metadata", "x y"]): random_value(depth - 1) for _ in range(RANDOM.randrange(5))}


def hashes():
    """As written by today's release (non-finite numbers as texts), and by older ones (as bare tokens)."""
    for number in range(300):
        document = {"n": number, "value": random_value(3)}
        if RANDOM.random() < 0.7:
            document["metadata"] = RANDOM.choice([{}, {"manifest_hash": "x"}, {"manifest_hash": "x", "manifest_signature": "y"}, {"manifest_hash": "x", "by": "z"}, "text"])
        strict = compliance.dumps_strict(document, indent=2)
        yield {"text": strict, "hash": compliance.compute_annex_iv_manifest_hash(json.loads(strict))}
        loose = json.dumps(document, indent=2)
        if loose != strict:
            stamped = json.loads(loose)
            stamped["metadata"] = {"manifest_hash": ""}
            stamped["metadata"]["manifest_hash"] = compliance.compute_annex_iv_manifest_hash(stamped, legacy_non_finite=True)
            text = json.dumps(stamped, indent=2)
            matches, actual, legacy = compliance.match_annex_iv_manifest_hash(json.loads(text), stamped["metadata"]["manifest_hash"])
            assert matches
            yield {"text": text, "stamp": stamped["metadata"]["manifest_hash"], "legacy": legacy}


def whole_document():
    document = {
        "system_identification": {"provider_name": "P", "provider_contact": "", "system_name": "S", "system_version": "", "intended_purpose": "I", "risk_classification": "minimal-risk"},
        "intended_purpose": "I",
        "system_components": {"model_lineage": {"base_model": "m"}, "training_parameters": {"epochs": 3}},
        "computational_resources": {"gpu_hours": 1.5},
        "data_governance": {"primary_dataset": "d"},
        "technical_documentation": {"forgelm_version": "0.11.1"},
        "monitoring_and_logging": {"audit_log": "audit_log.jsonl"},
        "performance_metrics": {"eval_loss": 1.25},
        "risk_management": {"art9_reference": "none"},
        "provider_metadata": {},
    }
    document["metadata"] = {"manifest_hash": compliance.compute_annex_iv_manifest_hash(document)}
    return document


def mutated_documents():
    whole = whole_document()
    yield whole
    for key in whole:
        for value in (None, "", [], {}, 0, False, "text", ["x"], {"a": 1}):
            changed = copy.deepcopy(whole)
            changed[key] = value
            yield changed
            changed = copy.deepcopy(changed)
            if isinstance(changed.get("metadata"), dict):
                changed["metadata"]["manifest_hash"] = compliance.compute_annex_iv_manifest_hash(changed)
                yield changed
        gone = copy.deepcopy(whole)
        del gone[key]
        yield gone
    for key in whole["system_identification"]:
        for value in (None, "", " ", [], "other"):
            changed = copy.deepcopy(whole)
            changed["system_identification"][key] = value
            yield changed
    for stamp in ("", None, 0, 7, "0" * 64, [], ["x"]):
        changed = copy.deepcopy(whole)
        changed["metadata"]["manifest_hash"] = stamp
        yield changed
    changed = copy.deepcopy(whole)
    changed["metadata"]["note"] = "added to the metadata"
    yield changed
    yield from ([], "text", 7, None)


def documents():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "annex.json")
        for document in mutated_documents():
            text = json.dumps(document)
            pathlib.Path(path).write_text(text)
            result = verify_annex_iv_artifact(path)
            code = 0 if result.valid else 6 if is_annex_iv_integrity_failure(result) else 1
            yield {"text": text, "valid": result.valid, "missing_fields": result.missing_fields, "exit_code": code,
                   "manifest_hash_actual": result.manifest_hash_actual, "manifest_hash_expected": result.manifest_hash_expected}


def make_pipeline(folder, secret, stage_names=("sft", "dpo", "final"), pointer="stages/%s/compliance/annex_iv_metadata.json"):
    """A clean pipeline, as the reference's orchestrator leaves it."""
    os.environ.pop("FORGELM_AUDIT_SECRET", None)
    if secret:
        os.environ["FORGELM_AUDIT_SECRET"] = secret
    os.environ["FORGELM_OPERATOR"] = "tester"
    run_id = "pl_2026-08-01_abcdef"
    log = compliance.AuditLogger(folder, run_id=run_id)
    log.log_event("pipeline.started", pipeline_run_id=run_id, config_hash="sha256:0", stage_count=len(stage_names), stage_names=list(stage_names))
    stages, model = [], "org/base"
    for index, name in enumerate(stage_names):
        output = "stages/%s/final_model" % name
        evidence = os.path.join(folder, "stages", name, "compliance")
        os.makedirs(evidence)
        pathlib.Path(evidence, "annex_iv_metadata.json").write_text(json.dumps(whole_document(), indent=2))
        log.log_event("pipeline.stage_started", pipeline_run_id=run_id, stage_name=name, stage_index=index, input_model=model, input_source="chain" if index else "root")
        log.log_event("pipeline.stage_completed", pipeline_run_id=run_id, stage_name=name, gate_decision="passed", metrics={"eval_loss": 1.5})
        stages.append(PipelineStageState(name=name, index=index, trainer_type="sft", status="completed", input_model=model, input_source="chain" if index else "root",
                                         output_model=output, started_at="2026-08-01T10:00:00+00:00", finished_at="2026-08-01T11:00:00+00:00", duration_seconds=3600.0,
                                         training_manifest=pointer % name, metrics={"eval_loss": 1.5}, gate_decision="passed", exit_code=0))
        model = output
    log.log_event("pipeline.completed", pipeline_run_id=run_id, final_status="completed", stopped_at=None)
    state = PipelineState(pipeline_run_id=run_id, pipeline_config_hash="sha256:0", forgelm_version="0.11.1", started_at="2026-08-01T10:00:00+00:00",
                          finished_at="2026-08-01T13:00:00+00:00", final_status="completed", stages=stages)
    block = types.SimpleNamespace(provider_name="P", provider_contact="", system_name="S", intended_purpose="I", known_limitations="", system_version="", risk_classification="minimal-risk")
    manifest = compliance.generate_pipeline_manifest(state, types.SimpleNamespace(compliance=block, risk_assessment=None))
    manifest["generated_at"] = "2026-08-01T13:00:00+00:00"
    stamp(manifest)
    compliance.export_pipeline_manifest(manifest, folder)
    return manifest


def stamp(manifest):
    manifest["metadata"] = {"manifest_hash": compliance.compute_annex_iv_manifest_hash(manifest)}


MANIFEST = "compliance/pipeline_manifest.json"
EVIDENCE = "stages/dpo/compliance/annex_iv_metadata.json"


def edit(change, stamped=True):
    """A change of the manifest; `stamped`: with a hash that fits, as a forger would leave it."""
    def apply(folder):
        path = pathlib.Path(folder, MANIFEST)
        manifest = json.loads(path.read_text())
        change(manifest)
        if stamped and isinstance(manifest.get("metadata"), dict):
            stamp(manifest)
        path.write_text(json.dumps(manifest, indent=2))
    return apply


def set_stage(index, key, value):
    return lambda manifest: manifest["stages"][index].__setitem__(key, value)


def replace(name, text):
    return lambda folder: pathlib.Path(folder, name).write_bytes(text if isinstance(text, bytes) else text.encode())


def remove(name):
    return lambda folder: pathlib.Path(folder, name).unlink()


def log_lines(change):
    def apply(folder):
        path = pathlib.Path(folder, "audit_log.jsonl")
        path.write_text("".join(line + "\n" for line in change(path.read_text().splitlines())))
    return apply


def log_more(*events):
    def apply(folder):
        os.environ["FORGELM_AUDIT_SECRET"] = SECRET
        log = compliance.AuditLogger(folder, run_id="pl_2026-08-01_abcdef")
        for event, details in events:
            log.log_event(event, pipeline_run_id="pl_2026-08-01_abcdef", **details)
    return apply


def erase_stage(manifest):
    manifest["stages"][1]["status"] = "skipped_by_filter"
    manifest["stages"][1]["gate_decision"] = None
    manifest["stages"][2]["input_source"] = "root"


VARIANTS = {
    "an edited metric": [edit(set_stage(0, "metrics", {"eval_loss": 0.1}), stamped=False)],
    "no hash": [edit(lambda m: m.pop("metadata"))],
    "a broken link": [edit(set_stage(1, "input_model", "elsewhere"))],
    "a link to nothing": [edit(set_stage(0, "output_model", None))],
    "the first stage chains": [edit(set_stage(0, "input_source", "chain"))],
    "an index out of order": [edit(set_stage(1, "index", 5))],
    "an index of another kind": [edit(set_stage(1, "index", True))],
    "still running": [edit(set_stage(2, "status", "running"))],
    "an unknown status": [edit(set_stage(2, "status", "skipped"))],
    "a status that is no text": [edit(set_stage(2, "status", ["completed"]))],
    "no status": [edit(lambda m: m["stages"][2].pop("status"))],
    "an erased stage": [edit(erase_stage)],
    "a removed stage": [edit(lambda m: m["stages"].pop())],
    "passed and not completed": [edit(set_stage(2, "status", "pending"))],
    "a stage that is no object": [edit(lambda m: m["stages"].append("text"))],
    "stages that are no list": [edit(lambda m: m.__setitem__("stages", "text"))],
    "no stages": [edit(lambda m: m.__setitem__("stages", []))],
    "stopped nowhere": [edit(lambda m: m.__setitem__("stopped_at", "nowhere"))],
    "stopped at what completed": [edit(lambda m: m.__setitem__("stopped_at", "dpo"))],
    "in progress": [edit(lambda m: m.__setitem__("final_status", "in_progress"))],
    "evidence edited": [replace(EVIDENCE, json.dumps(dict(whole_document(), intended_purpose="other")))],
    "evidence incomplete": [replace(EVIDENCE, "{}")],
    "evidence without a hash": [replace(EVIDENCE, json.dumps({k: v for k, v in whole_document().items() if k != "metadata"}))],
    "evidence that is no JSON": [replace(EVIDENCE, "{")],
    "evidence that is empty": [replace(EVIDENCE, "")],
    "evidence that is no UTF-8": [replace(EVIDENCE, b"\xff")],
    "evidence removed": [remove(EVIDENCE)],
    "evidence never made": [edit(lambda m: m.pop("annex_iv")), remove(EVIDENCE)],
    "no evidence named": [edit(set_stage(1, "training_manifest", None))],
    "evidence that climbs out": [edit(set_stage(1, "training_manifest", "../../elsewhere.json"))],
    "evidence that is a folder": [edit(set_stage(1, "training_manifest", "stages/dpo"))],
    "no manifest": [remove(MANIFEST)],
    "a manifest that is no JSON": [replace(MANIFEST, "{")],
    "a manifest that is empty": [replace(MANIFEST, "")],
    "a manifest that is a list": [replace(MANIFEST, "[]")],
    "a manifest that is no UTF-8": [replace(MANIFEST, b"\xff{}")],
    "no log": [remove("audit_log.jsonl")],
    "a log of no entries": [replace("audit_log.jsonl", "\n")],
    "a log without tags": [log_lines(lambda lines: [json.dumps({k: v for k, v in json.loads(line).items() if k != "_hmac"}) for line in lines])],
    "a log with a changed entry": [log_lines(lambda lines: lines[:2] + [lines[2].replace("1.5", "0.5")] + lines[3:])],
    "a log without its end": [log_lines(lambda lines: lines[:-1])],
    "a log that is no JSON": [log_lines(lambda lines: lines + ["{"])],
    "another run's log": [edit(lambda m: m.__setitem__("pipeline_run_id", "pl_other"))],
    "no run named": [edit(lambda m: m.__setitem__("pipeline_run_id", ""))],
    "a stage started again": [log_more(("pipeline.stage_started", {"stage_name": "dpo", "stage_index": 1}),
                                       ("pipeline.stage_reverted", {"stage_name": "dpo", "gate_decision": "failed"}),
                                       ("pipeline.completed", {"final_status": "stopped_at_stage"})),
                              edit(lambda m: (m["stages"][1].update(status="failed", gate_decision="failed"), m["stages"][2].update(status="skipped_due_to_prior_revert", gate_decision=None),
                                              m.update(final_status="stopped_at_stage", stopped_at="dpo")))],
    "required members missing": [edit(lambda m: (m.pop("started_at"), m.pop("pipeline_config_hash")))],
    "old pointers": [edit(lambda m: (m.update(forgelm_version="0.9.0"), [s.update(training_manifest=s["training_manifest"].replace("annex_iv_metadata.json", "training_manifest.json")) for s in m["stages"]]))],
    "old pointers of a new release": [edit(lambda m: [s.update(training_manifest=s["training_manifest"].replace("annex_iv_metadata.json", "training_manifest.json")) for s in m["stages"]])],
}


def verdict(folder, secret):
    os.environ.pop("FORGELM_AUDIT_SECRET", None)
    if secret:
        os.environ["FORGELM_AUDIT_SECRET"] = secret
    report = verify_pipeline_manifest_report(folder)
    code, shown = _classify_pipeline_violations(report.violations)
    return {"exit_code": code, "num_violations": len(shown), "facts": report.to_dict()}


def files_of(root):
    """Texts by path; bytes that are no UTF-8 as {"hex"}."""
    files = {}
    for path in sorted(pathlib.Path(root).rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            files[str(path.relative_to(root))] = {"hex": data.hex()} if b"\xff" in data else data.decode()
    return files


def pipeline_row(name, folder, root, secret, at=".", clean=None):
    """All files, or those that differ from the clean pipeline's (null: is not there)."""
    files = files_of(root)
    if clean is not None:
        files = dict({path: text for path, text in files.items() if clean.get(path) != text}, **{path: None for path in clean if path not in files})
    return {"name": name, "files": files, "is_change": clean is not None, "folder": at, "secret": secret, "reference": verdict(folder, secret)}


def pipelines():
    with tempfile.TemporaryDirectory() as clean:
        make_pipeline(clean, SECRET)
        yield pipeline_row("clean", clean, clean, SECRET)
        for name, changes in VARIANTS.items():
            with tempfile.TemporaryDirectory() as root:
                folder = os.path.join(root, "run")
                shutil.copytree(clean, folder)
                for change in changes:
                    change(folder)
                yield pipeline_row(name, folder, folder, SECRET, clean=files_of(clean))
    # What the reference gets wrong: paths relative to the directory it was started in, and no secret.
    with tempfile.TemporaryDirectory() as root:
        folder = os.path.join(root, "pipeline_run")
        os.makedirs(folder)
        make_pipeline(folder, SECRET, pointer="./pipeline_run/stages/%s/compliance/annex_iv_metadata.json")
        yield pipeline_row("relative to the start", folder, root, SECRET, "pipeline_run")
    with tempfile.TemporaryDirectory() as folder:
        make_pipeline(folder, None)
        yield pipeline_row("no secret", folder, folder, None)


def prices():
    names = list(ForgeTrainer._GPU_PRICING) + ["NVIDIA A100-SXM4-80GB MIG 1g.10gb", "NVIDIA H100", "NVIDIA H200 NVL", "nvidia l4", "Tesla V100-SXM2-16GB", "NVIDIA GeForce GTX 1080", "NVIDIA L40", "NVIDIA A10",
                                               "NVIDIA GeForce RTX 4090 Laptop GPU", "AMD Instinct MI300X", "T4", "NVIDIA H100 80GB HBM3e", "NVIDIA B200 SXM"]
    for name in names:
        for configured in (None, 0.0, 7.25):
            trainer = types.SimpleNamespace(config=types.SimpleNamespace(training=types.SimpleNamespace(gpu_cost_per_hour=configured)), _GPU_PRICING=ForgeTrainer._GPU_PRICING)
            usage = {"gpu_model": name}
            rate = ForgeTrainer._resolve_cost_per_hour(trainer, usage)
            yield {"gpu": name, "configured": configured, "rate": rate, "source": usage.get("cost_source")}


def escapes():
    specials = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
    for text in ["plain", specials, "a|b", "one\ntwo\r\nthree\rfour", "[link](http://x)", "  blanks  ", "# heading", "Gr\u00fc\u00dfe", "*" * 5, "a\tb"]:
        yield {"text": text, "markdown": compliance._sanitize_md(text)}


def write(name, rows):
    rows = list(rows)
    (OUT / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="ascii")
    return len(rows)


versions.require(VERSIONS)
logging.disable(logging.CRITICAL)
OUT.mkdir(parents=True, exist_ok=True)
counts = {name + ".jsonl": write(name + ".jsonl", rows()) for name, rows in
          {"reports": reports, "hashes": hashes, "documents": documents, "pipelines": pipelines, "prices": prices, "escapes": escapes}.items()}
manifest = {"maker": "tools/golden/compliance/make.py", "versions": dict(VERSIONS, python=platform.python_version()), "rows": counts}
(OUT / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")
print(counts, hashlib.sha256(b"".join(p.read_bytes() for p in sorted(OUT.glob("*.jsonl")))).hexdigest()[:12], pydantic.VERSION)
