"""Makes tests/golden/training: what transformers and peft train, step by step, from the bundled model.

A plain loop: padded batches of eight, loss divided by all learnt tokens of the step, AdamW, linear schedule with warm-up,
clipping. Four runs: LoRA, rsLoRA on all linear layers, QLoRA (NF4, double quantization, float32 on the processor) and all
weights. The first is repeated with transformers.Trainer, which has to agree. The starting adapters are folders as peft
writes them; their numbers come from a rule, not from a generator.
Run with torch 2.11.0, transformers 5.23.0, peft 0.21.2, bitsandbytes 0.50.2, numpy on a processor:
python3 tools/golden/training/make.py
"""

import json
import math
import os
import pathlib
import shutil
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
import numpy  # noqa: E402
import peft  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools" / "golden"))
import versions  # noqa: E402
from rule import rule  # noqa: E402

VERSIONS = {"torch": "2.11.0", "transformers": "5.23.0", "peft": "0.21.2", "bitsandbytes": "0.50.2"}
versions.require(VERSIONS)
torch.set_num_threads(1)
OUT = ROOT / "tests" / "golden" / "training"
MODEL = ROOT / "templates" / "quickstart" / "model"

NUM_STEPS = 20
BATCH = 8
RATE = 1e-3
RATE_OF_ALL = 3e-4  # at 1e-3 the norms move by 1e-5 when torch itself computes AdamW or attention in another of its ways
DECAY = 0.01
WARMUP = 0.1
MAX_NORM = 1.0
SEED = 42
ATTENTION = ["q_proj", "k_proj", "v_proj", "o_proj"]
ALL_LINEAR = ATTENTION + ["gate_proj", "up_proj", "down_proj"]

# Prompt and answer; the answer and the end of text carry loss.
TRAIN = [
    ("What did Tom find? ", "Tom found a small red ball under the old tree."),
    ("Where is the cat? ", "The cat is on the roof, and it looks at the moon."),
    ("Who made the cake? ", "Grandma made the cake with honey, milk and a lot of love."),
    ("Why was Lily sad? ", "Her kite flew away."),
    ("What color is the boat? ", "The boat is blue and white."),
    ("Tell me about the dog. ", "The dog is big and brown. He likes to run in the park and to swim in the lake."),
    ("What did they hear? ", "A loud noise."),
    ("Who came to the door? ", "A man with a long coat and a funny hat came to the door and said hello."),
    ("Where did Sam hide? ", "Sam hid behind the sofa, but his feet could be seen."),
    ("What is in the box? ", "There are ten shiny coins and a note."),
    ("When do birds sing? ", "Birds sing in the morning when the sun comes up."),
    ("How did the story end? ", "They went home, ate warm soup and slept well."),
    ("What did Mia want? ", "Mia wanted to learn how to ride a bike without help."),
    ("Is the water cold? ", "Yes, it is very cold."),
    ("What did the teacher say? ", "The teacher said that everyone should bring a book and a pencil."),
    ("Who won the race? ", "The slow turtle won the race, because the rabbit took a nap."),
    ("What grows in the garden? ", "Carrots, beans and three tall sunflowers."),
    ("Why did the baby cry? ", "She was hungry and tired."),
    ("Where does the train go? ", "The train goes over the bridge and through the dark tunnel to the city."),
    ("What did Ben draw? ", "Ben drew a green dragon with two heads."),
    ("Who lives in the cave? ", "A shy bear and her two cubs live in the cave."),
    ("What did the king lose? ", "He lost his crown in the river."),
    ("How many apples are left? ", "There are five apples left in the basket."),
    ("What does the robot do? ", "The robot cleans the floor, opens the door and waves at people."),
]
EVAL = [
    ("What did Anna see? ", "Anna saw a rainbow over the hill."),
    ("Where is the key? ", "The key is under the mat, where it always is."),
    ("Who fixed the car? ", "Dad fixed the car with a new wheel."),
    ("What do frogs eat? ", "They eat flies."),
    ("Why is it dark? ", "It is dark because the lamp is broken and the night has come."),
    ("What did the boy buy? ", "He bought bread, cheese and a bottle of juice for his friends."),
]


