"""Makes tests/golden/adapter_config: adapter_config.json files of peft, and which layers they change how.

Run with torch 2.11.0, transformers 5.23.0, peft 0.21.2: OMP_NUM_THREADS=1 python3 tools/golden/adapter_config/make.py
A row of adapters.jsonl: `text`, the file that save_pretrained writes (names in target_modules sorted, since peft's order
is that of a set), or `read`, a file as a person may write it; and `layers`: rank and scale of each linear layer that
peft then changes in a Llama of 12 layers. A row of refused.jsonl: a member that makes the file another kind of adapter.
"""

import json
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import versions

versions.require({"torch": "2.11.0", "transformers": "5.23.0", "peft": "0.21.2"})
from peft import LoraConfig, get_peft_model  # noqa: E402
from transformers import LlamaConfig, LlamaForCausalLM  # noqa: E402

OUT = pathlib.Path(__file__).resolve().parents[3] / "tests" / "golden" / "adapter_config"
MODEL = LlamaConfig(vocab_size=32, hidden_size=16, intermediate_size=16, num_hidden_layers=12, num_attention_heads=2)
PREFIX = "base_model.model."


def cases():
    yield "attention", dict(target_modules=["q_proj", "v_proj"])
    yield "rank, alpha, dropout", dict(target_modules=["k_proj"], r=4, lora_alpha=32, lora_dropout=0.05)
    yield "rslora", dict(target_modules=["o_proj"], r=16, use_rslora=True, bias="lora_only")
    yield "bias all", dict(target_modules=["o_proj"], bias="all")
    yield "all-linear", dict(target_modules="all-linear")
    yield "the head", dict(target_modules=["lm_head", "q_proj"])
    yield "whole names", dict(target_modules=["model.layers.1.self_attn.q_proj", "self_attn.k_proj", "11.mlp.up_proj"])
    yield "an end that begins inside a name", dict(target_modules=["proj", "up_proj"])
    yield "pattern", dict(target_modules=r".*\.(1|10)\.self_attn\.[qv]_proj")
    yield "pattern with alternatives", dict(target_modules=r"model\.layers\.2\.mlp\.up_proj|.*\.3\.mlp\.down_proj")
    yield "layers", dict(target_modules=["q_proj"], layers_to_transform=[0, 11])
    yield "layers and a whole name", dict(target_modules=["up_proj", "model.layers.5.self_attn.q_proj"], layers_to_transform=[1])
    yield "exclude", dict(target_modules=["q_proj", "v_proj"], exclude_modules=["model.layers.0.self_attn.q_proj", "1.self_attn.v_proj"])
    yield "exclude by pattern", dict(target_modules=["q_proj", "v_proj"], exclude_modules=r".*\.[0-9]\.self_attn\.v_proj")
    yield "modules to save", dict(target_modules=["q_proj", "lm_head"], modules_to_save=["lm_head"])
    yield "a block to save", dict(target_modules=["q_proj", "up_proj"], modules_to_save=["mlp", "embed_tokens"])
    yield "ranks", dict(target_modules=["q_proj", "v_proj"], rank_pattern={"q_proj": 2, "1.self_attn.v_proj": 4})
    yield "ranks and alphas", dict(target_modules=["q_proj", "v_proj"], use_rslora=True, lora_alpha=10, alpha_pattern={
        r"model\.layers\.[0-5]\.self_attn\.q_proj": 3, "v_proj": 2.5}, rank_pattern={"^model.layers.7.self_attn.q_proj": 16})
    yield "overlapping patterns", dict(target_modules=["q_proj"], rank_pattern={"self_attn.q_proj": 2, "3.self_attn.q_proj": 4, "q_proj": 6})
    yield "alternatives in a pattern", dict(target_modules=["q_proj", "v_proj"], rank_pattern={"q_proj|v_proj": 5})
    yield "no base, no task", dict(target_modules=["q_proj"], base_model_name_or_path=None, task_type=None)
    yield "half an alpha", dict(target_modules=["q_proj"], lora_alpha=16.5)


