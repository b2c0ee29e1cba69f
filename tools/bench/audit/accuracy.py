#!/usr/bin/env python3
"""Prints how well `forgelm audit` finds personal data and names languages, on the labelled data of FORGELM_SHARED.

    FORGELM_SHARED=... python tools/bench/audit/accuracy.py build/bin/forgelm

Personal data: found when a finding of the kind overlaps a labelled span; false when it overlaps no labelled span of that
type. Languages: the share of sentences whose code is that of their file.
"""
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile

TYPES = {"CREDIT_CARD": {"credit_card", "maestro_card"}, "IBAN_CODE": {"iban"}, "EMAIL_ADDRESS": {"email"}, "US_SSN": {"us_ssn"},
         "IP_ADDRESS": {"ipv4", "ipv6"}, "PHONE_NUMBER": {"phone", "phone_national"}}


def audit(program, path):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, "audit", str(path), "--output", folder, "--quiet", "--allow-pii", "--allow-secrets"],
                       check=True, stdout=subprocess.DEVNULL)
        return json.loads((pathlib.Path(folder) / "data_audit_report.json").read_text(encoding="utf-8"))


def pii(program, source):
    rows = json.loads(source.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "rows.jsonl"
        path.write_text("".join(json.dumps({"text": row["full_text"]}) + "\n" for row in rows), encoding="utf-8")
        findings = audit(program, path)["scan"]["findings"]
    by_row = collections.defaultdict(list)
    for finding in findings:
        by_row[finding["row"]].append(finding)
    print("%s: %d texts" % (source.name, len(rows)))
    for name, kinds in TYPES.items():
        labelled = found = right = reported = 0
        for number, row in enumerate(rows):
            spans = [(s["start_position"], s["end_position"]) for s in row["spans"] if s["entity_type"] == name]
            places = [(f["begin"], f["end"]) for f in by_row[number] if f["kind"] in kinds]
            meets = lambda a, b: a[0] < b[1] and b[0] < a[1]  # noqa: E731
            labelled += len(spans)
            found += sum(any(meets(span, place) for place in places) for span in spans)
            reported += len(places)
            right += sum(any(meets(span, place) for span in spans) for place in places)
        print("| %s | %d | %d | %s | %s |" % (name, labelled, reported, "%.3f" % (right / reported) if reported else "-",
                                             "%.3f" % (found / labelled) if labelled else "-"))


def languages(program, source):
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted(source.glob("*.txt")):
            lines = [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
            (pathlib.Path(folder) / (path.stem + ".jsonl")).write_text(
                "".join(json.dumps({"text": line}) + "\n" for line in lines), encoding="utf-8")
        report = audit(program, folder)["languages"]
    right = total = 0
    for code, split in report.items():
        counts = split["counts"]
        mine = sum(count for name, count in counts.items() if name.split("-")[0] == {"he": "iw"}.get(code, code))
        right, total = right + mine, total + split["rows_sampled"]
        print("| %s | %d | %.3f | %d |" % (code, split["rows_sampled"], mine / split["rows_sampled"], counts.get("unknown", 0)))
    print("| all | %d | %.3f | |" % (total, right / total))


def main():
    program = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build/bin/forgelm")
    shared = pathlib.Path(os.environ["FORGELM_SHARED"]) / "data" / "datasets"
    print("| type | labelled | reported | precision | recall |")
    for name in ("presidio_generated_small.json", "presidio_synth_dataset_v2.json"):
        pii(program, shared / "pii" / name)
    print("| language | sentences | right | unknown |")
    languages(program, shared / "languages" / "lingua-sentences")


if __name__ == "__main__":
    main()
