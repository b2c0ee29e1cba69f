"""Makes tests/golden/gguf: small GGUF files as the Python package gguf writes them, with what it reads from them.

Run with gguf 0.19.0: python3 tools/golden/gguf/make.py
"""

import hashlib
import importlib.metadata
import json
import pathlib
import sys

import gguf
import numpy
from gguf import GGMLQuantizationType, GGUFEndian, GGUFReader, GGUFValueType, GGUFWriter

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import versions  # noqa: E402

OUT = pathlib.Path(__file__).resolve().parents[3] / "tests" / "golden" / "gguf"
SCALARS = {
    "uint8": [0, 255], "int8": [-128, 127], "uint16": [0, 65535], "int16": [-32768, 32767],
    "uint32": [0, 2**32 - 1], "int32": [-2**31, 2**31 - 1], "uint64": [0, 2**64 - 1], "int64": [-2**63, 2**63 - 1],
    "float32": [0.0, -1.5, 3.4028234663852886e38], "float64": [0.1, -2.2250738585072014e-308], "bool": [True, False],
}
TYPES = {"bool": GGUFValueType.BOOL, **{n: GGUFValueType[n.upper()] for n in SCALARS if n != "bool"}}


def add_all_types(writer):
    for name, values in SCALARS.items():
        for i, value in enumerate(values):
            writer.add_key_value("scalar.%s.%d" % (name, i), value, TYPES[name])
        writer.add_key_value("array." + name, values, GGUFValueType.ARRAY, sub_type=TYPES[name])
    writer.add_string("text.plain", "plain")
    writer.add_string("text.empty", "")
    writer.add_string("text.unicode", "\u00fc \u2603 \U0001f600")
    writer.add_key_value("array.text", ["a", "", "\u00fc"], GGUFValueType.ARRAY, sub_type=GGUFValueType.STRING)
    writer.add_key_value("array.nested", [[1, 2], [3]], GGUFValueType.ARRAY, sub_type=GGUFValueType.ARRAY)


def write(name, fill, arch="test", **how):
    writer = GGUFWriter(OUT / name, arch, **how)
    fill(writer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def no_tensors(writer):
    add_all_types(writer)


def plain_tensors(writer):
    rng = numpy.random.default_rng(7)
    writer.add_tensor("scalar", numpy.array([1.5], dtype=numpy.float32))
    writer.add_tensor("matrix", rng.standard_normal((3, 5)).astype(numpy.float32))
    writer.add_tensor("half", rng.standard_normal((2, 3, 4)).astype(numpy.float16))
    writer.add_tensor("four.d", rng.standard_normal((2, 1, 3, 2)).astype(numpy.float64))
    for dtype in (numpy.int8, numpy.int16, numpy.int32, numpy.int64):
        writer.add_tensor("whole." + numpy.dtype(dtype).name, numpy.arange(7, dtype=dtype))


def quantized(writer):
    """Every type that has blocks: two rows of one block each, the bytes counted up."""
    for kind in GGMLQuantizationType:
        block, size = gguf.GGML_QUANT_SIZES[kind]
        if block == 1:
            continue
        data = numpy.arange(2 * size, dtype=numpy.uint8).reshape(2, size)
        writer.add_tensor("blocks." + kind.name.lower(), data, raw_dtype=kind)
    data = numpy.arange(12, dtype=numpy.uint8).reshape(2, 6)
    writer.add_tensor("bf16", data, raw_dtype=GGMLQuantizationType.BF16)


def aligned(writer):
    writer.add_custom_alignment(256)
    writer.add_tensor("a", numpy.arange(3, dtype=numpy.float32))
    writer.add_tensor("b", numpy.arange(3, dtype=numpy.float32))


def quantized_by_package(writer):
    rng = numpy.random.default_rng(11)
    for kind in (GGMLQuantizationType.Q4_0, GGMLQuantizationType.Q8_0):
        weights = rng.standard_normal((2, 64)).astype(numpy.float32)
        writer.add_tensor("w." + kind.name.lower(), gguf.quants.quantize(weights, kind), raw_dtype=kind)


def plain(value):
    return value.item() if isinstance(value, numpy.generic) else value


def described(path):
    reader = GGUFReader(path)
    fields = []
    for key, field in reader.fields.items():
        if key.startswith("GGUF."):
            continue
        fields.append({"key": key, "types": [t.name for t in field.types],
                       "value": None if key == "array.nested" else plain(field.contents())})
    tensors = [{"name": t.name, "type": t.tensor_type.name, "shape": [int(n) for n in t.shape],
                "offset": int(t.data_offset), "size_bytes": int(t.n_bytes),
                "sha256": hashlib.sha256(bytes(reader.data[t.data_offset:t.data_offset + t.n_bytes])).hexdigest()}
               for t in reader.tensors]
    return {"file": path.name, "version": int(reader.fields["GGUF.version"].contents()),
            "alignment": int(reader.alignment), "data_offset": int(reader.data_offset),
            "big_endian": reader.endianess == GGUFEndian.BIG, "metadata": fields, "tensors": tensors}


def main():
    versions.require({"gguf": "0.19.0"})
    OUT.mkdir(parents=True, exist_ok=True)
    write("all-types.gguf", no_tensors)
    write("tensors.gguf", plain_tensors)
    write("blocks.gguf", quantized)
    write("quantized.gguf", quantized_by_package)
    write("aligned.gguf", aligned)
    write("big-endian.gguf", lambda w: (add_all_types(w), plain_tensors(w)), endianess=GGUFEndian.BIG)
    rows = [described(path) for path in sorted(OUT.glob("*.gguf"))]
    (OUT / "files.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    types = [{"id": int(kind), "name": kind.name, "block": gguf.GGML_QUANT_SIZES[kind][0],
              "bytes": gguf.GGML_QUANT_SIZES[kind][1]} for kind in GGMLQuantizationType]
    (OUT / "types.json").write_text(json.dumps(types, indent=1) + "\n")
    manifest = {"maker": "tools/golden/gguf/make.py",
                "versions": {"gguf": importlib.metadata.version("gguf"), "numpy": numpy.__version__},
                "rows": {"files.jsonl": len(rows), "types.json": len(types)}}
    (OUT / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    main()
