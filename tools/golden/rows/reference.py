"""What Python's json and csv modules make of the bytes of a file of rows, under the rules that docs/rows.md states.

Both functions give a list: a row as a dict, or None for one that must be refused; or None for a file that must be.
"""

import csv
import io
import json

BLANKS = " \t\r"
MAX_DEPTH = 64
csv.field_size_limit(1 << 30)


class Refused(ValueError):
    pass


def _object(pairs):
    row = dict(pairs)
    if len(row) != len(pairs):
        raise Refused("a key twice")
    return row


def _constant(name):
    raise Refused(name)


def _checked(value, depth=0):
    if isinstance(value, (dict, list)):
        if depth >= MAX_DEPTH:
            raise Refused("depth")
        if isinstance(value, dict):
            return {_checked(key): _checked(item, depth + 1) for key, item in value.items()}
        return [_checked(item, depth + 1) for item in value]
    if isinstance(value, str):
        value.encode()  # a lone surrogate is an error
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        value = float(value)  # OverflowError beyond double
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        raise Refused("range")
    return value


def json_line(line):
    """A line without its end; the row or None."""
    try:
        text = line.decode()
        value = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=_object, parse_constant=_constant)
        return _checked(value) if isinstance(value, dict) else None
    except (ValueError, OverflowError, RecursionError):
        return None


def json_lines(data):
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    return [json_line(line) for line in lines if line.strip(BLANKS.encode())]


def _csv_records(text, delimiter):
    """(cells, number of its last line, whether it is blank) for each record; None when a quote is never closed."""
    # A record behind all others comes out as such unless an open quote swallows it.
    end = "\n\x01end"
    lines = list(io.StringIO(text + end, newline=""))
    reader = csv.reader(lines, delimiter=delimiter)
    records, before = [], 0
    for cells in reader:
        raw = "".join(lines[before : reader.line_num])
        before = reader.line_num
        is_blank = len(cells) < 2 and not raw.strip(BLANKS + "\n")
        records.append((cells, is_blank))
    if records[-1][0] != ["\x01end"]:
        return [record for record in records[:-1] if not record[1]], True
    return [record for record in records[:-1] if not record[1]], False


def csv_rows(data, delimiter=","):
    """`data` is UTF-8 without NUL bytes. None for a file whose header cannot be used."""
    records, is_open = _csv_records(data.decode().removeprefix("\ufeff"), delimiter)
    if not records:
        return None
    names = [name or f"Unnamed: {i}" for i, name in enumerate(records[0][0])]
    if len(set(names)) != len(names):
        return None
    rows = []
    for cells, _ in records[1:]:
        cells = [cell or None for cell in cells] + [None] * (len(names) - len(cells))
        rows.append(dict(zip(names, cells)) if len(cells) == len(names) else None)
    return rows + [None] * is_open
