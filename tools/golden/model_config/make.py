"""Makes tests/golden/model_config: what transformers makes of config.json files of the family llama.

Run with torch 2.11.0, transformers 5.23.0: OMP_NUM_THREADS=1 python3 tools/golden/model_config/make.py
A row of configs.jsonl: `config` (and `generation_config`) as they stand in files, `rope_scaling` of a job merged as
forgelm 0.11.1 does it, and `expected`: the fields of the loaded LlamaConfig, its rope_parameters as the model's rotary
embedding has completed them, and the ids that begin and end a text. `refused`: the reference raises. `stricter`: why
ours refuses what the reference takes.
"""

import copy
import json
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import versions

versions.require({"torch": "2.11.0", "transformers": "5.23.0"})
from transformers import AutoConfig, GenerationConfig  # noqa: E402
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding  # noqa: E402

OUT = pathlib.Path(__file__).resolve().parents[3] / "tests" / "golden" / "model_config"
BASE = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": 512, "hidden_size": 64,
        "intermediate_size": 172, "num_hidden_layers": 5, "num_attention_heads": 8, "num_key_value_heads": 4,
        "max_position_embeddings": 2048, "rms_norm_eps": 1e-05}
LLAMA3 = {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 1024,
          "rope_type": "llama3"}
FOUR = [1.0, 1.5, 2.0, 2.5]  # one for each pair of a head of 8
FIELDS = ["vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
          "num_key_value_heads", "head_dim", "max_position_embeddings", "rms_norm_eps", "hidden_act", "attention_bias",
          "mlp_bias", "tie_word_embeddings", "attention_dropout"]


def config(drop=(), **members):
    out = {**BASE, **members}
    for key in drop:
        del out[key]
    return out


