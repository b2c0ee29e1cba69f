"""Random tensors through bitsandbytes on the CPU and through forgelm, every byte compared: codes, scales, nested
scales, offsets, and the values they stand for in float32, bfloat16 and float16.

    ninja -C build four_bit_dump
    OMP_NUM_THREADS=2 python3 tools/golden/four_bit/differential.py build/bin/four_bit_dump [--tensors 10000] [--seed 1]

Both sides run with the same number of threads: of more than 32,768 scales the mean depends on it. On a host with
AVX-512 bitsandbytes reads wrong scales when the columns are no multiple of the block, and gives FP4's negative zero as
zero; there such columns are left out and zeros are compared without their sign. The sign of not-a-number is not
compared.
"""
import argparse
import collections
import os
import pathlib
import subprocess
import sys

os.environ["TORCHDYNAMO_DISABLE"] = "1"  # its compiled form of odd shapes gives the same bytes, slowly
import numpy as np
import torch
import bitsandbytes.functional as F

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import versions

versions.require({"bitsandbytes": "0.50.2", "torch": "2.11.0"})
TYPES = [torch.float32, torch.bfloat16, torch.float16]
KINDS = ["nf4", "fp4"]
WIDE = torch.backends.cpu.get_cpu_capability() == "AVX512"
PARTS = ["codes", "scales", "nested scales", "offset", "float32", "bfloat16", "float16"]


def raw(tensor):
    return tensor.detach().contiguous().flatten().view(torch.uint8).numpy().tobytes() if tensor.numel() else b""


def table(kind):
    return F.get_4bit_type(kind, device="cpu")


