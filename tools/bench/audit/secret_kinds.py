#!/usr/bin/env python3
"""Prints how many secrets `forgelm audit` finds of those made by another program's rules, and what it takes for one.

    pip install rstr==3.2.2
    FORGELM_SHARED=... python tools/bench/audit/secret_kinds.py build/bin/forgelm gitleaks.toml

`gitleaks.toml` is the rule file of gitleaks (config/gitleaks.toml of its repository). Of each of its rules that knows a
token by its own shape, not by words around it, random tokens are made (seeded) and put into sentences. Found: the row has a
finding of the family secret that overlaps the token. Noise: findings in the strings of the data sets of FORGELM_SHARED.
"""
import json
import os
import pathlib
import random
import re
import sys
import tempfile
import tomllib

import rstr

from accuracy import audit
from texts import data_sets

NUM_TOKENS = 50
SENTENCES = ["Use %s for the staging account.", "export TOKEN=%s", "config: {\"value\": \"%s\"}", "It printed\n%s\nand stopped."]


def rules(path):
    """(id, expression) of the rules whose tokens have a shape of their own."""
    for rule in tomllib.loads(path.read_text(encoding="utf-8"))["rules"]:
        expression = rule.get("regex", "")
        if "[\\w.-]{0,50}?" in expression or not expression or "path" in rule:
            continue
        expression = expression.replace("(?-i:", "(?:").replace("\\z", "").replace("\\x60", "`")
        expression = re.sub(r"\[\[:alnum:\]\]", "[A-Za-z0-9]", expression)
        # What stands behind the token is the sentence's.
        expression = re.sub(r"\(\?:\[[^\]]*\]\|\\\\\[nr\]\|\$\)$", "", expression)
        expression = expression.replace("[[:alnum:]", "[A-Za-z0-9").replace("\\b", "").replace("(?i)", "")
        try:
            re.compile(expression)
            rstr.xeger(expression)  # it makes no more than 100 of anything
        except (re.error, ValueError):
            continue
        if re.match(r"\(*(?:\?:)?[A-Za-z0-9_-]{3,}", expression):
            yield rule["id"], expression


def main():
    program, rule_file = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
    made = rstr.Rstr(random.Random(5))
    rows, spans, names = [], [], []
    for name, expression in rules(rule_file):
        for i in range(NUM_TOKENS):
            token = made.xeger(expression)
            text = SENTENCES[i % len(SENTENCES)]
            begin = text.index("%s")
            rows.append(text.replace("%s", token))
            spans.append((begin, begin + len(token)))
            names.append(name)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "rows.jsonl"
        path.write_text("".join(json.dumps({"text": text}) + "\n" for text in rows), encoding="utf-8")
        scan = audit(program, path)["scan"]
        found = [set() for _ in rows]
        for finding in scan["findings"]:
            begin, end = spans[finding["row"]]
            if finding["family"] == "secret" and finding["begin"] < end and begin < finding["end"]:
                found[finding["row"]].add(finding["kind"])
        print("| rule | tokens | found | as |\n|---|---|---|---|")
        for name in dict.fromkeys(names):
            mine = [kinds for kinds, other in zip(found, names) if other == name]
            kinds = sorted(set().union(*mine))
            print("| %s | %d | %.2f | %s |" % (name, len(mine), sum(map(bool, mine)) / len(mine), ", ".join(kinds)))
        print("| all | %d | %.3f | |" % (len(rows), sum(map(bool, found)) / len(rows)))

        texts = [text for _, text in data_sets(pathlib.Path(os.environ["FORGELM_SHARED"]) / "data" / "datasets")]
        path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
        noise = [f for f in audit(program, path)["scan"]["findings"] if f["family"] == "secret"]
        print("noise: %d findings in %d texts of %.1f MB" % (len(noise), len(texts), sum(map(len, texts)) / 1e6))
        for finding in noise[:30]:
            print("  ", finding["kind"], finding.get("excerpt"), repr(texts[finding["row"]][max(0, finding["begin"] - 30):finding["begin"]]))


if __name__ == "__main__":
    main()
