"""Makes tests/golden/row_formats: what TRL makes of preference rows (extract_prompt, unpair_preference_dataset).

Run with trl 1.16.0 and datasets 5.2.0 installed, torch not needed: python3 tools/golden/row_formats/make.py

Left out, because TRL's result there is a slip: rows whose answers are equal (they are dropped here), and texts that
differ in their first character while the chosen one ends in a space (TRL then looks at index -1).
"""

import importlib.metadata
import importlib.util
import json
import pathlib
import random

VERSIONS = {name: importlib.metadata.version(name) for name in ("trl", "datasets")}
assert VERSIONS == {"trl": "1.16.0", "datasets": "5.2.0"}, VERSIONS
# The file alone: the package's own imports ask for torch.
folder = pathlib.Path(importlib.util.find_spec("trl").submodule_search_locations[0])
spec = importlib.util.spec_from_file_location("trl_data_utils", folder / "data_utils.py")
trl = importlib.util.module_from_spec(spec)
spec.loader.exec_module(trl)
OUT = pathlib.Path(__file__).resolve().parents[3] / "tests" / "golden" / "row_formats"
WORDS = ["a", "b", " ", "  ", "blue", "\n", "é", "è", "語", "語る", "😀", "😁", "."]


def texts(rng):
    shared = "".join(rng.choices(WORDS, k=rng.randrange(6)))
    ends = ["".join(rng.choices(WORDS, k=rng.randrange(1, 5))) for _ in range(2)]
    return {"chosen": shared + ends[0], "rejected": shared + ends[1]}


def turns(rng):
    def turn(role):
        return {"role": role, "content": rng.choice("xyz")}

    shared = [turn(role) for role in ["user", "assistant"] * rng.randrange(3)] + [turn("user")]
    row = {}
    for side in ("chosen", "rejected"):
        more = ["assistant"] + ["user", "assistant"] * rng.randrange(2)
        row[side] = shared + [turn(role) for role in more]
    if rng.random() < 0.3:
        row["prompt"] = shared[-1]["content"]
    return row


def is_kept(row):
    if row["chosen"] == row["rejected"]:
        return False
    if isinstance(row["chosen"], list):
        return True
    answers = trl.extract_prompt(row)
    if not answers["chosen"].strip():
        return False  # an empty answer is dropped here
    return row["chosen"][0] == row["rejected"][0] or row["chosen"][-1] != " "


def rows():
    rng = random.Random(4)
    made = 0
    while made < 120:
        row = texts(rng) if made % 2 else turns(rng)
        if not is_kept(row):
            continue
        made += 1
        pair = trl.maybe_extract_prompt(dict(row))
        unpaired = trl.unpair_preference_dataset(trl.Dataset.from_list([pair])).to_list()
        yield {"row": row, "pair": pair, "unpaired": unpaired}


OUT.mkdir(parents=True, exist_ok=True)
all_rows = list(rows())
(OUT / "pairs.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in all_rows))
manifest = {"maker": "tools/golden/row_formats/make.py", "versions": VERSIONS, "rows": {"pairs.jsonl": len(all_rows)}}
(OUT / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")
