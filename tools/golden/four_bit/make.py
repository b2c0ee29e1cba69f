"""Makes tests/golden/four_bit with bitsandbytes on the CPU:
  cases.jsonl   tensors (their bits, or the rule of `ruled` below) and what they become: bytes as hex where they are
                few, else "sha256:" and their digest
  maps.json     bits of the 256 values of scales and of the 16 values of either kind
  logits.bin    float32 logits of templates/quickstart/model, quantized by transformers, at all positions of `IDS`

The mean of many scales depends on the order of summation. Here all sums of scales are exact in float32, hence the
goldens are those of any host; differential.py compares the others. Run with bitsandbytes 0.50.2, torch 2.11.0 and
transformers 5.23.0:
    OMP_NUM_THREADS=1 python3 tools/golden/four_bit/make.py
"""
import hashlib
import json
import os
import pathlib
import sys

os.environ["TORCHDYNAMO_DISABLE"] = "1"  # its compiled form of odd shapes gives the same bytes, slowly
import numpy as np
import torch
import bitsandbytes.functional as F
import transformers

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools" / "golden"))
import versions

VERSIONS = {"bitsandbytes": "0.50.2", "torch": "2.11.0", "transformers": "5.23.0"}
versions.require(VERSIONS)
OUT = ROOT / "tests" / "golden" / "four_bit"
TYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
BOTH = ("nf4", "fp4")
MODEL = ROOT / "templates" / "quickstart" / "model"
IDS = [[1, 403, 407, 261, 378, 432, 383, 286, 261, 400], [1, 9, 300, 511, 2, 77]]  # two sequences


def ruled(n, exponent):
    """Element i is (h - 2048) / 1024 * 2^exponent, h the upper 12 bits of i * 2654435761 modulo 2^32."""
    h = (np.arange(n, dtype=np.uint64) * 2654435761 % (1 << 32)) >> 20
    return (h.astype(np.float64) - 2048) / 1024 * 2.0 ** exponent


def raw(tensor):
    return tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b""


def stored(data):
    return data.hex() if len(data) <= 160 else "sha256:" + hashlib.sha256(data).hexdigest()


def check_sum(scales):
    """That no partial sum of the scales, in whatever order, is rounded."""
    numbers = scales.double().numpy()
    unit = min((2.0 ** (np.frexp(v)[1] - 24) for v in numbers if v), default=1.0)
    while unit < numbers.max(initial=0) and all((numbers / (2 * unit)) % 1 == 0):
        unit *= 2
    assert numbers.sum() / unit <= 2 ** 24, "the sum of these scales depends on its order"


def case(name, tensor, kind, double, block=64, rule=None):
    codes, state = F.quantize_4bit(tensor, blocksize=block, compress_statistics=double, quant_type=kind)
    row = {"name": name, "kind": kind, "double": double, "block": block, "shape": list(tensor.shape),
           "dtype": str(tensor.dtype)[6:]}
    row.update({"exponent": rule} if rule is not None else {"bits": raw(tensor).hex()})
    if double:
        check_sum(F.quantize_4bit(tensor, blocksize=block, quant_type=kind)[1].absmax)
        row.update(nested=stored(raw(state.state2.absmax)), offset=raw(state.offset.reshape(1)).hex())
    row.update(codes=stored(raw(codes)), scales=stored(raw(state.absmax)))
    for target, dtype in TYPES.items():
        state.dtype = dtype
        row[target] = stored(raw(F.dequantize_4bit(codes, state).contiguous()))
    return row


def near(numbers):
    """Each number with its neighbours."""
    numbers = np.asarray(numbers, np.float32)
    return np.concatenate([numbers, np.nextafter(numbers, np.float32(-2)), np.nextafter(numbers, np.float32(2))])


