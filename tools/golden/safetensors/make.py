"""Makes tests/golden/safetensors: files as the reference library writes them, and its verdict on headers.

Run with safetensors 0.8.0: python3 tools/golden/safetensors/make.py
Each *.safetensors file is read, written again and compared byte for byte by the tests. Metadata has one key at most: the
reference leaves the order of several to chance. A row of headers.jsonl is a header, the number of data bytes behind it
and whether the reference takes the file; "stricter": why ours refuses what the reference takes.
"""

import ctypes
import json
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import versions

versions.require({"safetensors": "0.8.0"})
from safetensors import SafetensorError, TensorSpec, deserialize, serialize  # noqa: E402

OUT = pathlib.Path(__file__).resolve().parents[3] / "tests" / "golden" / "safetensors"
SIZES = {"bool": 1, "uint8": 1, "int8": 1, "float8_e5m2": 1, "float8_e4m3fn": 1, "int16": 2, "uint16": 2, "float16": 2,
         "bfloat16": 2, "int32": 4, "uint32": 4, "float32": 4, "float64": 8, "int64": 8, "uint64": 8}
held = []  # the library takes addresses: what they point to lives until the end


def spec(dtype, shape, seed):
    count = SIZES[dtype]
    for size in shape:
        count *= size
    data = bytes((seed * 37 + i * 11) % 251 for i in range(count))
    buffer = ctypes.create_string_buffer(data, max(1, count))
    held.append(buffer)
    return TensorSpec(dtype=dtype, shape=shape, data_ptr=ctypes.addressof(buffer), data_len=count)


def files():
    # Names such that order by name alone, or by size and name, would differ from the reference's order.
    yield "all_types", {"%s.%s" % (prefix, dtype): spec(dtype, [2, 3], i)
                        for i, dtype in enumerate(SIZES) for prefix in ("b", "a")}, {"format": "pt"}
    yield "shapes", {"scalar": spec("float32", [], 1), "none": spec("float32", [0, 7], 2), "deep": spec(
        "float32", [1, 2, 1, 2, 1, 2, 1, 2], 3), "after": spec("int8", [3], 4), "a": spec("int64", [0], 5)}, None
    yield "names", {name: spec("bfloat16", [i + 1], i) for i, name in enumerate(
        ["model.layers.0.self_attn.q_proj.weight", "model.layers.10.x", "model.layers.2.x", "", " ", "\"quoted\\\"",
         "tab\tline\nnul\0del\x7f", "\x01\x1f", "slash/", "\u00e9\u4e2d\U0001f600", "Z", "a", "_"])}, {
             "note": "quote \" back \\ line \n \u00e9"}
    yield "empty", {}, None
    yield "only_metadata_and_one", {"x": spec("float16", [1], 9)}, {"format": "pt"}
    for width in range(8):  # every length of padding
        yield "padding_%d" % width, {"x" * (width + 1): spec("uint8", [width], width)}, None


def one(**members):
    return {"dtype": "U8", "shape": [4], "data_offsets": [0, 4], **members}


