"""Random documents of rows: JSON lines and CSV, whole and damaged."""

import json

TEXTS = ["", "a", "x y", 'q"q', "back\\slash", "\n", "tab\t", "\u00e9", "\u4e16\u754c", "\U0001f600", "\x7f", "\u2028", "null", "a,b", "'"]
NUMBERS = [0, -1, 7, 2**31, 2**63 - 1, -(2**63), 2**63, 2**64, 10**25, 0.5, -0.0, 1e300, 5e-324, 1.5e-7, 123456.789]
PIECES = [
    b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\\u", b"\\ud83d", b"\\ude00", b"\\ud800", b"\\u0041", b"\\n", b"\\x",
    b"1", b"-", b"0", b".", b"e", b"E+", b"1e999", b"-0", b"01", b"123456789012345678901234567890", b"true", b"false",
    b"null", b"nul", b"NaN", b"Infinity", b" ", b"\t", b"\r", b"\n", b"\x0b", b"\x01", b"\xc3", b"\xa9", b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80", b"\xef\xbb\xbf", b"\xc0\x80", b"[" * 70, b"]" * 70, b'"a":1,', b'"k":', b"{}", b"[]", b"/**/", b"'",
]
CSV_PIECES = ["a", "b", "word", " ", "\t", ",", ",", ",", '"', '"', '""', "\n", "\n", "\r\n", "\r", "\u00e9", ";", "\\", "'", "1", "NA", '"x,y"', '"l\nm"']


def value(random, depth):
    kind = random.random()
    if depth > 4 or kind < 0.35:
        return random.choice(TEXTS) + random.choice(TEXTS)
    if kind < 0.55:
        return random.choice(NUMBERS)
    if kind < 0.7:
        return random.choice([True, False, None])
    if kind < 0.85:
        return [value(random, depth + 1) for _ in range(random.randrange(4))]
    return {random.choice(TEXTS) + str(i): value(random, depth + 1) for i in range(random.randrange(20 if depth == 4 else 4))}


def json_line(random):
    row = {random.choice(TEXTS) + str(i): value(random, 0) for i in range(random.randrange(5))}
    text = json.dumps(row, ensure_ascii=random.random() < 0.5, indent=None, separators=random.choice([None, (",", ":")]))
    line = bytearray(text.encode())
    for _ in range(random.choice([0, 0, 0, 1, 1, 2, 3])):
        at, what = random.randrange(len(line) + 1), random.random()
        if what < 0.5:
            line[at:at] = random.choice(PIECES)
        elif what < 0.75:
            del line[at : at + random.randrange(1, 4)]
        elif what < 0.9:
            other = random.randrange(len(line) + 1)
            line[at:at] = line[other : other + random.randrange(8)]
        elif line:
            line[at % len(line)] = random.randrange(1, 256)
        if not line:
            break
    return bytes(line)


def json_lines(random):
    return random.choice([b"", b"", b"\xef\xbb\xbf"]) + b"".join(
        json_line(random) + random.choice([b"\n", b"\n", b"\r\n", b"\n\n", b" \t\n"]) for _ in range(random.randrange(1, 30))
    )


def csv_document(random):
    header = random.choice(["a,b\n", "a,b,c\r\n", "\n\ra,\"b\"\"c\"\n", "x\n", "", "a;b\n", ",b\n"])
    return (header + "".join(random.choice(CSV_PIECES) for _ in range(random.randrange(40)))).encode()
