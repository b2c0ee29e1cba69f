#!/usr/bin/env python3
"""Writes tests/golden/governance/splits.jsonl: rows, and what forgelm 0.11.1 (the Python original) says of their splits in its data
governance report: how many rows there are, their columns behind formatting, and the lengths of their texts in characters.

    pip install forgelm==0.11.1 && pip install transformers==5.23.0 datasets==5.2.0
    HF_HUB_OFFLINE=1 python tools/golden/governance/make.py

The tokenizer is that of templates/quickstart/model, which has no chat template: both programs then write the same plain text.
"""
import json
import pathlib
import random
import sys
import tempfile

import datasets
import transformers
from forgelm import compliance
from forgelm.config import load_config
from forgelm.data import prepare_dataset

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import versions  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[3]
OUT = ROOT / "tests" / "golden" / "governance"
MODEL = ROOT / "templates" / "quickstart" / "model"
VERSIONS = {"forgelm": "0.11.1", "transformers": "5.23.0", "datasets": "5.2.0"}
RANDOM = random.Random(10)
WORDS = ["row", "Gr\u00fc\u00dfe", "\u4e2d\u6587", "\U0001f600", "a", "letter", "cafe\u0301", "x" * 40]


def words(most):
    return " ".join(RANDOM.choice(WORDS) for _ in range(RANDOM.randint(1, most)))


def message(role):
    return {"role": role, "content": words(12)}


def cases():
    yield "sft", "{}", [{"text": words(30)} for _ in range(37)]
    yield "sft", "{add_eos: false, shuffle: false}", [{"text": words(30), "id": i} for i in range(20)]
    yield "sft", "{}", [{"messages": [message("user"), message("assistant")] * RANDOM.randint(1, 3)} for _ in range(45)]
    yield "sft", "{}", [{"messages": [message("system"), message("user"), message("assistant")]} for _ in range(11)]
    yield "sft", "{}", [{"text": "alone"}]
    yield "dpo", "{}", [{"prompt": words(5), "chosen": words(9), "rejected": words(9), "id": i} for i in range(20)]
    yield "kto", "{}", [{"prompt": words(5), "completion": words(9), "label": i % 2 == 0} for i in range(20)]


def main():
    versions.require(VERSIONS)
    OUT.mkdir(parents=True, exist_ok=True)
    datasets.disable_progress_bars()
    tokenizer = transformers.AutoTokenizer.from_pretrained(str(MODEL))
    with tempfile.TemporaryDirectory() as folder, open(OUT / "splits.jsonl", "w", encoding="ascii") as out:
        for number, (trainer, data, rows) in enumerate(cases()):
            file = pathlib.Path(folder) / ("rows%d.jsonl" % number)
            file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="ascii")
            job = pathlib.Path(folder) / "job.yaml"
            job.write_text(
                "model: {name_or_path: %s, load_in_4bit: false}\nlora: {}\ntraining: {output_dir: %s/out, trainer_type: %s}\n"
                "data: %s\n" % (MODEL, folder, trainer, data.replace("{", "{dataset_name_or_path: %s, " % file, 1)))
            config = load_config(str(job))
            report = compliance.generate_data_governance_report(config, prepare_dataset(config, tokenizer))
            out.write(json.dumps({"trainer": trainer, "data": data, "rows": rows, "splits": report["splits"]}) + "\n")
    manifest = {"maker": "tools/golden/governance/make.py", "versions": VERSIONS, "files": ["splits.jsonl"]}
    (OUT / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    main()