def headers():
    yield "plain", {"a": one()}, 4, None
    yield "two in any order", {"b": one(data_offsets=[4, 8]), "a": one()}, 8, None
    yield "nothing", {}, 0, None
    yield "nothing, but data", {}, 1, None
    yield "metadata", {"__metadata__": {"k": "v"}, "a": one()}, 4, None
    yield "metadata null", '{"__metadata__":null}', 0, None
    yield "metadata of numbers", {"__metadata__": {"k": 1}}, 0, None
    yield "metadata a list", {"__metadata__": []}, 0, None
    yield "metadata twice", '{"__metadata__":{},"__metadata__":{}}', 0, None
    yield "metadata nested", {"__metadata__": {"k": {"v": "w"}}}, 0, None
    yield "metadata key twice", '{"__metadata__":{"k":"1","k":"2"}}', 0, "one of the two would be lost"
    yield "space before and in between", ' \n{ "a" : {"dtype":\t"U8", "shape":[ 4 ] ,"data_offsets":[0 , 4]}\r}', 4, None
    yield "padding of all spaces", '{} \n\t\r  ', 0, None
    yield "padding of NUL", '{}\0\0', 0, None
    yield "byte order mark", '\ufeff{}', 0, None
    yield "text behind", '{} x', 0, None
    yield "two values", '{}{}', 0, None
    yield "an array", '[]', 0, None
    yield "no header", '', 0, None
    yield "cut", '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}', 4, None
    yield "cut in a text", '{"a":{"dtype":"U', 4, None
    yield "cut in an escape", '{"a\\u00', 0, None
    yield "name escaped", '{"\\u0041\\n\\/\\ud83d\\ude00":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}', 4, None
    yield "name with half a pair", '{"\\ud83d":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}', 4, None
    yield "name with the second half", '{"\\ude00":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}', 4, None
    yield "name with a pair of firsts", '{"\\ud83d\\ud83d":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}', 4, None
    yield "name with a bad escape", '{"\\x41":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}', 4, None
    yield "name with a control character", '{"a\nb":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}', 4, None
    yield "name of 1024 bytes", {"n" * 1024: one()}, 4, None
    yield "name of 1025 bytes", {"n" * 1025: one()}, 4, "names are bounded"
    yield "name twice", '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}', 4, "one of the two would be lost"
    yield "name twice, both present", '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}', 8, None
    yield "no dtype", {"a": {"shape": [4], "data_offsets": [0, 4]}}, 4, None
    yield "no shape", {"a": {"dtype": "U8", "data_offsets": [0, 4]}}, 4, None
    yield "no offsets", {"a": {"dtype": "U8", "shape": [4]}}, 4, None
    yield "dtype twice", '{"a":{"dtype":"U8","dtype":"U8","shape":[4],"data_offsets":[0,4]}}', 4, None
    yield "unknown member", {"a": one(strides=[1])}, 4, "it may change what the bytes mean"
    yield "unknown member, deep", {"a": one(x={"y": [{"z": []}]})}, 4, "it may change what the bytes mean"
    yield "tensor as a list", {"a": ["U8", [4], [0, 4]]}, 4, "not what the format's description says"
    yield "unknown dtype", {"a": one(dtype="U9")}, 4, None
    yield "small letters", {"a": one(dtype="u8")}, 4, None
    yield "dtype a number", {"a": one(dtype=8)}, 4, None
    for dtype in ("F4", "F6_E2M3", "F8_E8M0", "F8_E4M3FNUZ", "C64"):
        yield "dtype " + dtype, {"a": one(dtype=dtype, shape=[8], data_offsets=[0, {"F4": 4, "F6_E2M3": 6, "C64": 64}.get(dtype, 8)])}, \
            {"F4": 4, "F6_E2M3": 6, "C64": 64}.get(dtype, 8), "no model here has this type"
    yield "negative dimension", {"a": one(shape=[-4])}, 4, None
    yield "minus nought", '{"a":{"dtype":"U8","shape":[-0],"data_offsets":[0,0]}}', 0, None
    yield "fraction", {"a": one(shape=[4.0])}, 4, None
    yield "exponent", '{"a":{"dtype":"U8","shape":[4e0],"data_offsets":[0,4]}}', 4, None
    yield "zero before", '{"a":{"dtype":"U8","shape":[04],"data_offsets":[0,4]}}', 4, None
    yield "plus", '{"a":{"dtype":"U8","shape":[+4],"data_offsets":[0,4]}}', 4, None
    yield "dimension as text", {"a": one(shape=["4"])}, 4, None
    yield "dimension beyond 64 bits", {"a": one(shape=[2**64], data_offsets=[0, 0])}, 0, None
    yield "dimension of 2^63", {"a": one(shape=[0, 2**63], data_offsets=[0, 0])}, 0, "sizes are signed here"
    yield "empty with a huge dimension", {"a": one(shape=[0, 2**62], data_offsets=[0, 0])}, 0, None
    yield "empty with dimensions that overflow", {"a": one(shape=[2**62, 2**62, 0], data_offsets=[0, 0])}, 0, None
    yield "a product that wraps to 4 elements", {"a": one(dtype="F32", shape=[4194305, 4194305, 211106198978564], data_offsets=[0, 16])}, 16, None
    yield "a product that wraps to 0", {"a": one(shape=[2**32, 2**32], data_offsets=[0, 0])}, 0, None
    yield "bytes that wrap", {"a": one(dtype="F64", shape=[2**61], data_offsets=[0, 0])}, 0, None
    yield "eight dimensions", {"a": one(shape=[1] * 7 + [4])}, 4, None
    yield "nine dimensions", {"a": one(shape=[1] * 8 + [4])}, 4, "dimensions are bounded"
    yield "shape too small", {"a": one(shape=[3])}, 4, None
    yield "shape too large", {"a": one(shape=[5])}, 4, None
    yield "offsets of three", {"a": one(data_offsets=[0, 4, 4])}, 4, None
    yield "offsets of one", {"a": one(data_offsets=[4])}, 4, None
    yield "offsets backwards", {"a": one(data_offsets=[4, 0])}, 4, None
    yield "offsets beyond the file", {"a": one(data_offsets=[0, 8], shape=[8])}, 4, None
    yield "offsets beyond 64 bits", {"a": one(data_offsets=[0, 2**64])}, 4, None
    yield "offsets near 2^64", {"a": one(data_offsets=[2**64 - 4, 2**64 - 1], shape=[3])}, 4, None
    yield "a hole first", {"a": one(data_offsets=[4, 8])}, 8, None
    yield "a hole between", {"a": one(), "b": one(data_offsets=[5, 9])}, 9, None
    yield "overlap", {"a": one(), "b": one(data_offsets=[3, 7])}, 7, None
    yield "the same bytes", {"a": one(), "b": one()}, 4, None
    yield "data behind", {"a": one()}, 5, None
    yield "data missing", {"a": one()}, 3, None
    yield "empty tensors at one place", {"a": one(shape=[0], data_offsets=[0, 0]), "b": one(shape=[0], data_offsets=[0, 0]), "c": one()}, 4, None
    yield "empty tensor inside another", {"a": one(), "b": one(shape=[0], data_offsets=[2, 2])}, 4, None
    yield "deep nesting", "[" * 2000, 0, None
    yield "comma at the end", '{"a":{"dtype":"U8","shape":[4,],"data_offsets":[0,4]}}', 4, None
    yield "comma at the end of all", '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},}', 4, None
    yield "single quotes", "{'a':{'dtype':'U8','shape':[4],'data_offsets':[0,4]}}", 4, None


def is_accepted(header, num_data):
    try:
        deserialize(struct.pack("<Q", len(header)) + header + bytes(num_data))
        return True
    except SafetensorError:
        return False


OUT.mkdir(parents=True, exist_ok=True)
made = {}
for name, tensors, metadata in files():
    data = serialize(tensors, metadata)
    (OUT / (name + ".safetensors")).write_bytes(data)
    made[name + ".safetensors"] = len(data)
rows = []
for name, header, num_data, stricter in headers():
    text = header if isinstance(header, str) else json.dumps(header, separators=(",", ":"))
    row = {"name": name, "header": text, "num_data": num_data, "accepted": is_accepted(text.encode(), num_data)}
    if stricter:
        row["stricter"] = stricter
        assert row["accepted"], row
    rows.append(row)
(OUT / "headers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
made["headers.jsonl"] = len(rows)
manifest = {"maker": "tools/golden/safetensors/make.py", "versions": {"safetensors": "0.8.0"},
            "bytes of files, rows of headers.jsonl": made}
(OUT / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")
