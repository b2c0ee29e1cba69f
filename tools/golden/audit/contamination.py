#!/usr/bin/env python3
"""Writes tests/golden/audit/contamination.jsonl: small benchmarks and data sets with what they share, found the plain way.

    python tools/golden/audit/contamination.py

Needs nothing but Python. An item's n-grams are those of each of its strings: runs of n words (\\w+, lower case); a string of
fewer words, but of at least 8, is one n-gram. {"ngram", "benchmarks": {name: [row, ...]}, "rows": [row, ...], "expected":
{name: {"too_short", "rows_touched", "touched": [{"item", "ngrams", "found", "row"}, ...]}}}; "row" is the first row with
any n-gram of the item. All of it is made up.
"""
import json
import pathlib
import random
import re

OUT = pathlib.Path(__file__).resolve().parents[3] / "tests" / "golden" / "audit"
MIN_WORDS = 8
WORDS = ["alpha", "Beta", "GAMMA", "d\u00e9lta", "\u0130psilon", "zeta_1", "\u03a3\u0399\u0393\u039c\u0391\u03a3", "\u4e2d\u6587", "x", "42", "the", "of", "in"]
GLUE = [" ", " ", " ", ", ", ". ", "\n", " - ", "'", "\u2014"]


def words(text):
    return [word.lower() for word in re.findall(r"\w+", text)]


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from strings(item)


def grams_of_item(row, n):
    grams = set()
    for text in strings(row):
        found = words(text)
        size = min(len(found), n)
        if size >= min(n, MIN_WORDS):
            grams.update(tuple(found[i:i + size]) for i in range(len(found) - size + 1))
    return grams


def grams_of_row(row, sizes):
    grams = set()
    for text in strings(row):
        found = words(text)
        for size in sizes:
            grams.update(tuple(found[i:i + size]) for i in range(len(found) - size + 1))
    return grams


def compare(benchmarks, rows, n):
    items = {name: [grams_of_item(row, n) for row in benchmark] for name, benchmark in benchmarks.items()}
    sizes = {len(gram) for benchmark in items.values() for grams in benchmark for gram in grams}
    by_row = [grams_of_row(row, sizes) for row in rows]
    everything = set().union(*by_row)
    expected = {}
    for name, benchmark in items.items():
        of_all = set().union(*benchmark)
        touched = []
        for number, grams in enumerate(benchmark):
            found = grams & everything
            if found:
                touched.append({"item": number, "ngrams": len(grams), "found": len(found),
                                "row": next(i for i, row in enumerate(by_row) if row & found)})
        expected[name] = {"too_short": sum(not grams for grams in benchmark),
                          "rows_touched": sum(bool(row & of_all) for row in by_row), "touched": touched}
    return {"ngram": n, "benchmarks": benchmarks, "rows": rows, "expected": expected}


def text(rng, num_words):
    return "".join(rng.choice(WORDS) + rng.choice(GLUE) for _ in range(num_words))


def case(rng, n):
    benchmarks = {name: [{"question": text(rng, rng.randint(2, 40)),
                          "choices": [text(rng, rng.randint(1, 12)) for _ in range(rng.randint(0, 4))], "gold": 1}
                         for _ in range(15)] for name in ("first", "second")}
    pool = [item for benchmark in benchmarks.values() for row in benchmark for item in strings(row)]
    rows = []
    for _ in range(40):
        part = rng.choice(pool)
        if rng.random() < 0.5:  # a piece of an item, spelled another way
            pieces = part.split(" ")
            begin = rng.randrange(len(pieces))
            part = " ; ".join(pieces[begin:begin + rng.randint(1, 30)]).upper()
        content = text(rng, rng.randint(0, 10)) + (part if rng.random() < 0.6 else "") + text(rng, rng.randint(0, 10))
        rows.append({"messages": [{"role": "user", "content": content}, {"role": "assistant", "content": text(rng, 9)}]})
    return compare(benchmarks, rows, n)


def main():
    rng = random.Random(13)
    with open(OUT / "contamination.jsonl", "w", encoding="utf-8") as file:
        for n in (13, 13, 8, 5, 3):
            file.write(json.dumps(case(rng, n), ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
