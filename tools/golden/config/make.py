#!/usr/bin/env python3
"""Writes tests/golden/config: what forgelm 0.11.1 (the Python original) makes of job files.

    pip install --no-deps forgelm==0.11.1 && pip install PyYAML==6.0.3 pydantic==2.14.3
    python tools/golden/config/make.py

scalars.tsv: for every field, every value of battery.txt (by its line, from 0) set to it in an otherwise smallest job: "-" for refused,
else the first 10 hex digits of the SHA-256 of the resolved configuration's canonical JSON. documents.jsonl: whole job files with
verdict and digest. Neither holds anything of the machine it ran on: every job is loaded in an empty folder.
"""
import hashlib
import json
import logging
import os
import pathlib
import platform
import sys
import tempfile
import typing
import warnings

import documents
import pydantic
import yaml
from forgelm.config import ConfigError, ForgeConfig, load_config

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import versions  # noqa: E402

OUT = pathlib.Path(__file__).resolve().parents[3] / "tests" / "golden" / "config"
VERSIONS = {"forgelm": "0.11.1", "PyYAML": "6.0.3", "pydantic": "2.14.3"}

BATTERY = """null
~
true
false
yes
No
ON
y
t
"true"
"True"
" true"
"1"
"0"
"on"
0
1
2
3
5
7
8
9
10
11
12
32
64
100
512
1000
-1
-2
0.0
1.0
2.0
10.0
0.5
0.25
0.999
1.5
-0.5
-0.0
1e3
1.0e+3
2e-5
2.0e-5
1.0e-400
1.0e+400
.inf
-.inf
.nan
"1.0"
"1.5"
" 8 "
"+8"
"-1"
"1_000"
"1__000"
"0x10"
0x10
010
"010"
0b11
1_000
1:30
"1e3"
"1e-5"
"inf"
"nan"
".5"
"5."
"1,0"
""
" "
text
Text
"two words"
"null"
"none"
"None"
"None_"
auto
AUTO
9223372036854775807
9223372036854775808
-9223372036854775808
-9223372036854775809
18446744073709551616
123456789012345678901234567890
"123456789012345678901234567890"
9007199254740993
2024-01-31
2024-01-31T10:00:00Z
!!binary aGVsbG8=
!!binary MTI=
!!binary /w==
!!str 5
!!int "5"
!!float "5"
[]
[1]
[1, 2]
[a]
[a, b]
[a, 1]
["1", "2.5"]
[0.5, 0.5]
[-1, 1]
[0, 0]
[.nan]
[null]
[true]
[[a]]
[a, a]
[""]
{}
{a: 1}
{a: 0.5, b: 1}
{a: b}
{1: 2}
{a: null}
{a: true}
{a: "1"}
{a: .inf}
{a: [1]}
{S1: 0.1}
{type: linear, factor: 2.0}
{rope_type: linear, factor: 2.0}
{rope_type: yarn, factor: 4}
{rope_type: longrope, short_factor: [1.0], long_factor: [1.0]}
{rope_type: llama3, factor: 8.0}
{rope_type: linear}
{rope_type: linear, factor: 0}
{rope_type: linear, factor: "2"}
{rope_type: dynamic, factor: true}
!!set {a}
!!omap [a: 1]
main
v1.0
"../x"
a/b
/tmp/x
"a b"
"0123456789abcdef0123456789abcdef01234567"
https://example.org/x
http://example.org/x
low
""".split("\n")[:-1]

# What a field needs beside it to be a job at all.
COMPANIONS = {
    "merge.models[].path": {"weight": "1.0"},
    "merge.models[].weight": {"path": "a"},
    "pipeline.stages[].name": {},
}


def unwrap(annotation):
    """The model inside Optional and List, with whether it stands in a list."""
    is_list = False
    while True:
        origin = typing.get_origin(annotation)
        if origin is typing.Union or (origin is not None and origin.__class__.__name__ == "UnionType"):
            inner = [a for a in typing.get_args(annotation) if a is not type(None)]
            if len(inner) != 1:
                return None, is_list
            annotation = inner[0]
        elif origin in (list, typing.List):
            is_list = True
            annotation = typing.get_args(annotation)[0]
        elif isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
            return annotation, is_list
        else:
            return None, is_list


