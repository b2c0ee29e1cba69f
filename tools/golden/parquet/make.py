#!/usr/bin/env python3
"""Writes tests/golden/parquet: small Parquet files and the rows that pyarrow reads from them.

    pip install pyarrow==26.0.1
    python tools/golden/parquet/make.py

NAME.parquet with NAME.jsonl: a line per row, what Table.to_pylist() gives, as json.dumps writes it, except: dates, times and decimals are
their isoformat() and str(); instants are told in UTC; maps with text keys are objects; unsigned numbers beyond int64 are floats;
floats that are not finite are the texts "nan", "inf" and "-inf"; bytes are text, or left out where they are not UTF-8 (in a list: null);
{bytes, path} has no bytes. bad_text.parquet (the text in row 1 is not UTF-8), nanoseconds.parquet (which Python cannot hold) and the
bombs have no rows beside them. erasure.parquet is for taking rows out of it.
"""
import datetime
import decimal
import json
import math
import pathlib
import random
import sys

import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import versions  # noqa: E402

OUT = pathlib.Path(__file__).resolve().parents[3] / "tests" / "golden" / "parquet"
VERSIONS = {"pyarrow": "26.0.1"}
UTC = datetime.timezone.utc
LEFT_OUT = object()


def plain(value, kind):
    """What a row of ours holds for `value`, a Python value of the Arrow type `kind`."""
    if isinstance(kind, pa.DictionaryType):
        return plain(value, kind.value_type)
    if value is None or isinstance(value, (bool, str)):
        return value
    if pa.types.is_duration(kind):
        return str(value)
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return LEFT_OUT
    if isinstance(value, datetime.datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).isoformat()
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, int):
        return value if value < 2**63 else float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if pa.types.is_map(kind):
        pairs = [(plain(k, kind.key_type), plain(v, kind.item_type)) for k, v in value]
        return dict(pairs) if pa.types.is_string(kind.key_type) else [list(pair) for pair in pairs]
    if isinstance(value, dict):
        fields = {f.name: f.type for f in kind}
        if list(fields) == ["bytes", "path"]:
            return {"path": value["path"]}
        members = {name: plain(value[name], fields[name]) for name in fields}
        return {name: member for name, member in members.items() if member is not LEFT_OUT}
    items = [plain(item, kind.value_type) for item in value]
    return [None if item is LEFT_OUT else item for item in items]


def write(name, table, rows=None, **options):
    """`rows` is the file of rows that this one shares with others."""
    pq.write_table(table, OUT / (name + ".parquet"), **{"store_schema": True, **options})
    read = pq.read_table(OUT / (name + ".parquet"))
    with open(OUT / ((rows or name) + ".jsonl"), "w", encoding="ascii") as lines:
        for row in read.to_pylist():
            members = {f.name: plain(row[f.name], f.type) for f in read.schema}
            lines.write(json.dumps({k: v for k, v in members.items() if v is not LEFT_OUT}) + "\n")


