"""Makes tests/golden/json: what CPython 3.11's json.dumps and float.__repr__ write.

Run: python3.11 tools/golden/json/make.py   (standard library only)
"""

import json
import pathlib
import platform
import random
import struct
import sys

assert sys.version_info[:2] == (3, 11), "the goldens are CPython 3.11's"
OUT = pathlib.Path(__file__).resolve().parents[3] / "tests" / "golden" / "json"
RANDOM = random.Random(20240229)


def bits_of(value):
    return struct.unpack("<Q", struct.pack("<d", value))[0]


def float_of(bits):
    return struct.unpack("<d", struct.pack("<Q", bits))[0]


def floats():
    values = [0.0, -0.0, 1.0, -1.0, 0.1, 0.5, 1e-5, 1e-4, 9.999e-5, 1e15, 1e16, 9999999999999998.0, 1e17, 1e21, 1e22]
    values += [1e23, 123456789012345680.0, 5e-324, 2.2250738585072014e-308, 2.225073858507201e-308]
    values += [1.7976931348623157e308, float("inf"), float("-inf"), float("nan"), 2.0**53, 2.0**53 + 2, 1 / 3, 100000.0]
    values += [10.0**e for e in range(-30, 31)]
    values += [2.0**e for e in range(-1074, 1024, 37)]
    values += [float_of(bits_of(10.0**e) + d) for e in (-5, -4, 15, 16, 22, 23) for d in (-1, 1)]
    for _ in range(200):
        values.append(float_of(RANDOM.getrandbits(64)))
    for _ in range(100):
        values.append(round(RANDOM.uniform(-1000, 1000), RANDOM.randrange(8)))
    for _ in range(60):
        values.append(float_of(RANDOM.getrandbits(52)))  # subnormal
    return [{"bits": f"{bits_of(v):016x}", "repr": repr(v)} for v in values]


SCRIPTS = [
    "plain ASCII", "", " ", "quote \" backslash \\ slash /", "tab\tline\nreturn\rfeed\fback\b", "\x00\x01\x1f\x7f\x80\x9f",
    "Grüße aus Zürich", "İstanbul'da ılık çay, ğüşöç", "Ελληνικά", "Русский текст", "עברית", "العربية", "हिन्दी",
    "ภาษาไทย", "中文字符", "日本語テキスト", "한국어", "e\u0301 combining", "\u2028\u2029\ufeff", "\ufffd\ufffe\uffff",
    "emoji \U0001f600 family \U0001f468\u200d\U0001f469\u200d\U0001f467", "\U00010000\U0010ffff", "\u202eright to left",
]
BROKEN = [
    b"\xff", b"\xc0\x80", b"\xe2\x82", b"\xe2\x82x", b"\xed\xa0\x80", b"\xf0\x9f\x98", b"\xf0\x9f\x98\xf0\x9f\x98\x80",
    b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"ok\x80ok", b"\xe0\x80\x80", b"\xc3", b"\xc3\x28", b"\xf1\x80\x80\x41",
]


def random_text():
    ranges = [(0x20, 0x7E), (0, 0x1F), (0x80, 0x7FF), (0x800, 0xD7FF), (0xE000, 0xFFFF), (0x10000, 0x10FFFF)]
    return "".join(chr(RANDOM.randint(*RANDOM.choice(ranges))) for _ in range(RANDOM.randrange(24)))


def strings():
    raw = [s.encode() for s in SCRIPTS] + BROKEN + [random_text().encode() for _ in range(80)]
    raw += [bytes(RANDOM.randrange(256) for _ in range(RANDOM.randrange(16))) for _ in range(60)]
    for data in raw:
        text = data.decode("utf-8", "replace")
        yield {"hex": data.hex(), "ascii": json.dumps(text), "unicode": json.dumps(text, ensure_ascii=False)}


def random_value(depth):
    kind = RANDOM.randrange(9 if depth else 6)
    if kind == 0:
        return RANDOM.choice([None, True, False])
    if kind == 1:
        return RANDOM.choice([0, -1, 2**63 - 1, -(2**63), RANDOM.getrandbits(40), -RANDOM.getrandbits(62)])
    if kind == 2:
        return RANDOM.choice([0.0, -0.0, 1e-5, 1e22, 1e16, RANDOM.random(), RANDOM.gauss(0, 1e6)])
    if kind < 6:
        return RANDOM.choice([RANDOM.choice(SCRIPTS), random_text()])
    size = RANDOM.choice([0, 1, 2, 3, 5])
    if kind == 6:
        return [random_value(depth - 1) for _ in range(size)]
    return {RANDOM.choice([random_text(), RANDOM.choice("abzZ"), RANDOM.choice(SCRIPTS)]): random_value(depth - 1) for _ in range(size)}


def values():
    styles = [
        {}, {"indent": 2}, {"indent": 0}, {"indent": 4, "sort_keys": True}, {"sort_keys": True},
        {"ensure_ascii": False}, {"compact": True}, {"compact": True, "sort_keys": True, "ensure_ascii": False},
        {"compact": True, "indent": 2},
    ]
    fixed = [{}, [], [[]], [{}], {"a": {}}, {"a": [], "b": {"c": [1, [2, [3]]]}}, None, True, 0, "x", [None, [None]],
             {"Z": 1, "a": 2, "\U00010000": 3, "\uffff": 4, "é": 5, "": 6}]
    for number, value in enumerate(fixed + [random_value(4) for _ in range(240)]):
        for style in styles if number < len(fixed) else [RANDOM.choice(styles)]:
            arguments = {k: v for k, v in style.items() if k != "compact"}
            if style.get("compact"):
                arguments["separators"] = (",", ":")
            yield {"style": style, "value": value, "text": json.dumps(value, **arguments)}


def write(name, rows):
    rows = list(rows)
    (OUT / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="ascii")
    return len(rows)


OUT.mkdir(parents=True, exist_ok=True)
counts = {
    "floats.jsonl": write("floats.jsonl", floats()),
    "strings.jsonl": write("strings.jsonl", strings()),
    "values.jsonl": write("values.jsonl", values()),
}
manifest = {"maker": "tools/golden/json/make.py", "versions": {"python": platform.python_version()}, "rows": counts}
(OUT / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")