def choices(annotation):
    found = []
    if typing.get_origin(annotation) is typing.Literal:
        found += [a for a in typing.get_args(annotation) if isinstance(a, str)]
    for inner in typing.get_args(annotation):
        if not isinstance(inner, (str, int, float, bool)):
            found += choices(inner)
    return found


def fields(model, prefix=""):
    for name, info in model.model_fields.items():
        inner, is_list = unwrap(info.annotation)
        path = prefix + name
        yield path, info
        if inner is not None and not (prefix.startswith("pipeline.stages[]")):
            yield from fields(inner, path + ("[]." if is_list else "."))


def base_job():
    return {"model": {"name_or_path": "m"}, "lora": {}, "training": {}, "data": {"dataset_name_or_path": "d"}}


def place(path, raw):
    """The smallest job with `raw` at the path."""
    job = base_job()
    here = job
    parts = path.split(".")
    for depth, part in enumerate(parts):
        if part.endswith("[]"):
            entry = {}
            here[part[:-2]] = [entry]
            if part == "stages[]":
                entry["name"] = "one"
            here = entry
        elif depth == len(parts) - 1:
            here[part] = raw
        else:
            here = here.setdefault(part, {})
    for key, value in COMPANIONS.get(path, {}).items():
        here.setdefault(key, value)
    if path == "merge.models[].path" or path == "merge.models[].weight":
        pass
    return flow(job)


def flow(value):
    if isinstance(value, dict):
        return "{" + ", ".join("%s: %s" % (k, flow(v)) for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(v) for v in value) + "]"
    return value


def job_text(path, raw):
    text = place(path, raw)
    return text + "\n"


def digest(text, folder):
    """None when refused, else the digest of the resolved configuration."""
    file = os.path.join(folder, "job.yaml")
    with open(file, "w", encoding="utf-8", newline="") as out:
        out.write(text)
    try:
        config = load_config(file)
    except (ConfigError, ValueError, TypeError, RecursionError):
        return None
    finally:
        os.remove(file)
    try:
        dumped = json.dumps(config.model_dump(mode="json"), sort_keys=True, default=str, ensure_ascii=False)
        return hashlib.sha256(dumped.encode("utf-8")).hexdigest()
    except (UnicodeEncodeError, ValueError, pydantic.ValidationError, pydantic.PydanticUserError, Exception) as error:
        return "undumpable " + type(error).__name__


def main():
    versions.require(VERSIONS)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    battery = list(BATTERY)
    for _, info in fields(ForgeConfig):
        for choice in choices(info.annotation):
            for text in (choice, choice.upper(), choice.replace("_", "-")):
                if text not in battery and text.lower() not in ("none",):
                    battery.append(text)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "battery.txt").write_text("".join(line + "\n" for line in battery), encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        lines = []
        for path, info in fields(ForgeConfig):
            results = []
            for raw in battery:
                found = digest(job_text(path, raw), folder)
                results.append("-" if found is None else found[:10])
            # Runs of one result are written once: "-*40".
            packed = []
            for result in results:
                if packed and packed[-1][0] == result:
                    packed[-1][1] += 1
                else:
                    packed.append([result, 1])
            lines.append(path + "\t" + " ".join(r if n == 1 else "%s*%d" % (r, n) for r, n in packed) + "\n")
        (OUT / "scalars.tsv").write_text("".join(lines), encoding="utf-8")
        num_documents = 0
        with open(OUT / "documents.jsonl", "w", encoding="utf-8", newline="\n") as out:
            for name, text in documents.all_documents():
                found = digest(text, folder)
                out.write(json.dumps({"name": name, "text": text, "digest": found}) + "\n")
                num_documents += 1
        os.chdir("/")
    manifest = {"maker": "tools/golden/config/make.py", "python": platform.python_version(), "packages": VERSIONS,
                "fields": len(lines), "battery": len(battery), "documents": num_documents}
    (OUT / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")
    print(json.dumps(manifest))


if __name__ == "__main__":
    main()
