#!/usr/bin/env python3
"""Compares the names that `forgelm audit --pii-ml-model` finds with those of transformers' pipeline, place by place.

    pip install torch==2.11.0 transformers==5.23.0
    python tools/conformance/entities.py build/bin/forgelm tests/golden/token_classifiers/*  [--texts FILE]
    python tools/conformance/entities.py build/bin/forgelm --speed ROWS [--threads N]

MODELS are folders of token classifiers, the small ones of the tests or real ones. FILE has a text a line; without it the
sentences of the tests are taken. With --speed nothing is compared: a model of BERT's base size with random weights reads
ROWS rows of these sentences, in forgelm (the whole audit, loading included) and in the pipeline (batches of 16, its model
loaded before), by the clock and in seconds of processor time, which tell more where other programs run. Exit code 0: every
place is the same.
"""
import argparse
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

os.environ["HF_HUB_OFFLINE"] = "1"
import torch
import transformers

GOLDENS = pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden" / "token_classifiers"
KINDS = {"PER": "person", "PERSON": "person", "ORG": "organization", "LOC": "location", "GPE": "location"}
OVERLAP = 64


def pipeline_of(folder):
    model = transformers.AutoModelForTokenClassification.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = transformers.PreTrainedTokenizerFast.from_pretrained(folder)
    return transformers.TokenClassificationPipeline(model=model, tokenizer=tokenizer)


def audit(program, folder, texts, *options):
    with tempfile.TemporaryDirectory() as place:
        rows = pathlib.Path(place) / "rows.jsonl"
        rows.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
        begin = time.monotonic()
        done = subprocess.run([program, "audit", str(rows), "--output", place, "--pii-ml-model", str(folder), "--quiet",
                               "--allow-secrets", "--allow-pii", *options], capture_output=True, text=True)
        seconds = time.monotonic() - begin
        if done.returncode != 0:
            raise SystemExit("%s: exit code %d\n%s" % (folder, done.returncode, done.stderr))
        return json.loads((pathlib.Path(place) / "data_audit_report.json").read_text(encoding="utf-8")), seconds


def places(texts, pipe, findings):
    """What the pipeline finds, as the audit tells it: known kinds, no white space at the ends, and no place that a pattern
    has found."""
    taken = {}
    for finding in findings:
        if finding["kind"] not in KINDS.values():
            taken.setdefault(finding["row"], []).append((finding["begin"], finding["end"]))
    found = set()
    for row, text in enumerate(texts):
        for span in pipe(text, aggregation_strategy="simple", stride=OVERLAP):
            begin, end = span["start"], span["end"]
            while begin < end and text[begin] in " \t\r\n":
                begin += 1
            while begin < end and text[end - 1] in " \t\r\n":
                end -= 1
            free = all(end <= other[0] or other[1] <= begin for other in taken.get(row, []))
            if span["entity_group"] in KINDS and begin < end and free and span["score"] >= 0.5:
                found.add((row, begin, end, KINDS[span["entity_group"]]))
    return found


def compare(program, folder, texts):
    report, _ = audit(program, folder, texts)
    findings = report["scan"]["findings"]
    ours = {(f["row"], f["begin"], f["end"], f["kind"]) for f in findings if f["kind"] in KINDS.values()}
    theirs = places(texts, pipeline_of(folder), findings)
    print("%s: %d places, %d differ" % (folder, len(theirs), len(ours ^ theirs)))
    for place in sorted(ours ^ theirs)[:10]:
        print("  %s %s" % ("only ours:  " if place in ours else "only theirs:", place))
    return ours == theirs and bool(theirs)


def measure(program, texts, rows, threads):
    torch.set_num_threads(threads)
    os.environ["OMP_NUM_THREADS"] = str(threads)
    texts = [texts[i % len(texts)] for i in range(rows)]
    with tempfile.TemporaryDirectory() as folder:
        tokenizer = transformers.PreTrainedTokenizerFast.from_pretrained(GOLDENS / "bert")
        small = transformers.AutoConfig.from_pretrained(GOLDENS / "bert")
        torch.manual_seed(0)
        transformers.BertForTokenClassification(transformers.BertConfig(
            id2label=small.id2label, label2id=small.label2id)).save_pretrained(folder)
        tokenizer.model_max_length = 512
        tokenizer.save_pretrained(folder)
        _, ours = audit(program, folder, texts)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        ours_processor = used.ru_utime + used.ru_stime
        pipe = pipeline_of(folder)
        begin, begin_processor = time.monotonic(), time.process_time()
        list(pipe(texts, aggregation_strategy="simple", batch_size=16))
        theirs, theirs_processor = time.monotonic() - begin, time.process_time() - begin_processor
    for name, seconds, processor in (("forgelm audit, whole command", ours, ours_processor), ("pipeline", theirs, theirs_processor)):
        print("%s: %d texts, %d threads: %.1f texts/s, %.1f texts a second of processor time"
              % (name, rows, threads, rows / seconds, rows / processor))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("models", nargs="*", type=pathlib.Path)
    parser.add_argument("--texts", type=pathlib.Path)
    parser.add_argument("--speed", type=int)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    texts = json.loads((GOLDENS / "MANIFEST.json").read_text())["sentences"]
    if arguments.texts:
        texts = [line for line in arguments.texts.read_text(encoding="utf-8").splitlines() if line.strip()]
    if arguments.speed:
        measure(arguments.program, texts, arguments.speed, arguments.threads)
        return
    models = [model for model in arguments.models if (model / "config.json").exists()]
    if not models:
        raise SystemExit("no model is given")
    results = [compare(arguments.program, model, texts) for model in models]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