def cases():
    yield "plain", config()
    yield "defaults of everything", {"model_type": "llama"}
    yield "null counts as absent", config(head_dim=None, num_key_value_heads=None, rope_scaling=None)
    yield "head_dim of its own", config(head_dim=16)
    yield "biases and tied head", config(attention_bias=True, mlp_bias=True, tie_word_embeddings=True)
    yield "dropout", config(attention_dropout=0.1)
    yield "pretraining_tp", config(pretraining_tp=2)
    for act in ("silu", "gelu", "gelu_new", "gelu_pytorch_tanh", "relu"):
        yield "activation " + act, config(hidden_act=act)
    yield "dtype", config(dtype="bfloat16")
    yield "dtype of old", config(torch_dtype="float16")
    yield "both dtypes", config(dtype="bfloat16", torch_dtype="float32")
    yield "heads that do not divide", config(hidden_size=60)

    yield "theta", config(rope_theta=500000.0)
    yield "theta in the dictionary", config(rope_parameters={"rope_theta": 250000.0, "rope_type": "default"})
    yield "theta in both", config(rope_theta=500000.0, rope_parameters={"rope_theta": 250000.0, "rope_type": "default"})
    yield "dictionary without theta", config(rope_theta=500000.0, rope_parameters={"rope_type": "linear", "factor": 2.0})
    yield "empty scaling", config(rope_scaling={}, rope_parameters={"rope_theta": 99.0, "rope_type": "default"})
    yield "scaling goes before parameters", config(rope_scaling={"type": "linear", "factor": 3.0}, rope_parameters={
        "rope_theta": 99.0, "rope_type": "linear", "factor": 5.0})
    yield "linear of old", config(rope_scaling={"type": "linear", "factor": 2})
    yield "type and rope_type", config(rope_scaling={"type": "linear", "rope_type": "dynamic", "factor": 2.0})
    yield "dynamic", config(rope_scaling={"rope_type": "dynamic", "factor": 4.0}, rope_theta=20000.0)
    yield "llama3", config(rope_scaling=LLAMA3, rope_theta=500000.0)
    yield "llama3 in the new form", config(rope_parameters={**LLAMA3, "rope_theta": 500000.0})
    yield "llama3 without the original length", config(rope_scaling={k: v for k, v in LLAMA3.items() if k[0] != "o"})
    yield "original length beside", config(rope_scaling=LLAMA3, original_max_position_embeddings=256)
    for key in ("factor", "low_freq_factor", "high_freq_factor"):
        yield "llama3 without " + key, config(rope_scaling={k: v for k, v in LLAMA3.items() if k != key})
    yield "yarn", config(rope_scaling={"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 512, "finetuned": True})
    yield "yarn with all", config(rope_parameters={
        "rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 512, "beta_fast": 24, "beta_slow": 2,
        "mscale": 1.0, "mscale_all_dim": 0.5, "truncate": False, "attention_factor": 1.25, "rope_theta": 1e6})
    yield "yarn with noughts", config(rope_parameters={
        "rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 512, "beta_fast": 0, "beta_slow": None,
        "mscale": 0, "mscale_all_dim": 0.0})
    yield "yarn with factor null", config(rope_parameters={"rope_type": "yarn", "factor": None, "original_max_position_embeddings": 512})
    yield "longrope", config(rope_scaling={"type": "longrope", "short_factor": FOUR, "long_factor": [2 * x for x in FOUR],
                                           "original_max_position_embeddings": 512})
    yield "longrope with factor", config(rope_scaling={"rope_type": "longrope", "short_factor": FOUR, "long_factor": FOUR,
                                                       "factor": 3.0, "attention_factor": 1.5})
    yield "longrope without a list", config(rope_scaling={"rope_type": "longrope", "short_factor": FOUR})
    yield "unknown scaling", config(rope_scaling={"rope_type": "ntk", "factor": 2.0})
    yield "scaling not an object", config(rope_scaling="linear")
    yield "linear without factor", config(rope_scaling={"type": "linear"})

    yield "one end", config(eos_token_id=7, bos_token_id=3)
    yield "several ends", config(eos_token_id=[7, 9, 11])
    yield "no end", config(eos_token_id=None, bos_token_id=None)
    yield "unknown key", config(some_new_key="x")


def stricter_cases():
    yield "family unknown", {"model_type": "gpt2"}, "not known here"
    yield "longrope of other lengths", config(rope_scaling={"rope_type": "longrope", "short_factor": FOUR[:3], "long_factor": FOUR}), "fails at the first forward pass there"
    yield "factor of nought", config(rope_scaling={"type": "linear", "factor": 0.0}), "divides by nought there"
    yield "factor a text", config(rope_scaling={"type": "linear", "factor": "2"}), "fails in the rotary embedding there"
    yield "quantized", config(quantization_config={"quant_method": "gptq", "bits": 4}), "quantized weights are not read"
    yield "layers of two kinds", config(layer_types=["sliding_attention"] * 5), "ignored there"
    yield "softcapping", config(final_logit_softcapping=30.0), "ignored there"
    yield "classifier", config(architectures=["LlamaForSequenceClassification"]), "no language model"
    yield "key-value heads that do not divide", config(num_key_value_heads=3), "fails at the first forward pass there"
    yield "partial rotation", config(partial_rotary_factor=0.5), "ignored there"
    yield "an activation not known here", config(hidden_act="mish"), "not known here"
    yield "odd head", config(head_dim=3), "fails at the first forward pass there"
    yield "no layers", config(num_hidden_layers=0), "not a model"
    yield "positions of several axes", config(rope_scaling={"rope_type": "default", "mrope_section": [1, 1, 2]}), "ignored there"


def overrides():
    old, new = config(rope_theta=20000.0), config(rope_parameters={"rope_theta": 20000.0, "rope_type": "default"})
    for name, own in (("old form", old), ("new form", new), ("llama3", config(rope_scaling=LLAMA3, rope_theta=5e5)),
                      ("linear, type", config(rope_scaling={"type": "linear", "factor": 2.0})), ("bare", config())):
        yield "linear over " + name, own, {"type": "linear", "factor": 4.0}
        yield "yarn over " + name, own, {"rope_type": "yarn", "factor": 4.0, "beta_fast": 16}
        yield "dynamic, both names, over " + name, own, {"type": "linear", "rope_type": "dynamic", "factor": 3}
        yield "longrope over " + name, own, {"rope_type": "longrope", "short_factor": FOUR, "long_factor": FOUR}
    yield "theta over old form", old, {"rope_type": "linear", "factor": 2.0, "rope_theta": 40000.0}
    yield "theta over new form", new, {"rope_type": "linear", "factor": 2.0, "rope_theta": 40000.0}
    yield "original length beside", config(original_max_position_embeddings=300), {
        "type": "yarn", "factor": 2.0, "original_max_position_embeddings": 400}


def merged(own, requested):
    """forgelm 0.11.1's _config_with_rope_scaling, for one decoder."""
    requested = dict(requested)
    if "type" in requested and "rope_type" not in requested:
        requested["rope_type"] = requested.pop("type")
    return {**own, **requested}


def expected(members, generation=None, rope_scaling=None):
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "config.json").write_text(json.dumps(members))
        loaded = AutoConfig.from_pretrained(folder)
        if rope_scaling is not None:
            loaded.rope_parameters = merged(dict(loaded.rope_parameters), rope_scaling)
        LlamaRotaryEmbedding(loaded)
        ends = GenerationConfig.from_model_config(loaded)
        if generation is not None:
            (pathlib.Path(folder) / "generation_config.json").write_text(json.dumps(generation))
            ends = GenerationConfig.from_pretrained(folder)
    out = {field: getattr(loaded, field) for field in FIELDS}
    out["dtype"] = "" if loaded.dtype is None else str(loaded.dtype).removeprefix("torch.")
    out["rope"] = copy.deepcopy(loaded.rope_parameters)
    for key in ("bos_token_id", "eos_token_id"):
        value = getattr(ends, key)
        out[key] = [] if value is None else value if isinstance(value, list) else [value]
    return out


def rows():
    for name, members in cases():
        row = {"name": name, "config": members}
        try:
            row["expected"] = expected(members)
        except Exception as error:  # whatever the reference raises
            row["refused"] = type(error).__name__
        yield row
    for name, members, why in stricter_cases():
        yield {"name": name, "config": members, "stricter": why}
    for name, members, requested in overrides():
        yield {"name": name, "config": members, "rope_scaling": requested,
               "expected": expected(members, rope_scaling=requested)}
    for name, ids in (("generation_config with one end", 5), ("generation_config with several ends", [5, 2])):
        generation = {"eos_token_id": ids, "bos_token_id": 4}
        members = config()
        yield {"name": name, "config": members, "generation_config": generation, "expected": expected(members, generation)}


OUT.mkdir(parents=True, exist_ok=True)
made = list(rows())
(OUT / "configs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in made))
manifest = {"maker": "tools/golden/model_config/make.py", "versions": {"torch": "2.11.0", "transformers": "5.23.0"},
            "rows": {"configs.jsonl": len(made)}}
(OUT / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")
