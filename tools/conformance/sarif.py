#!/usr/bin/env python3
"""Checks SARIF logs of `forgelm audit --sarif` against the schema that OASIS publishes.

    pip install jsonschema==4.26.0
    python tools/conformance/sarif.py SCHEMA [--golden] LOG...

SCHEMA is sarif-schema-2.1.0.json of https://github.com/oasis-tcs/sarif-spec. Beside the schema: rules are found by their
index, and bytes of a region are on its line (logs beside their data only). Spoilt copies of a log must be refused.
With --golden the first log is kept in tests/golden/conformance.
"""
import argparse
import copy
import hashlib
import importlib.metadata
import json
import pathlib
import sys
import urllib.parse

import jsonschema

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden" / "conformance"


def spoil(change):
    def mutant(log):
        spoilt = copy.deepcopy(log)
        change(spoilt)
        return spoilt
    return mutant


MUTANTS = {
    "a result has no message": spoil(lambda log: log["runs"][0]["results"][0].pop("message")),
    "a level is unknown": spoil(lambda log: log["runs"][0]["results"][0].update(level="fatal")),
    "a line is 0": spoil(lambda log: log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"].update(startLine=0)),
    "a rule has no id": spoil(lambda log: log["runs"][0]["tool"]["driver"]["rules"][0].pop("id")),
    "the version is another": spoil(lambda log: log.update(version="2.0.0")),
}


def problems(log, validator, folder):
    for error in validator.iter_errors(log):
        yield "%s: %s" % ("/".join(map(str, error.absolute_path)), error.message[:200])
    for run in log["runs"]:
        rules = run["tool"]["driver"]["rules"]
        for number, result in enumerate(run["results"]):
            if rules[result["ruleIndex"]]["id"] != result["ruleId"]:
                yield "result %d: ruleIndex and ruleId differ" % number
            place = result["locations"][0]["physicalLocation"]
            path = folder / urllib.parse.unquote(place["artifactLocation"]["uri"])
            region = place.get("region", {})
            if "byteOffset" not in region or not path.is_file():
                continue
            data = path.read_bytes()
            begin = region["byteOffset"]
            line_begin = data.rfind(b"\n", 0, begin) + 1
            units = len(data[line_begin:begin].decode("utf-8", "replace").removeprefix("\ufeff").encode("utf-16-le")) // 2
            if (data.count(b"\n", 0, begin) + 1, units + 1) != (region["startLine"], region["startColumn"]):
                yield "result %d: byte %d is not at %d:%d" % (number, begin, region["startLine"], region["startColumn"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("schema", type=pathlib.Path)
    parser.add_argument("logs", nargs="+", type=pathlib.Path)
    parser.add_argument("--golden", action="store_true", help="keep the first log in tests/golden/conformance")
    arguments = parser.parse_args()
    schema = json.loads(arguments.schema.read_text(encoding="utf-8"))
    validator = jsonschema.validators.validator_for(schema)(schema)
    report = {"file": "audit.sarif", "schema": schema["$id"] if "$id" in schema else schema.get("id"),
              "schema_sha256": hashlib.sha256(arguments.schema.read_bytes()).hexdigest(),
              "validators": {"jsonschema": importlib.metadata.version("jsonschema")}, "taken": [], "refused": {}, "wrong": []}
    for path in arguments.logs:
        log = json.loads(path.read_text(encoding="utf-8"))
        found = list(problems(log, validator, path.parent))
        report["wrong"] += ["%s: %s" % (path, problem) for problem in found]
        if not found:
            report["taken"].append(path.name)
        if not log["runs"][0]["results"]:
            continue
        for what, mutant in MUTANTS.items():
            try:
                spoilt = mutant(log)
            except (KeyError, IndexError):
                continue
            if next(iter(validator.iter_errors(spoilt)), None) is None:
                report["wrong"].append("%s: taken although %s" % (path, what))
            else:
                report["refused"][what] = report["refused"].get(what, 0) + 1
    report["wrong"] += ["nothing was spoilt so that " + what for what in MUTANTS if what not in report["refused"]]
    text = json.dumps(report, indent=2)
    if arguments.golden and not report["wrong"]:
        (GOLDEN / "audit.sarif").write_bytes(arguments.logs[0].read_bytes())
        (GOLDEN / "audit.sarif.verdict.json").write_text(text + "\n", encoding="utf-8")
    print(text)
    return 1 if report["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