def sequences(pairs):
    tokenizer = transformers.AutoTokenizer.from_pretrained(MODEL)
    rows = []
    for prompt, answer in pairs:
        start = tokenizer(prompt)["input_ids"]
        ids = start + tokenizer(answer, add_special_tokens=False)["input_ids"] + [tokenizer.eos_token_id]
        rows.append({"ids": ids, "learnt": [[len(start), len(ids)]]})
    assert all(10 <= len(row["ids"]) <= 70 for row in rows), [len(row["ids"]) for row in rows]
    return rows


def collate(rows):
    width = max(len(row["ids"]) for row in rows)
    ids = torch.zeros((len(rows), width), dtype=torch.long)
    labels = torch.full((len(rows), width), -100)
    mask = torch.zeros((len(rows), width), dtype=torch.long)
    for i, row in enumerate(rows):
        n = len(row["ids"])
        ids[i, :n] = torch.tensor(row["ids"])
        mask[i, :n] = 1
        for begin, end in row["learnt"]:
            labels[i, begin:end] = ids[i, begin:end]
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


def order(count):
    """Indices of every step: a permutation of the rows for each epoch, as forgelm draws them."""
    generator = numpy.random.default_rng(SEED)
    indices = []
    while len(indices) < NUM_STEPS * BATCH:
        indices += generator.permutation(count).tolist()
    return [indices[i * BATCH : (i + 1) * BATCH] for i in range(NUM_STEPS)]


def make_adapter(folder, targets, r, use_rslora, b_scale):
    """A as wide as peft draws it; B zero, as peft starts, or not."""
    config = peft.LoraConfig(
        r=r, lora_alpha=16, target_modules=targets, lora_dropout=0.0, use_rslora=use_rslora, task_type="CAUSAL_LM"
    )
    model = peft.get_peft_model(load(), config)
    with torch.no_grad():
        for place, (name, parameter) in enumerate(p for p in model.named_parameters() if p[1].requires_grad):
            scale = 2 / math.sqrt(parameter.shape[1]) if "lora_A" in name else b_scale
            parameter.copy_(torch.from_numpy(rule(parameter.shape, place, scale)))
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    (folder / "adapter_model.safetensors").chmod(0o644)
    path = folder / "adapter_config.json"
    written = json.loads(path.read_text())
    written["base_model_name_or_path"] = os.path.relpath(MODEL, folder)
    written["target_modules"] = sorted(written["target_modules"])
    path.write_text(json.dumps(written, indent=2, sort_keys=True))


def load(is_quantized=False):
    options = {}
    if is_quantized:
        options["quantization_config"] = transformers.BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=torch.float32
        )
        options["device_map"] = "cpu"
    return transformers.AutoModelForCausalLM.from_pretrained(
        MODEL, dtype=torch.float32, attn_implementation="eager", **options
    )


def build(adapter, is_quantized):
    model = load(is_quantized)
    if adapter is not None:
        model = peft.PeftModel.from_pretrained(model, adapter, is_trainable=True)
    model.config.use_cache = False
    return model.train()  # for evaluation too: nothing here is random, and quantized layers have another path for it


def optimizer_of(model, rate):
    names = transformers.Trainer.get_decay_parameter_names(None, model)
    trained = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    groups = [
        {"params": [p for n, p in trained if n in names], "weight_decay": DECAY},
        {"params": [p for n, p in trained if n not in names], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.999), eps=1e-8), [p for _, p in trained]


def num_learnt(batch):
    return int((batch["labels"] != -100).sum())


def evaluate(model, rows):
    batch = collate(rows)
    with torch.no_grad():
        return model(**batch, num_items_in_batch=num_learnt(batch)).loss.item()


