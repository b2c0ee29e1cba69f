"""Logits of transformers' decoders, frequencies of scaled rotary positions, greedy texts: tests/golden/models.

    make.py REPOSITORY

templates/quickstart/model, and small models whose weights follow a rule that the tests compute as well, so that nothing
but results is stored. Attention is transformers' eager one. The model in bfloat16 has smaller weights: with those of
the others, transformers' own two forms of attention are 3e-2 of the largest logit apart; with these, under 1e-2.

cases.jsonl        a model a line: name, config (config.json as transformers saves it), and where it is not Llama's:
                   sliding_window; scale, which all weights but those of norms are multiplied with (1)
logits.safetensors CASE.single.N: of prompt N alone; CASE.padded.N: the same prompt, where it is not the longest, within
                   a batch of all three that is padded on the right. Of the quickstart model, whose vocabulary is large, position t has the columns t % 8, t % 8 +
                   8, ... Other models: all columns.
rope.jsonl         kind, parameters, head_dim, max_positions, length -> inv_freq (float32), attention_scaling
greedy.jsonl       prompt -> the tokens that generate(do_sample=False, max_new_tokens=64) adds
"""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import versions
from rule import rule

VERSIONS = {"torch": "2.11.0", "transformers": "5.23.0", "safetensors": "0.8.0"}
versions.require(VERSIONS)

os.environ["HF_HUB_OFFLINE"] = "1"
import numpy as np
import torch
import transformers
from safetensors.torch import save_file
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

torch.set_num_threads(1)

# Prompts of the small models: the longest is beyond every original length below.
PROMPTS = [[1, 7, 3, 30, 22, 11, 5], [1] + [(7 * i * i + 3 * i) % 48 for i in range(39)], [9, 9, 2, 40]]
QUICKSTART_PROMPTS = [[1, 403, 407, 261, 378], [1] + [(29 * i + 5) % 509 + 3 for i in range(60)],
                      [1, 440, 432, 295, 321, 310, 400, 387, 267, 356, 287, 279, 441, 411, 260, 306, 365, 271]]

BASE = {"vocab_size": 48, "hidden_size": 32, "intermediate_size": 56, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64, "rms_norm_eps": 1e-5,
        "tie_word_embeddings": False, "bos_token_id": 1, "eos_token_id": 2}
SHORT = [1.0, 1.1, 1.25, 1.5]
LONG = [1.0, 2.5, 5.0, 7.5]
CASES = [
    ("grouped", {}),
    ("tied_no_groups", {"tie_word_embeddings": True, "num_key_value_heads": 4}),
    ("one_key_head_of_10", {"num_key_value_heads": 1, "head_dim": 10}),
    ("biases", {"attention_bias": True, "mlp_bias": True}),
    ("gelu", {"hidden_act": "gelu"}),
    ("gelu_tanh", {"hidden_act": "gelu_pytorch_tanh"}),
    ("bfloat16", {"dtype": "bfloat16", "attention_bias": True, "scale": 0.25}),
    ("window", {"sliding_window": 6}),
    ("linear", {"rope": {"rope_type": "linear", "factor": 4.0}}),
    ("dynamic", {"max_position_embeddings": 16, "rope": {"rope_type": "dynamic", "factor": 2.0}}),
    ("yarn", {"rope": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16}}),
    ("yarn_options", {"rope": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16,
                               "beta_fast": 16.0, "beta_slow": 2.0, "mscale": 0.7, "mscale_all_dim": 0.3,
                               "truncate": False}}),
    ("longrope", {"rope": {"rope_type": "longrope", "factor": 4.0, "original_max_position_embeddings": 16,
                           "short_factor": SHORT, "long_factor": LONG}}),
    ("llama3", {"rope": {"rope_type": "llama3", "factor": 8.0, "original_max_position_embeddings": 16,
                         "low_freq_factor": 1.0, "high_freq_factor": 4.0, "rope_theta": 500000.0}}),
]


def make_config(options):
    options = dict(BASE, **options)
    window = options.pop("sliding_window", None)
    rope = options.pop("rope", None)
    options.pop("scale", None)
    if rope is not None:
        options["rope_parameters"] = dict({"rope_theta": 10000.0}, **rope)
    return transformers.LlamaConfig(**options), window


def make_model(options):
    config, window = make_config(options)
    if window is not None:
        config = transformers.MistralConfig(sliding_window=window, **{key: value for key, value in BASE.items()})
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager")
    with torch.no_grad():
        for place, (name, weight) in enumerate(sorted(model.named_parameters())):
            is_norm = "norm" in name
            span = 0.4 if is_norm else (0.4 if name.endswith("bias") else 0.8) * options.get("scale", 1.0)
            weight.copy_(torch.from_numpy(rule(weight.shape, place, span)) + (1.0 if is_norm else 0.0))
    return model.eval()


def quickstart(repository):
    return transformers.AutoModelForCausalLM.from_pretrained(
        os.path.join(repository, "templates/quickstart/model"), attn_implementation="eager").eval()


def logits_of(make, prompts):
    """A model for each pass: that of dynamic positions remembers lengths."""
    out = {}
    with torch.no_grad():
        for i, prompt in enumerate(prompts):
            out["single.%d" % i] = make()(input_ids=torch.tensor([prompt])).logits[0].float()
        length = max(map(len, prompts))
        ids = torch.tensor([prompt + [0] * (length - len(prompt)) for prompt in prompts])
        mask = torch.tensor([[1] * len(prompt) + [0] * (length - len(prompt)) for prompt in prompts])
        padded = make()(input_ids=ids, attention_mask=mask).logits.float()
        for i, prompt in enumerate(prompts):
            if len(prompt) < length:
                out["padded.%d" % i] = padded[i, :len(prompt)].clone()
    return out


