"""Adapters of peft, what they make of a model, and their gradients: tests/golden/lora.

    make.py REPOSITORY

Two models: templates/quickstart/model (Llama, tied head) and tiny/ (made here by a rule; biases everywhere, head of its
own). Weights of adapters follow a rule that the tests compute as well, so that a case whose file would be large stores
its results alone. Every case went through peft's own files: saved by it, loaded by it.

CASE/adapter_config.json        as peft saved it
CASE/adapter_model.safetensors  as peft saved it (small ones)
CASE/names.json                 name and shape of each tensor of the adapter (peft writes some of the base's besides)
CASE/logits.safetensors         "logits" of the sequences in MANIFEST.json, laid end to end
CASE/merged.safetensors         what merge_and_unload() changed
CASE/gradients.safetensors      of sum(logits^2) over all sequences
"""
import json
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import versions

VERSIONS = {"torch": "2.11.0", "transformers": "5.23.0", "peft": "0.21.2", "safetensors": "0.8.0"}
versions.require(VERSIONS)

os.environ["HF_HUB_OFFLINE"] = "1"
import peft
import torch
import transformers
from safetensors.torch import load_file, save_file

SEQUENCES = [[1, 7, 3, 30, 22, 11], [1, 5, 29, 14]]
LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def rule(shape, place, scale):
    """Values that only depend on the place of a tensor among the sorted names; computed in double, then float32."""
    count = 1
    for size in shape:
        count *= size
    index = torch.arange(count, dtype=torch.int64) + 1000003 * (place + 1)
    value = (index * 2654435761 % 2**32).double() / 2**32 - 0.5
    return (value * scale).float().reshape(shape)


COPY = ".modules_to_save.default"


def is_extra(name):
    """What peft writes besides the adapter: the base's own weights, and copies of what stands there already."""
    return name.endswith(".base_layer.weight") or ".original_module." in name or COPY in name


def filled(tensors):
    """Adapter matrices by the rule; everything else that is trained moved away from what it was."""
    out = {name: tensor for name, tensor in tensors.items() if is_extra(name)}
    for place, name in enumerate(sorted(set(tensors) - set(out))):
        old = tensors[name]
        if ".lora_" in name:
            out[name] = rule(old.shape, place, 0.2)
        else:
            out[name] = old + rule(old.shape, place, 0.1)
    out.update({name: out[name.replace(COPY, "")].clone() for name in out if COPY in name})
    return out


def tiny_model():
    config = transformers.LlamaConfig(
        vocab_size=32, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=64, attention_bias=True, mlp_bias=True,
        tie_word_embeddings=False, bos_token_id=1, eos_token_id=2)
    model = transformers.LlamaForCausalLM(config).eval()
    with torch.no_grad():
        for place, (name, weight) in enumerate(sorted(model.named_parameters())):
            weight.copy_(rule(weight.shape, place, 0.2 if name.endswith("bias") else 1.0) + (1.0 if "norm" in name else 0.0))
    return model


# name, model, stored: the file is checked in, options of LoraConfig
CASES = [
    ("qv", "quickstart", True, {"r": 4, "lora_alpha": 8, "target_modules": ["q_proj", "v_proj"]}),
    ("all_linear_rslora", "quickstart", False,
     {"r": 8, "lora_alpha": 16, "target_modules": "all-linear", "use_rslora": True, "lora_dropout": 0.1}),
    ("tied_head", "quickstart", False, {"r": 2, "lora_alpha": 4, "target_modules": ["q_proj"], "modules_to_save": ["lm_head"]}),
    ("tied_embedding", "quickstart", False,
     {"r": 2, "lora_alpha": 4, "target_modules": ["q_proj"], "modules_to_save": ["embed_tokens"]}),
    ("tied_both", "quickstart", False,
     {"r": 2, "lora_alpha": 4, "target_modules": ["q_proj"], "modules_to_save": ["embed_tokens", "lm_head"]}),
    ("tied_head_adapter", "quickstart", False, {"r": 2, "lora_alpha": 4, "target_modules": ["o_proj", "lm_head"]}),
    ("bias_all", "tiny", True, {"r": 2, "lora_alpha": 4, "target_modules": ["q_proj", "down_proj"], "bias": "all"}),
    ("bias_lora_only", "tiny", True, {"r": 2, "lora_alpha": 4, "target_modules": ["v_proj"], "bias": "lora_only"}),
    ("modules_to_save", "tiny", True,
     {"r": 2, "lora_alpha": 4, "target_modules": LINEAR, "modules_to_save": ["embed_tokens", "lm_head", "norm"]}),
    ("bias_all_saved", "tiny", True,
     {"r": 2, "lora_alpha": 4, "target_modules": ["q_proj"], "modules_to_save": ["1.mlp"], "bias": "all"}),
    ("head_adapter", "tiny", True, {"r": 2, "lora_alpha": 4, "target_modules": ["o_proj", "lm_head"]}),
    ("last_layer", "tiny", True, {"r": 2, "lora_alpha": 4, "target_modules": ["q_proj", "up_proj"], "layers_to_transform": [1]}),
    ("patterns", "tiny", True,
     {"r": 3, "lora_alpha": 6, "target_modules": ["q_proj", "v_proj", "up_proj"],
      "rank_pattern": {"v_proj": 1, "layers.1.self_attn.q_proj": 5}, "alpha_pattern": {"up_proj": 9, "0.self_attn.q_proj": 4.5}}),
    ("target_pattern", "tiny", True, {"r": 2, "lora_alpha": 4, "target_modules": r".*\.1\..*(q|gate)_proj"}),
    ("float16", "tiny", True, {"r": 2, "lora_alpha": 4, "target_modules": ["q_proj", "v_proj"]}),
    ("bfloat16", "tiny", True, {"r": 2, "lora_alpha": 4, "target_modules": ["q_proj", "v_proj"]}),
]