def scalars():
    """Each type with its ends, what lies between, and a null."""
    d, t, dt = datetime.date, datetime.time, datetime.datetime
    zone = datetime.timezone(datetime.timedelta(hours=5, minutes=45))
    columns = {
        "null": (pa.null(), []),
        "bool": (pa.bool_(), [True, False]),
        "half": (pa.float16(), [0.5, -65504.0, 6e-8, math.inf, math.nan]),
        "float": (pa.float32(), [0.1, -3.4e38, 1e-45, math.inf, -math.inf, math.nan, -0.0]),
        "double": (pa.float64(), [0.1, -1.7e308, 5e-324, math.inf, -math.inf, math.nan, 1e16, 1e22]),
        "string": (pa.string(), ["", "a", "Grüße, 中文 \U0001f600", "\x00\x1f\"\\\n", "x" * 300]),
        "large_string": (pa.large_string(), ["", "large"]),
        "string_view": (pa.string_view(), ["short", "a text that is longer than twelve bytes"]),
        "binary": (pa.binary(), [b"text", b"\xff\x00", b""]),
        "large_binary": (pa.large_binary(), [b"text", b"\xc3\x28"]),
        "fixed": (pa.binary(4), [b"four", b"\xff\xff\xff\xff"]),
        "date32": (pa.date32(), [d(1970, 1, 1), d(1, 1, 1), d(9999, 12, 31), d(2000, 2, 29), d(1900, 2, 28), d(1900, 3, 1), d(1969, 12, 31)]),
        "date64": (pa.date64(), [d(2024, 2, 29), d(1969, 12, 31), d(1, 1, 1)]),
        "time_s": (pa.time32("s"), [t(0), t(23, 59, 59)]),
        "time_ms": (pa.time32("ms"), [t(1, 2, 3, 4000), t(12)]),
        "time_us": (pa.time64("us"), [t(1, 2, 3, 4), t(23, 59, 59, 999999)]),
        "time_ns": (pa.time64("ns"), [t(1, 2, 3, 4)]),
        "stamp_s": (pa.timestamp("s"), [dt(1970, 1, 1), dt(1, 1, 1), dt(9999, 12, 31, 23, 59, 59), dt(1969, 12, 31, 23, 59, 59)]),
        "stamp_ms": (pa.timestamp("ms"), [dt(2024, 2, 29, 1, 2, 3, 4000), dt(1900, 1, 1)]),
        "stamp_us": (pa.timestamp("us"), [dt(2024, 2, 29, 1, 2, 3, 4), dt(1, 1, 1, 0, 0, 0, 1)]),
        "stamp_utc": (pa.timestamp("us", "UTC"), [dt(2024, 2, 29, 23, 0, 0, 1, UTC), dt(1969, 12, 31, tzinfo=UTC)]),
        "stamp_zone": (pa.timestamp("ms", "+05:45"), [dt(2024, 2, 29, 1, 2, 3, tzinfo=zone)]),
        "duration": (pa.duration("us"), [datetime.timedelta(days=1, seconds=3661, microseconds=5), datetime.timedelta(seconds=-1), datetime.timedelta(days=2), datetime.timedelta(0)]),
        "decimal": (pa.decimal128(20, 4), [decimal.Decimal("1.5000"), decimal.Decimal("-9999999999999999.9999"), decimal.Decimal("0.0001"), decimal.Decimal(0)]),
        "decimal_tiny": (pa.decimal128(12, 10), [decimal.Decimal("0.0000000001"), decimal.Decimal("-0.0000012000")]),
        "decimal_wide": (pa.decimal256(60, 2), [decimal.Decimal("1" * 58 + ".25")]),
        "decimal32": (pa.decimal32(7, 2), [decimal.Decimal("12345.67")]),
        "decimal64": (pa.decimal64(16, 0), [decimal.Decimal("-1234567890123456")]),
        "dictionary": (pa.dictionary(pa.int32(), pa.string()), ["red", "green", "red", "", "green"]),
    }
    for bits in (8, 16, 32, 64):
        columns["int%d" % bits] = (getattr(pa, "int%d" % bits)(), [0, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1])
        columns["uint%d" % bits] = (getattr(pa, "uint%d" % bits)(), [0, 2 ** (bits - 1), 2**bits - 1])
    length = 1 + max(len(values) for _, values in columns.values())
    return pa.table({name: pa.array(values + [None] * (length - len(values)), kind) for name, (kind, values) in columns.items()})


def nested():
    message = pa.struct([("role", pa.string()), ("content", pa.string()), ("calls", pa.list_(pa.struct([("name", pa.string()), ("arguments", pa.map_(pa.string(), pa.string()))])))])
    deep, depth = "end", pa.string()
    for _ in range(20):
        deep, depth = [deep], pa.list_(depth)
    schema = pa.schema([
        ("messages", pa.list_(message)), ("large", pa.large_list(pa.int32())), ("three", pa.list_(pa.float32(), 3)),
        ("object", pa.struct([("a", pa.struct([("b", pa.list_(pa.string())), ("n", pa.int8())])), ("when", pa.date32())])),
        ("map", pa.map_(pa.string(), pa.int64())), ("pairs", pa.map_(pa.int32(), pa.list_(pa.string()))),
        ("names", pa.list_(pa.dictionary(pa.int8(), pa.string()))), ("blobs", pa.list_(pa.binary())),
        ("holder", pa.struct([("blob", pa.binary()), ("text", pa.string())])), ("deep", depth)])
    full = {"messages": [{"role": "system", "content": "Sei höflich.", "calls": None},
                         {"role": "assistant", "content": None, "calls": [{"name": "f", "arguments": [("x", "1"), ("y", None), ("x", "3")]}, {"name": None, "arguments": []}]}],
            "large": [1, None, 3], "three": [1.0, None, 3.5], "object": {"a": {"b": ["x", "", None], "n": -1}, "when": datetime.date(2024, 1, 2)},
            "map": [("b", 2), ("a", 1)], "pairs": [(2, ["x"]), (1, None), (2, [])], "names": ["u", "v", None, "u"],
            "blobs": [b"ok", b"\xff", None], "holder": {"blob": b"\xfe", "text": "kept"}, "deep": deep}
    empty = {"messages": [], "large": [], "three": [0.0, 0.0, 0.0], "object": {"a": {"b": [], "n": None}, "when": None}, "map": [], "pairs": [],
             "names": [], "blobs": [], "holder": {"blob": b"text", "text": None}, "deep": []}
    inner = {"messages": [None], "large": None, "three": None, "object": {"a": None, "when": None}, "map": None, "pairs": None, "names": None,
             "blobs": None, "holder": {"blob": None, "text": "t"}, "deep": [None]}
    return pa.Table.from_pylist([full, empty, {}, inner, full], schema=schema)


