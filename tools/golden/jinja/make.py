#!/usr/bin/env python3
"""Writes tests/golden/jinja: what transformers and jinja2 make of the templates of cases.py.

    python tools/golden/jinja/make.py

snippets.jsonl: {"group", "template"} with "output", or "error" (jinja2's or Python's wording, for the reader) and "raised".
spans.jsonl: {"template", "output", "spans"}, spans of the generation blocks in bytes of the output, as
return_assistant_tokens_mask tells them. refused.jsonl: templates that only we refuse. variables.json: what all are given.
"""
import copy
import json
import pathlib
import platform

import cases
import jinja2
import reference
import transformers

OUT = pathlib.Path(__file__).resolve().parents[3] / "tests" / "golden" / "jinja"


def write(name, rows):
    (OUT / name).write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return len(rows)


def snippet(group, template):
    row = {"group": group, "template": template}
    result = reference.render(template, copy.deepcopy(cases.VARIABLES))
    row.update({key: result[key] for key in ("output", "error", "raised") if key in result})
    assert " at 0x" not in row.get("output", ""), template
    return row


def span(template):
    result = reference.render(template, copy.deepcopy(cases.VARIABLES))
    text = result["output"]
    spans = [[len(text[:begin].encode()), len(text[:end].encode())] for begin, end in result["spans"]]
    return {"template": template, "output": text, "spans": spans}


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "variables.json").write_text(json.dumps(cases.VARIABLES, indent=1) + "\n")
    rows = {
        "snippets.jsonl": write("snippets.jsonl", [snippet(*pair) for pair in cases.snippets()]),
        "spans.jsonl": write("spans.jsonl", [span(template) for template in cases.SPANS]),
        "refused.jsonl": write("refused.jsonl", [{"template": template} for template in cases.REFUSED]),
    }
    manifest = {"maker": "tools/golden/jinja/make.py",
                "versions": {"python": platform.python_version(), "jinja2": jinja2.__version__,
                             "transformers": transformers.__version__},
                "rows": rows}
    (OUT / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")


main()