def logits_of(model):
    return torch.cat([model(torch.tensor([ids])).logits[0] for ids in SEQUENCES])


def make_case(out, folders, name, model_name, stored, options):
    def base():
        model = transformers.AutoModelForCausalLM.from_pretrained(folders[model_name], attn_implementation="eager",
                                                                  dtype=torch.float32)
        return model.eval()

    folder = os.path.join(out, name)
    os.makedirs(folder)
    with tempfile.TemporaryDirectory() as saved:
        config = peft.LoraConfig(task_type="CAUSAL_LM", **options)
        peft.get_peft_model(base(), config).save_pretrained(saved)
        path = os.path.join(saved, "adapter_model.safetensors")
        tensors = filled(load_file(path))
        if name in ("float16", "bfloat16"):
            tensors = {key: value.to(getattr(torch, name)) for key, value in tensors.items()}
        save_file(tensors, path, metadata={"format": "pt"})

        model = peft.PeftModel.from_pretrained(base(), saved, is_trainable=True).eval()
        loaded = peft.get_peft_model_state_dict(model)
        assert {key: value.shape for key, value in loaded.items()} == {key: value.shape for key, value in tensors.items()}
        for key, value in loaded.items():
            assert torch.equal(value.float(), tensors[key].float()), key
        with torch.no_grad():
            save_file({"logits": logits_of(model)}, os.path.join(folder, "logits.safetensors"))

        if name in ("qv", "bias_all", "modules_to_save", "patterns"):
            (logits_of(model) ** 2).sum().backward()
            # peft's state dict holds no gradients: put them where it looks.
            gradients = {key: parameter.grad for key, parameter in model.named_parameters() if parameter.requires_grad}
            gradients = {key.replace(".default", "").replace(".modules_to_save", ""): value for key, value in gradients.items()}
            assert set(gradients) == set(tensors), set(gradients) ^ set(tensors)
            save_file(gradients, os.path.join(folder, "gradients.safetensors"))

        # Sets are written in any order: the files here must not depend on it.
        with open(os.path.join(saved, "adapter_config.json")) as file:
            written = json.load(file)
        if isinstance(written["target_modules"], list):
            written["target_modules"].sort()
        written["base_model_name_or_path"] = model_name
        with open(os.path.join(folder, "adapter_config.json"), "w") as file:
            json.dump(written, file, indent=2, sort_keys=True)
        with open(os.path.join(folder, "names.json"), "w") as file:
            json.dump({key: list(tensors[key].shape) for key in sorted(tensors) if not is_extra(key)}, file, indent=0)
        if stored:
            shutil.copy(path, folder)

        if name in ("patterns", "bias_all", "modules_to_save", "qv"):
            before = base().state_dict()
            merged = model.merge_and_unload().state_dict()
            changed = {key: value for key, value in merged.items() if not torch.equal(value, before[key])}
            if name == "qv":  # the rest is the same computation
                changed = {key: value for key, value in changed.items() if "layers.4." in key}
            save_file({key: value.contiguous() for key, value in changed.items()},
                      os.path.join(folder, "merged.safetensors"))


def main():
    repository = sys.argv[1]
    out = os.path.join(repository, "tests/golden/lora")
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    torch.manual_seed(0)
    folders = {"quickstart": os.path.join(repository, "templates/quickstart/model"), "tiny": os.path.join(out, "tiny")}
    tiny_model().save_pretrained(folders["tiny"])
    generation = os.path.join(folders["tiny"], "generation_config.json")
    if os.path.exists(generation):
        os.remove(generation)
    for case in CASES:
        make_case(out, folders, *case)
    manifest = {"maker": "tools/golden/lora/make.py", "versions": VERSIONS, "sequences": SEQUENCES,
                "cases": {name: {"model": model, "stored": stored} for name, model, stored, _ in CASES}}
    with open(os.path.join(out, "MANIFEST.json"), "w") as file:
        json.dump(manifest, file, indent=1)
        file.write("\n")


main()