def written_cases():
    plain = {"peft_type": "LORA", "base_model_name_or_path": "base", "target_modules": ["q_proj"]}
    yield "what peft adds", plain
    yield "one layer", {**plain, "layers_to_transform": 3}
    yield "layers_pattern", {**plain, "layers_to_transform": [3], "layers_pattern": ["layers"]}
    yield "layers_pattern as text", {**plain, "layers_to_transform": [3], "layers_pattern": "layers"}
    yield "no layers", {**plain, "layers_to_transform": []}
    yield "order of patterns", {**plain, "rank_pattern": {"q_proj": 2, "3.self_attn.q_proj": 4}}
    yield "gaussian start", {**plain, "init_lora_weights": "gaussian"}
    yield "fan_in_fan_out", {**plain, "fan_in_fan_out": True}
    yield "all-linear", {**plain, "target_modules": "all-linear"}
    yield "nulls", {**plain, "modules_to_save": None, "exclude_modules": None}


def refused():
    config = {"wavelet": 1}
    for key, value in (("use_dora", True), ("use_qalora", True), ("use_bdlora", config), ("lora_bias", True),
                       ("alora_invocation_tokens", [1]), ("layer_replication", [[0, 1]]), ("target_parameters", ["w"]),
                       ("trainable_token_indices", [3]), ("arrow_config", config), ("kasa_config", config),
                       ("monteclora_config", config), ("velora_config", config), ("megatron_config", config),
                       ("ensure_weight_tying", True), ("init_lora_weights", "pissa"), ("init_lora_weights", "pissa_niter_4"),
                       ("init_lora_weights", "olora"), ("init_lora_weights", "corda"), ("init_lora_weights", "loftq"),
                       ("init_lora_weights", "lora_ga"), ("init_lora_weights", "mica"), ("init_lora_weights", "other"),
                       ("peft_type", "ADALORA"), ("peft_type", "IA3"), ("peft_type", None), ("use_new_thing", True),
                       ("target_modules", None), ("target_modules", []), ("target_modules", [1]), ("target_modules", "(q_proj"),
                       ("target_modules", "(" * 200 + ")" * 200), ("r", 0), ("r", 2.5), ("lora_dropout", 1.5), ("bias", "some"),
                       ("rank_pattern", {"q": 0}), ("rank_pattern", {"(q": 1}), ("alpha_pattern", {"q": "1"}),
                       ("layers_to_transform", [-1]), ("layers_to_transform", "3"), ("layers_pattern", "h"),
                       ("modules_to_save", "lm_head"), ("modules_to_save", ["(lm_head"]), ("exclude_modules", "*q")):
        yield {"key": key, "value": value}


def layers_of(config):
    model = get_peft_model(LlamaForCausalLM(MODEL), config)
    return {name.removeprefix(PREFIX): [module.r["default"], module.scaling["default"]]
            for name, module in model.named_modules() if hasattr(module, "lora_A")}, model


def rows():
    for name, members in cases():
        _, model = layers_of(LoraConfig(**{"base_model_name_or_path": "base", "task_type": "CAUSAL_LM", **members}))
        with tempfile.TemporaryDirectory() as folder:
            config = model.peft_config["default"]
            config.base_model_name_or_path = members.get("base_model_name_or_path", "base")  # get_peft_model changes it
            config.inference_mode = True  # what PeftModel.save_pretrained does around this call
            config.save_pretrained(folder)
            text = (pathlib.Path(folder) / "adapter_config.json").read_text()
            layers, _ = layers_of(LoraConfig.from_pretrained(folder))  # sorting a file can change which pattern is first
        parsed = json.loads(text)
        assert json.dumps(parsed, indent=2, sort_keys=True) == text
        for key in ("target_modules", "exclude_modules"):
            if isinstance(parsed[key], list):
                parsed[key].sort()
        yield {"name": name, "text": json.dumps(parsed, indent=2, sort_keys=True), "layers": layers}
    for name, read in written_cases():
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "adapter_config.json").write_text(json.dumps(read))
            layers, _ = layers_of(LoraConfig.from_pretrained(folder))
        yield {"name": name, "read": json.dumps(read), "layers": layers}


OUT.mkdir(parents=True, exist_ok=True)
linears = [name for name, module in LlamaForCausalLM(MODEL).named_modules() if type(module).__name__ == "Linear"]
made = {"adapters.jsonl": list(rows()), "refused.jsonl": list(refused())}
for file, contents in made.items():
    (OUT / file).write_text("".join(json.dumps(row) + "\n" for row in contents))
(OUT / "linear_layers.json").write_text(json.dumps(linears, indent=0) + "\n")
manifest = {"maker": "tools/golden/adapter_config/make.py",
            "versions": {"torch": "2.11.0", "transformers": "5.23.0", "peft": "0.21.2"},
            "rows": {file: len(contents) for file, contents in made.items()}}
(OUT / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")