def sample(model):
    """Some numbers of some trained weights, under the names that files have."""
    trained = [(n.removeprefix("base_model.model.").replace(".default", ""), p) for n, p in model.named_parameters() if p.requires_grad]
    chosen = trained[:: max(1, len(trained) // 8)]
    return {n: {"norm": p.detach().double().norm().item(), "head": p.detach().reshape(-1)[:4].tolist()} for n, p in chosen}


def train(model, rows, held_out, rate=RATE):
    optimizer, parameters = optimizer_of(model, rate)
    schedule = transformers.get_scheduler("linear", optimizer, math.ceil(NUM_STEPS * WARMUP), NUM_STEPS)
    result = {"learning_rate": rate, "eval_loss_before": evaluate(model, held_out), "steps": []}
    for indices in order(len(rows)):
        batch = collate([rows[i] for i in indices])
        count = num_learnt(batch)
        output = model(**batch, num_items_in_batch=count)
        output.loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(parameters, MAX_NORM)
        rate_now = schedule.get_last_lr()[0]
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        wanted = batch["labels"][:, 1:]
        hits = (output.logits[:, :-1].argmax(-1) == wanted) & (wanted != -100)
        result["steps"].append(
            {"loss": output.loss.item(), "grad_norm": norm.item(), "learning_rate": rate_now, "num_learnt": count,
             "mean_token_accuracy": hits.sum().item() / count}
        )
    result["eval_loss_after"] = evaluate(model, held_out)
    result["weights"] = sample(model)
    return result


def check_with_trainer(adapter, rows, expected):
    """transformers.Trainer on the same batches in the same order."""

    class Ordered(transformers.Trainer):
        def _get_train_sampler(self, *unused, **unused_too):
            return [i for step in order(len(rows)) for i in step]

    with tempfile.TemporaryDirectory() as folder:
        arguments = transformers.TrainingArguments(
            output_dir=folder, per_device_train_batch_size=BATCH, max_steps=NUM_STEPS, learning_rate=RATE, weight_decay=DECAY,
            warmup_steps=math.ceil(NUM_STEPS * WARMUP), lr_scheduler_type="linear", max_grad_norm=MAX_NORM, logging_steps=1,
            save_strategy="no", report_to="none", use_cpu=True, optim="adamw_torch", remove_unused_columns=False,
        )
        trainer = Ordered(model=build(adapter, False), args=arguments, train_dataset=rows, data_collator=collate)
        trainer.train()
    steps = [row for row in trainer.state.log_history if "grad_norm" in row]
    assert len(steps) == NUM_STEPS
    for ours, theirs in zip(expected["steps"], steps):
        assert abs(ours["loss"] - float(theirs["loss"])) < 1e-4, (ours, theirs)
        assert abs(ours["grad_norm"] - float(theirs["grad_norm"])) < 1e-5 * ours["grad_norm"], (ours, theirs)
        assert abs(ours["learning_rate"] - float(theirs["learning_rate"])) < 1e-9, (ours, theirs)
    print("transformers.Trainer agrees; greatest difference of losses %.1e" % max(
        abs(o["loss"] - float(t["loss"])) for o, t in zip(expected["steps"], steps)))


OUT.mkdir(parents=True, exist_ok=True)
attention, everything = OUT / "attention_adapter", OUT / "all_linear_adapter"
make_adapter(attention, ATTENTION, 8, False, 0.0)
make_adapter(everything, ALL_LINEAR, 4, True, 0.02)
rows, held_out = sequences(TRAIN), sequences(EVAL)
(OUT / "sequences.json").write_text(json.dumps({"train": rows, "eval": held_out}) + "\n")
runs = {
    "lora": train(build(attention, False), rows, held_out),
    "rslora_all_linear": train(build(everything, False), rows, held_out),
    "qlora": train(build(attention, True), rows, held_out),
    "full": train(build(None, False), rows, held_out, RATE_OF_ALL),
}
check_with_trainer(attention, rows, runs["lora"])
for name, run in runs.items():
    print(name, run["eval_loss_before"], run["eval_loss_after"], [round(step["loss"], 3) for step in run["steps"]])
settings = {"steps": NUM_STEPS, "batch_size": BATCH, "weight_decay": DECAY, "warmup_ratio": WARMUP,
            "max_grad_norm": MAX_NORM, "seed": SEED, "order": order(len(rows))}
(OUT / "runs.json").write_text(json.dumps({"settings": settings, "runs": runs}) + "\n")
manifest = {"maker": "tools/golden/training/make.py", "versions": VERSIONS, "rows": {"sequences.json": len(rows) + len(held_out), "runs.json": len(runs)}}
(OUT / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")
