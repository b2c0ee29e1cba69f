"""The peer of the small job: one epoch of LoRA fine-tuning with transformers + peft over rows of messages, then saved.

    python peer_small_job.py MODEL ROWS.jsonl OUT [--batch 8] [--length 512]

A plain loop without trainer overhead: rows tokenized first, batches padded to their longest row, sdpa attention, fused
AdamW. Prints one JSON line: seconds of reading rows, of the loop with saving, and tokens without padding.
"""
import argparse, json, random, resource, time
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from peft import LoraConfig, get_peft_model

p = argparse.ArgumentParser()
p.add_argument("model")
p.add_argument("rows")
p.add_argument("out")
p.add_argument("--batch", type=int, default=8)
p.add_argument("--length", type=int, default=512)
a = p.parse_args()

torch.manual_seed(42)
tokenizer = AutoTokenizer.from_pretrained(a.model)
model = AutoModelForCausalLM.from_pretrained(a.model, dtype=torch.float32)
model = get_peft_model(model, LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"))
params = [q for q in model.parameters() if q.requires_grad]
optimizer = torch.optim.AdamW(params, lr=2e-4, fused=True)

begin = time.perf_counter()
examples = []
for line in open(a.rows):
    turns = json.loads(line)["messages"]
    text = "".join(f"[{turn['role'].upper()}] {turn['content']}\n" for turn in turns)
    examples.append(tokenizer(text)["input_ids"][: a.length])
random.Random(42).shuffle(examples)
read = time.perf_counter()

tokens = 0
for at in range(0, len(examples), a.batch):
    rows = examples[at : at + a.batch]
    longest = max(map(len, rows))
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    mask = torch.zeros_like(ids)
    labels = torch.full_like(ids, -100)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = labels[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = 1
        tokens += len(row)
    loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(params, 1.0)
    optimizer.step()
    optimizer.zero_grad()
    loss.item()
model.save_pretrained(a.out)
end = time.perf_counter()
print(json.dumps({"peer": "transformers+peft", "read_s": round(read - begin, 3), "loop_s": round(end - read, 3),
                  "tokens": tokens, "rows": len(examples),
                  "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}))
