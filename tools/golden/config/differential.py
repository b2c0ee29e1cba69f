#!/usr/bin/env python3
"""Looks for job files that read_job and the reference take, refuse or resolve differently.

    python tools/golden/config/differential.py BUILD/bin/job_dump [--documents N] [--seed S] [--show N]

A document sets 1 to 14 keys at random, in the root's sections and in those of pipeline stages, to values of the battery
that the field takes by itself (scalars.tsv) or, now and then, to any value; now and then a section is left out, doubled
or null. The reference's verdict is that of its loader, its command line and the start of every stage together. What the two read differently on purpose (tests/golden/config/exceptions.txt) is not drawn. Needs the packages
of make.py. Exit code 1 when there is a difference.
"""
import argparse
import collections
import json
import logging
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import warnings

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import make  # noqa: E402
from forgelm.config import merge_pipeline_stage_config  # noqa: E402
from forgelm.model import _reject_unsloth_unsupported_overrides as reject_overrides  # noqa: E402

STAGE_SECTIONS = ("model", "lora", "training", "data", "evaluation")
LISTS = {"merge.models": 3, "pipeline.stages": 3}


def excepted(path, raw, exceptions):
    leaf = path.split("stages[].", 1)[-1] if path.startswith("pipeline.stages[].") else path
    return any((p in ("*", leaf, path)) and raw == r for p, r in exceptions)


class Generator:
    def __init__(self, rng):
        golden = make.OUT
        self.rng = rng
        self.battery = (golden / "battery.txt").read_text(encoding="utf-8").split("\n")[:-1]
        exceptions = [tuple(line.split("\t")[1].split(": ", 1)) for line in (golden / "exceptions.txt").read_text().split("\n")
                      if line.startswith("scalar\t")]
        self.any, self.good = {}, {}
        for line in (golden / "scalars.tsv").read_text(encoding="utf-8").split("\n")[:-1]:
            path, packed = line.split("\t")
            results = []
            for part in packed.split(" "):
                result, _, count = part.partition("*")
                results += [result] * int(count or 1)
            self.any[path] = [raw for raw in self.battery if not excepted(path, raw, exceptions)]
            self.good[path] = [raw for raw, result in zip(self.battery, results) if result != "-" and raw in self.any[path]]
        self.leaves = [path for path in self.good if len(path.split(".")) > 1 and path not in LISTS and self.good[path]]
        self.by_section = collections.defaultdict(list)
        for path in self.leaves:
            self.by_section[path.split(".")[0]].append(path)

    def value(self, path):
        return self.rng.choice(self.any[path] if self.rng.random() < 0.01 else self.good[path])

    def set(self, job, path):
        here = job
        parts = path.split(".")
        for part in parts[:-1]:
            if part.endswith("[]"):
                entries = here.setdefault(part[:-2], [])
                if not isinstance(entries, list):
                    return
                if not entries or (len(entries) < LISTS.get(".".join(parts[:2])[:-2], 1) and self.rng.random() < 0.5):
                    entries.append({})
                here = self.rng.choice(entries)
            else:
                here = here.setdefault(part, {})
            if not isinstance(here, dict):
                return
        here[parts[-1]] = self.value(path)

    def section(self, name):
        body = {}
        for path in self.rng.choices(self.by_section[name], k=self.rng.choice((0, 1, 2, 3, 5))):
            self.set(body, path)
        return body.get(name, {})

    def document(self):
        rng = self.rng
        job = {"model": {"name_or_path": "m"}, "lora": {}, "training": {}, "data": {"dataset_name_or_path": "d"}}
        sections = rng.sample(sorted(self.by_section), rng.choice((1, 2, 2, 3, 4)))
        for _ in range(rng.randint(1, 14)):
            self.set(job, rng.choice(self.by_section[rng.choice(sections)]))
        if rng.random() < 0.2:
            stages = []
            for i in range(rng.choice((1, 2, 3))):
                stage = {"name": "s%d" % rng.choice((i, i, i, 0))}
                for name in rng.sample(STAGE_SECTIONS, rng.choice((0, 1, 2, 3))):
                    stage[name] = self.section(name)
                    if name == "model" and rng.random() < 0.9:
                        stage[name].setdefault("name_or_path", "m%d" % i)
                    if name == "data" and rng.random() < 0.9:
                        stage[name].setdefault("dataset_name_or_path", "d%d" % i)
                    if name == "training" and rng.random() < 0.9:
                        stage[name].setdefault("trainer_type", rng.choice(("sft", "dpo", "kto")))
                stages.append(stage)
            pipeline = job.get("pipeline") if isinstance(job.get("pipeline"), dict) else {}
            pipeline["stages"] = stages
            job["pipeline"] = pipeline
        if rng.random() < 0.03:
            job[rng.choice(sorted(self.by_section))] = rng.choice(("null", "{}", "[]", "x", "~"))
        if rng.random() < 0.02:
            job.pop(rng.choice(sorted(job)))
        text = "".join("%s: %s\n" % (name, make.flow(body)) for name, body in job.items())
        if rng.random() < 0.01:
            text += "lora: {r: 4}\n"
        return text


class Own:
    def __init__(self, program, folder):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder)

    def read(self, text):
        data = text.encode("utf-8")
        self.process.stdin.write(b"%d\n" % len(data) + data)
        self.process.stdin.flush()
        kind, _, rest = self.process.stdout.readline().decode("utf-8").partition(" ")
        return (kind == "ok", json.loads(rest))


def theirs(text, folder):
    file = os.path.join(folder, "job.yaml")
    with open(file, "w", encoding="utf-8", newline="") as out:
        out.write(text)
    try:
        config = make.load_config(file)
        # What the original's command line refuses after loading, and what it refuses when a stage is about to start.
        reject_overrides(config)
        for stage in config.pipeline.stages if config.pipeline else ():
            reject_overrides(merge_pipeline_stage_config(config, stage))
    except (make.ConfigError, ValueError, TypeError, RecursionError) as error:
        return False, str(error)
    finally:
        os.remove(file)
    return True, json.loads(json.dumps(config.model_dump(mode="json"), sort_keys=True, default=str))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--documents", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=10)
    arguments = parser.parse_args()
    program = os.path.abspath(arguments.program)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    counts = collections.Counter()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as other:
        os.chdir(folder)
        own = Own(program, other)
        generator = Generator(random.Random(arguments.seed))
        for _ in range(arguments.documents):
            text = generator.document()
            taken, reference = theirs(text, folder)
            own_taken, result = own.read(text)
            # NaN is not equal to itself: compare as text.
            same = taken == own_taken and (not taken or json.dumps(reference, sort_keys=True) == json.dumps(result, sort_keys=True))
            counts["taken" if taken else "refused"] += 1
            if same:
                continue
            counts["different"] += 1
            if counts["different"] <= arguments.show:
                print(text, "  reference: ", "taken" if taken else "refused " + " ".join(reference.split())[:400],
                      "\n  own: ", "taken" if own_taken else "refused " + result, sep="")
                if taken and own_taken:
                    for key in reference:
                        if json.dumps(reference[key], sort_keys=True) != json.dumps(result.get(key), sort_keys=True):
                            print("  %s\n    %s\n    %s" % (key, reference[key], result.get(key)))
        own.process.stdin.close()
        own.process.wait()
        os.chdir("/")
    print(dict(counts))
    return 1 if counts["different"] else 0


if __name__ == "__main__":
    sys.exit(main())
