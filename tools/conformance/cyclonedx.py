#!/usr/bin/env python3
"""bom.cdx.json against the schema of CycloneDX 1.7, by cyclonedx-python-lib's strict validator."""
import json
import pathlib
import sys

sys.path = [p for p in sys.path if pathlib.Path(p or ".").resolve() != pathlib.Path(__file__).resolve().parent]  # this file's name is the package's
from cyclonedx.schema import SchemaVersion  # noqa: E402
from cyclonedx.validation.json import JsonStrictValidator  # noqa: E402

sys.path.append(str(pathlib.Path(__file__).resolve().parent))
import common  # noqa: E402

VALIDATOR = JsonStrictValidator(SchemaVersion.V1_7)


def accepts(document):
    error = VALIDATOR.validate_str(json.dumps(document))
    return None if error is None else str(error)[:300]


def component(document):
    return document["metadata"]["component"]


MUTANTS = {
    "a member is unknown": lambda d: d.update(unknown=1),
    "the format is not named": lambda d: d.pop("bomFormat"),
    "the serial number is no URN": lambda d: d.update(serialNumber="7"),
    "the time is none": lambda d: d["metadata"].update(timestamp="yesterday"),
    "a component has no name": lambda d: d["components"][0].pop("name"),
    "a component is of an unknown type": lambda d: d["components"][0].update(type="thing"),
    "a hash is by an unknown algorithm": lambda d: d["components"][1]["hashes"][0].update(alg="CRC32"),
    "a hash is too short": lambda d: d["components"][1]["hashes"][0].update(content="12"),
    "a property has no text": lambda d: component(d)["properties"][0].update(value=7),
    "an approach to learning is unknown": lambda d: component(d)["modelCard"]["modelParameters"]["approach"].update(type="by luck"),
    "a member of the model card is unknown": lambda d: component(d)["modelCard"].update(quality="good"),
    "a phase of life is unknown": lambda d: d["metadata"]["lifecycles"][0].update(phase="afterlife"),
    "a data set is of an unknown type": lambda d: d["components"][1]["data"][0].update(type="pile"),
}

common.judge("bom.cdx.json", accepts, MUTANTS, ["cyclonedx-python-lib"])
