"""What the conformance scripts share: files of bundles, spoilt copies, the report."""
import argparse
import copy
import importlib.metadata
import json
import pathlib
import sys

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden" / "conformance"


def judge(name, accepts, mutants, packages, required=True):
    """`accepts`: document -> why it is refused, or None. `mutants`: {what: change of a document}."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundles", nargs="+", type=pathlib.Path, help="folders of compliance bundles")
    parser.add_argument("--golden", action="store_true", help="write what was taken to tests/golden/conformance")
    arguments = parser.parse_args()
    report = {"file": name, "validators": {package: importlib.metadata.version(package) for package in packages}, "taken": [], "refused": {}, "wrong": []}
    for bundle in arguments.bundles:
        path = bundle / name
        if not path.exists():
            continue
        document = json.loads(path.read_text(encoding="utf-8"))
        why = accepts(document)
        if why is not None:
            report["wrong"].append("%s: %s" % (path, why))
            continue
        report["taken"].append(bundle.name)
        for what, change in mutants.items():
            spoilt = copy.deepcopy(document)
            try:
                change(spoilt)
            except (KeyError, IndexError):
                continue  # this bundle has no such place
            if accepts(spoilt) is None:
                report["wrong"].append("%s: taken although %s" % (path, what))
            else:
                report["refused"][what] = report["refused"].get(what, 0) + 1
        if arguments.golden:
            GOLDEN.mkdir(parents=True, exist_ok=True)
            (GOLDEN / (bundle.name + "." + name)).write_bytes(path.read_bytes())
    if required and not report["taken"]:
        report["wrong"].append("no bundle holds a " + name)
    for what in mutants:
        if what not in report["refused"]:
            report["wrong"].append("nothing was spoilt so that " + what)
    text = json.dumps(report, indent=2)
    if arguments.golden and not report["wrong"]:
        (GOLDEN / (name + ".verdict.json")).write_text(text + "\n")
    print(text)
    sys.exit(1 if report["wrong"] else 0)
