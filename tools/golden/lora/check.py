"""Adapters written here, loaded by peft, give the same logits; so do merged models in transformers.

    check.py REPOSITORY ADAPTER_DUMP

ADAPTER_DUMP is the program of that name (target adapter_dump). Ends with 1 when something differs by more than
1e-5 of the largest logit.
"""
import json
import os
import subprocess
import sys
import tempfile
import warnings

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import versions

versions.require({"torch": "2.11.0", "transformers": "5.23.0", "peft": "0.21.2", "safetensors": "0.8.0"})

os.environ["HF_HUB_OFFLINE"] = "1"
import peft
import torch
import transformers
from safetensors.torch import load_file

transformers.utils.logging.disable_progress_bar()
warnings.simplefilter("ignore")  # peft's about tied weights: our adapters carry two copies, and say so

SEQUENCES = [[1, 7, 3, 30, 22, 11], [1, 5, 29, 14]]
JOBS = [
    ("quickstart", ["r=4", "alpha=8", "target_modules=q_proj,v_proj"]),
    ("quickstart", ["r=8", "target_modules=all-linear", "method=rslora", "dropout=0.1"]),
    ("quickstart", ["num_layers=2", "target_modules=all-linear"]),
    ("quickstart", ["target_modules=q_proj", "modules_to_save=lm_head"]),
    ("quickstart", ["target_modules=q_proj", "modules_to_save=embed_tokens"]),
    ("quickstart", ["target_modules=q_proj", "modules_to_save=embed_tokens,lm_head,norm"]),
    ("quickstart", ["target_modules=o_proj,lm_head"]),
    ("quickstart", ["target_modules=v_proj", "bias=all"]),
    ("tiny", ["target_modules=all-linear", "bias=all"]),
    ("tiny", ["target_modules=q_proj,down_proj", "bias=lora_only"]),
    ("tiny", ["target_modules=q_proj,down_proj", "bias=all", "num_layers=1"]),
    ("tiny", ["target_modules=all-linear", "modules_to_save=embed_tokens,lm_head,norm", "bias=all"]),
    ("tiny", ["target_modules=q_proj", "modules_to_save=mlp"]),
    ("tiny", ["target_modules=q_proj", "modules_to_save=o_proj,1.mlp", "bias=lora_only"]),
]


def logits_of(model):
    with torch.no_grad():
        return torch.cat([model(torch.tensor([ids])).logits[0] for ids in SEQUENCES])


def load(folder):
    return transformers.AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager",
                                                             dtype=torch.float32).eval()


def main():
    repository, program = sys.argv[1:]
    folders = {"quickstart": os.path.join(repository, "templates/quickstart/model"),
               "tiny": os.path.join(repository, "tests/golden/lora/tiny")}
    text = ";".join(",".join(map(str, ids)) for ids in SEQUENCES)
    worst = 0.0
    for model_name, options in JOBS:
        with tempfile.TemporaryDirectory() as out:
            subprocess.run([program, "make", folders[model_name], out, text] + options, check=True)
            ours = load_file(os.path.join(out, "logits.safetensors"))
            model = peft.PeftModel.from_pretrained(load(folders[model_name]), out).eval()
            # Every tensor of the file has found its place.
            file = load_file(os.path.join(out, "adapter_model.safetensors"))
            theirs = peft.get_peft_model_state_dict(model)
            extra = {name for name in set(theirs) - set(file)  # the base's own, which peft writes besides
                     if name.endswith(".base_layer.weight") or ".original_module." in name
                     or ".modules_to_save." in name}
            assert set(file) | extra == set(theirs), set(file) ^ set(theirs)
            assert all(torch.equal(file[name], theirs[name]) for name in file)
            with tempfile.TemporaryDirectory() as again:  # what peft saves, we read
                model.save_pretrained(again)
                written, own = (json.load(open(os.path.join(folder, "adapter_config.json"))) for folder in (again, out))
                for key in ("target_modules", "modules_to_save"):
                    for config in (written, own):
                        config[key] = sorted(config[key]) if isinstance(config[key], list) else config[key]
                assert written == own, {key for key in written if written[key] != own.get(key)}
                subprocess.run([program, "read", folders[model_name], again, text], check=True)
                back = load_file(os.path.join(again, "logits.safetensors"))
            expected = {"logits": logits_of(model), "base": logits_of(load(folders[model_name]))}
            expected["merged"] = expected["logits"]
            differences = {}
            for name, value in expected.items():
                for side, given in (("", ours), (" read back", back)):
                    differences[name + side] = ((given[name] - value).abs().max() / value.abs().max()).item()
            value = expected["logits"]
            differences["transformers"] = ((logits_of(load(os.path.join(out, "merged"))) - value).abs().max()
                                           / value.abs().max()).item()
            effect = ((expected["logits"] - expected["base"]).abs().max() / value.abs().max()).item()
            assert effect > 1e-2, effect
            worst = max(worst, *differences.values())
            print("%-10s %-75s %s" % (model_name, " ".join(options), "%.1e" % max(differences.values())), flush=True)
            for name, difference in differences.items():
                if difference > 1e-5:
                    print("    %s: %.3g" % (name, difference))
    print("largest difference %.2e of the largest logit" % worst)
    sys.exit(worst > 1e-5)


main()