def prose(count):
    """Rows of text that compress, with nulls; always the same."""
    draw = random.Random(7)
    words = "the of and model data rows file bank ward gate loss ünïcode 数据 token".split()
    return pa.table({
        "id": pa.array(range(count), pa.int64()),
        "text": pa.array([None if i % 17 == 3 else " ".join(draw.choice(words) for _ in range(draw.randrange(12))) for i in range(count)], pa.string()),
        "score": pa.array([draw.random() for _ in range(count)], pa.float64()),
        "tags": pa.array([[draw.choice(words) for _ in range(draw.randrange(4))] for _ in range(count)], pa.list_(pa.string()))})


def media():
    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    schema = pa.schema([("text", pa.string()), ("image", image), ("images", pa.list_(image)), ("holder", pa.struct([("audio", image), ("n", pa.int32())]))])
    picture = {"bytes": b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "path": "a.png"}
    return pa.Table.from_pylist([
        {"text": "one", "image": picture, "images": [picture, None, {"bytes": None, "path": "b.png"}], "holder": {"audio": picture, "n": 1}},
        {"text": "two", "image": {"bytes": b"x", "path": None}, "images": [], "holder": None},
        {"text": "three", "image": None, "images": None, "holder": {"audio": None, "n": None}}], schema=schema)


def bad_text():
    data = [b"good", b"bad \xff\xfe here", b"good again"]
    offsets = pa.array([0, 4, 15, 25], pa.int32()).buffers()[1]
    return pa.table({"text": pa.Array.from_buffers(pa.string(), 3, [None, offsets, pa.py_buffer(b"".join(data))])})


def erasure():
    """A person in a dictionary, in texts and at the end of every statistic, in the rows 5 and 9 of 10."""
    people = ["person-%d" % (4711 if i in (4, 8) else 1000 + i) for i in range(10)]
    texts = ["zz written to %s" % person if person == "person-4711" else "a text" for person in people]
    return pa.table({"id": pa.array(people).dictionary_encode(), "text": texts, "words": [text.split() for text in texts]})


OUT.mkdir(parents=True, exist_ok=True)
versions.require(VERSIONS)
write("scalars", scalars())
write("nested", nested())
# As tools without Arrow write it: no schema of Arrow's beside that of Parquet.
write("plain_schema", prose(40), rows="prose", store_schema=False)
for codec in ("none", "snappy", "gzip", "zstd", "brotli", "lz4"):
    write("codec_" + codec, prose(40), rows="prose", compression=codec)
write("groups", prose(60), row_group_size=7, compression="zstd", data_page_size=64, write_page_checksum=True)
write("batches", prose(2500).select(["id"]), compression="zstd")
write("encodings", prose(40), rows="prose", use_dictionary=False, data_page_version="2.0",
      column_encoding={"id": "DELTA_BINARY_PACKED", "text": "DELTA_BYTE_ARRAY", "score": "BYTE_STREAM_SPLIT", "tags.list.element": "DELTA_LENGTH_BYTE_ARRAY"})
write("int96", pa.table({"when": pa.array([datetime.datetime(2024, 2, 29, 1, 2, 3, 4), None], pa.timestamp("us"))}), use_deprecated_int96_timestamps=True)
write("media", media())
write("no_rows", prose(0))
write("erasure", erasure(), compression="none")
pq.write_table(bad_text(), OUT / "bad_text.parquet")
pq.write_table(pa.table({"stamp": pa.array([1, -1, 10**9], pa.timestamp("ns")), "time": pa.array([1, 3600 * 10**9, 86399999999999], pa.time64("ns"))}),
               OUT / "nanoseconds.parquet")
# A few hundred bytes each: a text of 900 kB again and again (as text; as a dictionary, which takes no memory), a list of 10**7 nulls.
long_text = "x" * 900_000
pq.write_table(pa.table({"text": pa.array([long_text] * 1200)}), OUT / "bomb_text.parquet", compression="zstd", store_schema=False)
repeated = pa.DictionaryArray.from_arrays(pa.array([0] * 2000, pa.int32()), pa.array([long_text]))
pq.write_table(pa.table({"text": repeated}), OUT / "bomb_dictionary.parquet", compression="zstd")
many_nulls = pa.ListArray.from_arrays(pa.array([0, 10**7], pa.int32()), pa.nulls(10**7, pa.string()))
pq.write_table(pa.table({"list": many_nulls}), OUT / "bomb_list.parquet", compression="zstd")
manifest = {"maker": "tools/golden/parquet/make.py", "versions": VERSIONS, "files": sorted(p.name for p in OUT.glob("*.parquet"))}
(OUT / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")