def every_eighth(logits):
    return torch.stack([row[t % 8::8] for t, row in enumerate(logits)])


def rope_rows():
    kinds = [
        {"rope_type": "default", "rope_theta": 10000.0},
        {"rope_type": "linear", "rope_theta": 10000.0, "factor": 3.0},
        {"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 2.5},
        {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 16.0, "original_max_position_embeddings": 512},
        {"rope_type": "yarn", "rope_theta": 1000000.0, "factor": 4.0, "original_max_position_embeddings": 512,
         "attention_factor": 1.25, "truncate": False},
        {"rope_type": "yarn", "rope_theta": 150000.0, "factor": 32.0, "original_max_position_embeddings": 512,
         "beta_fast": 24.0, "beta_slow": 1.5, "mscale": 1.0, "mscale_all_dim": 0.5},
        {"rope_type": "longrope", "rope_theta": 10000.0, "factor": 8.0, "original_max_position_embeddings": 256,
         "short_factor": [1 + i / 64 for i in range(32)], "long_factor": [1 + i * 0.37 for i in range(32)]},
        {"rope_type": "longrope", "rope_theta": 10000.0, "factor": 8.0, "original_max_position_embeddings": 256,
         "attention_factor": 1.5, "short_factor": [1.0] * 32, "long_factor": [2.0] * 32},
        {"rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "original_max_position_embeddings": 8192,
         "low_freq_factor": 1.0, "high_freq_factor": 4.0},
        {"rope_type": "llama3", "rope_theta": 500000.0, "factor": 32.0, "original_max_position_embeddings": 512,
         "low_freq_factor": 2.0, "high_freq_factor": 3.5},
    ]
    rows = []
    for parameters in kinds:
        for length in (8, 2048, 5000):
            config = transformers.LlamaConfig(hidden_size=256, num_attention_heads=4, max_position_embeddings=2048,
                                              rope_parameters=dict(parameters))
            rotary = LlamaRotaryEmbedding(config)
            rotary(torch.zeros(1), torch.arange(length).unsqueeze(0))
            rows.append({"parameters": parameters, "head_dim": 64, "max_positions": 2048, "length": length,
                         "inv_freq": [float(x) for x in rotary.inv_freq], "attention_scaling": float(rotary.attention_scaling)})
    return rows


def check_window(options):
    """Mistral's sliding window is Llama under a mask."""
    config, window = make_config(options)
    llama = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    mistral = make_model(options)
    llama.load_state_dict(mistral.state_dict())
    ids = torch.tensor([PROMPTS[1]])
    i = torch.arange(ids.shape[1])
    seen = (i[:, None] >= i[None, :]) & (i[:, None] - i[None, :] < window)
    mask = torch.where(seen, 0.0, torch.finfo(torch.float32).min)[None, None]
    with torch.no_grad():
        assert torch.equal(llama(input_ids=ids, attention_mask=mask).logits, mistral(input_ids=ids).logits)


def main(repository):
    out = os.path.join(repository, "tests/golden/models")
    os.makedirs(out, exist_ok=True)
    tensors, lines = {}, []
    for name, logits in logits_of(lambda: quickstart(repository), QUICKSTART_PROMPTS).items():
        tensors["quickstart." + name] = every_eighth(logits)
    for name, options in CASES:
        config, window = make_config(options)
        line = {"name": name, "config": dict(json.loads(config.to_json_string()), architectures=["LlamaForCausalLM"])}
        if window is not None:
            check_window(options)
            line["sliding_window"] = window
        if "scale" in options:
            line["scale"] = options["scale"]
        lines.append(json.dumps(line))

        def make(options=options):
            model = make_model(options)
            return model.to(torch.bfloat16) if options.get("dtype") == "bfloat16" else model

        for key, logits in logits_of(make, PROMPTS).items():
            # What a batch does to lengths is transformers' own there: the longest decides for all.
            if key.startswith("padded") and name in ("dynamic", "longrope"):
                continue
            tensors["%s.%s" % (name, key)] = logits
    save_file(tensors, os.path.join(out, "logits.safetensors"))
    os.chmod(os.path.join(out, "logits.safetensors"), 0o644)
    write(out, "cases.jsonl", lines)
    write(out, "rope.jsonl", [json.dumps(row) for row in rope_rows()])
    model = quickstart(repository)
    texts = []
    for prompt in QUICKSTART_PROMPTS:
        ids = model.generate(torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
                             do_sample=False, max_new_tokens=64)
        texts.append(json.dumps({"prompt": prompt, "continuation": ids[0, len(prompt):].tolist()}))
    write(out, "greedy.jsonl", texts)
    manifest = {"maker": "tools/golden/models/make.py", "versions": VERSIONS, "prompts": PROMPTS,
                "quickstart_prompts": QUICKSTART_PROMPTS}
    with open(os.path.join(out, "MANIFEST.json"), "w") as file:
        json.dump(manifest, file, indent=1)
        file.write("\n")


def write(folder, name, lines):
    with open(os.path.join(folder, name), "w") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
