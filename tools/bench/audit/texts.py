"""Texts to try an audit on: shared by its benchmarks."""
import json


def strings_of(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from strings_of(item)


def data_sets(folder):
    """(stem, text) of every string of the JSON and JSONL files under a folder."""
    for path in sorted(folder.rglob("*.json*")):
        try:
            text = path.read_text(encoding="utf-8")
            rows = [json.loads(line) for line in text.splitlines()] if path.suffix == ".jsonl" else json.loads(text)
        except ValueError:
            continue
        for text in strings_of(rows):
            yield path.stem, text