def cases():
    f32 = lambda values: torch.tensor(np.asarray(values, np.float32))
    for kind in BOTH:
        codes = np.sort(F.get_4bit_type(kind, device="cpu").numpy())
        bounds = (codes[1:] + codes[:-1]) / np.float32(2)
        ties = np.concatenate([[1], near(bounds)]).astype(np.float32)
        for exponent in (0, -7, 9, -120):  # an exact power of two of a scale keeps ties
            yield case("ties between codes times 2^%d" % exponent,
                       f32(np.concatenate([ties, np.zeros(18)]) * 2.0 ** exponent), kind, False)
        yield case("ties in a block that is not full", f32(ties), kind, False)
        yield case("codes themselves", f32(np.concatenate([codes, [-0.0]])), kind, True)
        third = np.float32(1 / 3)
        yield case("ties times a scale that rounds", f32(np.concatenate([ties, np.zeros(18)]) * third), kind, False)
        yield case("a zero block between others", f32(np.concatenate([ruled(64, 0), np.zeros(64), ruled(64, -3)])),
                   kind, True)
        yield case("nothing but zeros", torch.zeros(3, 50), kind, True)
        yield case("negative zeros", -torch.zeros(128), kind, False)
        yield case("one weight", f32([0.7]), kind, True)
        yield case("one zero", f32([0.0]), kind, True)
        yield case("three weights", f32([-0.3, 0.2, 0.1]), kind, False)
        yield case("denormals", f32(np.arange(-40, 60) * 2.0 ** -149), kind, True)
        yield case("below the least divisor",
                   f32(np.concatenate([np.arange(-32, 32) * 2.0 ** -132, [2.0 ** -130, 0, 3e-39]])), kind, False)
        yield case("a scale without a reciprocal", f32(np.concatenate([[2.0 ** -128], ruled(63, -130)])), kind, True)
        largest = np.finfo(np.float32).max
        yield case("the largest numbers", f32(np.concatenate([[largest, -largest], ruled(70, 126)])), kind, False)
        half = torch.tensor([65504.0, -65504.0] + [float(v) for v in range(-31, 31)] + [6e-8] * 8, dtype=torch.float16)
        yield case("the largest and least of float16", half, kind, False)
        yield case("two scales of very different size", f32(np.concatenate([ruled(64, 8), ruled(64, -8)])), kind, True)
        for dtype in TYPES.values():
            for n in (2, 63, 64, 65, 127, 129):
                yield case("%d by the rule" % n, torch.from_numpy(ruled(n, -2)).to(torch.float32).to(dtype), kind,
                           n % 2 == 0, rule=-2)
            for shape in ((7, 9), (33, 96), (64, 172), (300, 300), (130, 513)):
                values = torch.from_numpy(ruled(shape[0] * shape[1], -3)).to(torch.float32).to(dtype).reshape(shape)
                for double in (False, True):
                    yield case("%d x %d by the rule" % shape, values, kind, double, rule=-3)
        for block in (32, 128, 256, 512, 1024, 2048, 4096):
            values = torch.from_numpy(ruled(90 * 100, 0)).to(torch.float32).reshape(90, 100)
            yield case("blocks of %d" % block, values, kind, True, block, rule=0)


def logits():
    """Logits of both sequences, nf4 with double quantization, then fp4 without, end to end."""
    parts = []
    for kind, double in (("nf4", True), ("fp4", False)):
        quantization = transformers.BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type=kind, bnb_4bit_use_double_quant=double,
            bnb_4bit_compute_dtype=torch.float32)
        model = transformers.AutoModelForCausalLM.from_pretrained(
            MODEL, quantization_config=quantization, dtype=torch.float32, device_map="cpu", attn_implementation="eager")
        slots = sorted(name for name, part in model.named_modules() if type(part).__name__ == "Linear4bit")
        assert len(slots) == 35 and not any("lm_head" in name for name in slots), slots
        # In training mode: in evaluation a host with AVX512-BF16 multiplies in bfloat16 whatever was asked for.
        model.train()
        with torch.no_grad():
            parts += [model(torch.tensor([ids])).logits[0].float() for ids in IDS]
    return torch.cat([part.reshape(-1) for part in parts])


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    rows = list(cases())
    (OUT / "cases.jsonl").write_text("".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows))
    bits = lambda tensor: tensor.view(torch.int32).tolist()
    maps = {kind: bits(F.get_4bit_type(kind, device="cpu")) for kind in BOTH}
    maps["dynamic"] = bits(F.create_dynamic_map())
    (OUT / "maps.json").write_text(json.dumps(maps) + "\n")
    values = logits()
    (OUT / "logits.bin").write_bytes(values.numpy().astype("<f4").tobytes())
    (OUT / "MANIFEST.json").write_text(json.dumps({
        "maker": "tools/golden/four_bit/make.py", "versions": VERSIONS, "rows": {"cases.jsonl": len(rows)},
        "logits.bin": {"ids": IDS, "largest": float(values.abs().max())}}, indent=2) + "\n")


main()
