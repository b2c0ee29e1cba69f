"""Makes tests/golden/optimizers: weights after each of ten steps of the reference optimizers, and clipped gradients.

Weights and gradients come from tools/golden/rule.py, which the tests compute as well; only results are stored.
Run with torch 2.11.0, transformers 5.23.0, bitsandbytes 0.50.2 on a processor: python3 tools/golden/optimizers/make.py
"""

import json
import pathlib
import sys

import bitsandbytes
import numpy
import torch
from transformers.optimization import Adafactor

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import versions  # noqa: E402
from rule import rule  # noqa: E402

VERSIONS = {"torch": "2.11.0", "transformers": "5.23.0", "bitsandbytes": "0.50.2"}
versions.require(VERSIONS)
torch.set_num_threads(1)
OUT = pathlib.Path(__file__).resolve().parents[3] / "tests" / "golden" / "optimizers"

# Name, shape, whether it decays, factor of the rate. The third is above 4096 values and ends in a block of 68.
WEIGHTS = [("matrix", (5, 7), True, 1.0), ("norm", (13,), False, 1.0), ("large", (52, 80), True, 1.0), ("faster", (6, 4), True, 4.0)]
DECAY = 0.05
NUM_STEPS = 10
ABSENT = {(3, "norm"), (4, "norm"), (0, "faster")}  # (step, weight) without a gradient


def gradient(step, number, shape):
    """Magnitudes from 1 to 1e-4, block by block and value by value, and some zeros."""
    count = int(numpy.prod(shape))
    values = rule((count,), 100 * step + number + 7, 1.0).astype(numpy.float64)
    i = numpy.arange(count)
    values = values * numpy.power(10.0, -((i // 256 + i % 3) % 5))
    values[i % 11 == 5] = 0
    return torch.from_numpy(values.astype(numpy.float32)).reshape(shape)


def rate(step):
    return 0.01 * (NUM_STEPS - step) / NUM_STEPS


def groups(parameters):
    return [
        {"params": [parameters[name]], "weight_decay": DECAY if decays else 0.0, "factor": factor, "lr": 0.01}
        for name, _, decays, factor in WEIGHTS
    ]


BUILDERS = {
    "adamw": lambda g: torch.optim.AdamW(g, betas=(0.9, 0.999), eps=1e-8, foreach=False),
    "sgd": lambda g: torch.optim.SGD(g, foreach=False),
    "adafactor": lambda g: Adafactor(g, scale_parameter=False, relative_step=False),
    "adamw_8bit": lambda g: bitsandbytes.optim.AdamW(g, betas=(0.9, 0.999), eps=1e-8, optim_bits=8),
}


def sampled(tensor):
    flat = tensor.detach().reshape(-1)
    return (flat if flat.numel() < 100 else flat[::83]).tolist()


def run(name):
    parameters = {
        n: torch.nn.Parameter(torch.from_numpy(rule(shape, k + 1, 0.2)))
        for k, (n, shape, _, _) in enumerate(WEIGHTS)
    }
    optimizer = BUILDERS[name](groups(parameters))
    steps = []
    for step in range(NUM_STEPS):
        for group in optimizer.param_groups:
            group["lr"] = rate(step) * group["factor"]
        for number, (n, shape, _, _) in enumerate(WEIGHTS):
            parameters[n].grad = None if (step, n) in ABSENT else gradient(step, number, shape)
        optimizer.step()
        steps.append({n: sampled(p) for n, p in parameters.items()})
    result = {"steps": steps}
    if name == "adamw_8bit":
        state = optimizer.state[parameters["large"]]
        for ours, theirs in (("exp_avg", "state1"), ("exp_avg_sq", "state2")):
            result[ours + "_codes"] = state[theirs].reshape(-1).tolist()
            result[ours + "_absmax"] = state["absmax" + theirs[-1]].tolist()
    return result


def clipped(max_norm):
    parameters = []
    for number, (_, shape, _, _) in enumerate(WEIGHTS):
        parameters.append(torch.nn.Parameter(torch.zeros(shape)))
        parameters[-1].grad = gradient(1, number, shape)
    norm = torch.nn.utils.clip_grad_norm_(parameters, max_norm, foreach=False)
    return {"max_norm": max_norm, "norm": norm.item(), "gradients": {w[0]: sampled(p.grad) for w, p in zip(WEIGHTS, parameters)}}


OUT.mkdir(parents=True, exist_ok=True)
golden = {name: run(name) for name in BUILDERS}
golden["clip"] = [clipped(m) for m in (0.5, 1.0, 100.0)]
maps = {"signed": bitsandbytes.functional.create_dynamic_map(True), "unsigned": bitsandbytes.functional.create_dynamic_map(False)}
golden["dynamic_maps"] = {n: m.tolist() for n, m in maps.items()}
(OUT / "optimizers.json").write_text(json.dumps(golden) + "\n")
manifest = {"maker": "tools/golden/optimizers/make.py", "versions": VERSIONS, "rows": {"optimizers.json": len(golden)}}
(OUT / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")
