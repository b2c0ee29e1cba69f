#!/usr/bin/env python3
"""provenance.slsa.json against in-toto's own classes: the Statement validates, the predicate is SLSA provenance v1."""
import json

import common
from google.protobuf.json_format import ParseDict, ParseError
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
from in_toto_attestation.v1.statement import Statement

PREDICATE = "https://slsa.dev/provenance/v1"


def accepts(document):
    try:
        Statement.copy_from_pb(ParseDict(document, statement_pb2.Statement())).validate()
        if document["predicateType"] != PREDICATE:
            return "the predicate's type is another"
        provenance = ParseDict(document["predicate"], provenance_pb2.Provenance())
    except (ParseError, ValueError, KeyError, TypeError) as error:
        return "%s: %s" % (type(error).__name__, str(error)[:300])
    # What the specification requires and the classes do not.
    definition, details = provenance.build_definition, provenance.run_details
    if not definition.build_type or not len(definition.external_parameters) or not details.builder.id:
        return "buildType, externalParameters and builder.id are required"
    try:
        for descriptor in list(definition.resolved_dependencies) + list(details.byproducts):
            ResourceDescriptor.copy_from_pb(descriptor).validate()
    except ValueError as error:
        return str(error)
    json.dumps(document)
    return None


MUTANTS = {
    "the statement is of another type": lambda d: d.update(_type="https://in-toto.io/Statement/v0.1"),
    "there is no subject": lambda d: d.update(subject=[]),
    "a subject has no digest": lambda d: d["subject"][0].update(digest={}),
    "there is no type of predicate": lambda d: d.pop("predicateType"),
    "the predicate is of another type": lambda d: d.update(predicateType="https://slsa.dev/provenance/v0.2"),
    "there is no predicate": lambda d: d.update(predicate={}),
    "a member of the predicate is unknown": lambda d: d["predicate"].update(extra=1),
    "there is no type of build": lambda d: d["predicate"]["buildDefinition"].pop("buildType"),
    "there are no parameters": lambda d: d["predicate"]["buildDefinition"].update(externalParameters={}),
    "the builder has no name": lambda d: d["predicate"]["runDetails"]["builder"].update(id=""),
    "a time is none": lambda d: d["predicate"]["runDetails"]["metadata"].update(startedOn="yesterday"),
    "a dependency is nothing": lambda d: d["predicate"]["buildDefinition"]["resolvedDependencies"].append({}),
}

common.judge("provenance.slsa.json", accepts, MUTANTS, ["in-toto-attestation", "protobuf"])