def make_tensor(random, case):
    """A tensor of a kind that is drawn, and the name of that kind."""
    shape = {
        0: lambda: (int(random.integers(1, 200)),),
        1: lambda: (int(random.integers(1, 40)), int(random.integers(1, 200))),
        2: lambda: (int(random.integers(1, 20)), 64 * int(random.integers(1, 9))),
        3: lambda: (int(random.integers(1, 6)), int(random.integers(1, 6)), int(random.integers(1, 70))),
        4: lambda: (1,),
        5: lambda: (int(random.integers(200, 700)), int(random.integers(200, 700))),
    }[int(random.choice(6, p=[0.2, 0.3, 0.3, 0.1, 0.02, 0.08]))]()
    dtype = TYPES[int(random.integers(3))]
    n = int(np.prod(shape))
    fill = str(random.choice(["normal", "uniform", "ties", "bits", "denormal", "sparse", "blocks", "huge", "constant"]))
    if fill == "normal":
        values = random.standard_normal(n) * 10.0 ** random.uniform(-6, 3)
    elif fill == "uniform":
        values = random.uniform(-1, 1, n) * 10.0 ** random.uniform(-6, 3)
    elif fill == "ties":  # on bounds between codes and next to them, times a scale that keeps them exact
        codes = np.sort(table(KINDS[int(random.integers(2))]).numpy())
        bounds = np.concatenate([(codes[1:] + codes[:-1]) / np.float32(2), codes, [1, -1]]).astype(np.float32)
        values = random.choice(bounds, n).astype(np.float32)
        values = np.nextafter(values, random.choice([-2, 2], n).astype(np.float32), where=random.random(n) < 0.4,
                              out=values.copy())
        values = values * 2.0 ** int(random.integers(-10, 10))
    elif fill == "bits":  # any finite number at all
        bits = random.integers(0, 1 << 32, n, dtype=np.uint64).astype(np.uint32).view(np.float32)
        values = np.where(np.isfinite(bits), bits, 0)
    elif fill == "denormal":
        values = random.standard_normal(n) * 10.0 ** random.uniform(-46, -36)
    elif fill == "sparse":
        values = random.standard_normal(n) * (random.random(n) < 0.02)
    elif fill == "blocks":  # some blocks zero, others of very different scales
        scales = 10.0 ** random.uniform(-12, 4, n // 32 + 1) * (random.random(n // 32 + 1) < 0.7)
        values = random.standard_normal(n) * np.repeat(scales, 32)[:n]
    elif fill == "huge":
        values = random.uniform(-1, 1, n) * {torch.float16: 65504.0}.get(dtype, 3.38e38)
    else:
        values = np.full(n, random.choice([0.0, -0.0, 1.0, -3.5, 1e-38, 1e-45]))
    tensor = torch.from_numpy(np.ascontiguousarray(values, dtype=np.float64)).to(torch.float32).to(dtype)
    finite = torch.finfo(dtype).max
    tensor = torch.nan_to_num(tensor, nan=0.0, posinf=finite, neginf=-finite)
    return fill, tensor.reshape(shape if n > 2 else (n,))  # bitsandbytes transposes what fits one byte


def reference(tensor, kind, double, block):
    codes, state = F.quantize_4bit(tensor, blocksize=block, compress_statistics=double, quant_type=KINDS[kind])
    parts = [raw(codes), raw(state.absmax), raw(state.state2.absmax) if double else b"",
             raw(state.offset.reshape(1)) if double else b""]
    for dtype in TYPES:
        state.dtype = dtype
        parts.append(raw(F.dequantize_4bit(codes, state).contiguous().reshape(-1)))
    return parts


def comparable(part, dtype):
    """Values with one not-a-number (a mean beyond float32 makes them) and, where WIDE, with one zero."""
    numbers = np.frombuffer(part, np.uint32 if dtype == "float32" else np.uint16).copy()
    infinity = {"float32": 0x7F800000, "bfloat16": 0x7F80, "float16": 0x7C00}[dtype]
    magnitudes = numbers & (0x7FFFFFFF if dtype == "float32" else 0x7FFF)
    numbers[magnitudes > infinity] = infinity + 1
    if WIDE:
        numbers[magnitudes == 0] = 0
    return numbers.tobytes()


def ours(dump, cases, threads):
    request = b"".join(
        np.array([kind, double, block, TYPES.index(tensor.dtype), tensor.dim(), *tensor.shape], np.int64).tobytes()
        + raw(tensor) for _, tensor, kind, double, block in cases)
    reply = subprocess.run([dump, "--threads", str(threads)], input=request, stdout=subprocess.PIPE, check=True).stdout
    at = 0
    for _ in cases:
        parts = []
        for _ in PARTS:
            size = int.from_bytes(reply[at:at + 8], sys.byteorder)
            parts.append(reply[at + 8:at + 8 + size])
            at += 8 + size
        yield parts
    assert at == len(reply)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dump")
    parser.add_argument("--tensors", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--large", type=int, default=2, help="tensors of 5 million weights, after the others")
    options = parser.parse_args()
    random = np.random.default_rng(options.seed)
    threads = torch.get_num_threads()
    counts, weights, wrong, todo = collections.Counter(), 0, 0, options.tensors + options.large
    while todo > 0:
        cases = []
        for _ in range(min(todo, 250)):
            fill, tensor = make_tensor(random, todo)
            if todo <= options.large:
                fill, tensor = "large", torch.from_numpy(random.standard_normal((2000, 2500))).to(TYPES[todo % 3])
            kind, double = int(random.integers(2)), int(random.integers(2))
            block = 64 if random.random() < 0.7 else int(random.choice([32, 128, 256, 512, 1024, 2048, 4096]))
            if WIDE and tensor.shape[-1] % 16 == 0 and tensor.shape[-1] % block != 0:
                block = 32 if tensor.shape[-1] % 32 == 0 else None
            todo -= 1
            if block is not None:
                cases.append((fill, tensor, kind, double, block))
        for case, mine in zip(cases, ours(options.dump, cases, threads)):
            fill, tensor, kind, double, block = case
            theirs = reference(tensor, kind, bool(double), block)
            for name, a, b in zip(PARTS, theirs, mine):
                if a != b and name in PARTS[4:]:
                    a, b = comparable(a, name), comparable(b, name)
                if a != b:
                    wrong += 1
                    if wrong <= 20:
                        first = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
                        print("differs: %s of %s, %s %s, %s, double %d, block %d: sizes %d and %d, byte %d" % (
                            name, fill, tuple(tensor.shape), tensor.dtype, KINDS[kind], double, block, len(a), len(b),
                            first))
                    break
            counts[fill] += 1
            weights += tensor.numel()
    print("%d tensors, %d weights, %d threads, %s: %d differ" % (
        sum(counts.values()), weights, threads, torch.backends.cpu.get_cpu_capability(), wrong))
    print(", ".join("%s %d" % pair for pair in sorted(counts.items())))
    return wrong != 0


sys.exit(main())
