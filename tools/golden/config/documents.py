"""Whole job files for make.py: every rule across fields hit and nearly hit, and random combinations by a fixed seed.

A case is a dict of section -> YAML flow text; sections left out are the smallest ones; None leaves a section out.
"""
import random

SMALLEST = {"model": "{name_or_path: m}", "lora": "{}", "training": "{}", "data": "{dataset_name_or_path: d}"}


def job(**sections):
    merged = dict(SMALLEST)
    merged.update(sections)
    return "".join("%s: %s\n" % (k, v) for k, v in merged.items() if v is not None)


def stages(*texts, **sections):
    return job(pipeline="{output_dir: p, stages: [%s]}" % ", ".join(texts), **sections)


def handmade():
    yield "smallest", job()
    for name in SMALLEST:
        yield "without_" + name, job(**{name: None})
        yield "null_" + name, job(**{name: "null"})
        yield "list_" + name, job(**{name: "[]"})
        yield "text_" + name, job(**{name: "text"})
    for name in ("auth", "evaluation", "webhook", "distributed", "merge", "compliance", "risk_assessment", "monitoring", "synthetic",
                 "retention", "pipeline"):
        for label, text in (("empty", "{}"), ("null", "null"), ("list", "[]"), ("text", "x"), ("unknown", "{nonsense: 1}")):
            yield "%s_%s" % (label, name), job(**{name: text})
    for section in SMALLEST:
        yield "unknown_in_" + section, job(**{section: SMALLEST[section][:-1] + (", " if SMALLEST[section] != "{}" else "") + "nonsense: 1}"})
    yield "unknown_section", job(hpo="{}")
    yield "empty_file", ""
    yield "only_comment", "# nothing\n"
    yield "list_file", "- a\n"
    yield "text_file", "a\n"
    yield "two_documents", job() + "---\na: 1\n"
    yield "tab", "model:\n\tname_or_path: m\n"
    yield "duplicate_section", job() + "lora: {r: 4}\n"
    yield "duplicate_key", job(lora="{r: 4, r: 16}")
    yield "merge_key", "x_: &x {r: 4}\n" + job(lora="{<<: *x, alpha: 3}")
    yield "anchored", job(lora="&x {r: 4}", training="{}") + "# &y\n"
    yield "integer_key", job(lora="{1: 2}")
    yield "boolean_key", job(lora="{on: 2}")
    for text in ("true, use_rslora: true", "true", "true, method: dora", "true, method: lora", "true, method: pissa", "true, method: rslora",
                 "false, method: dora", "false, use_rslora: true", "false, use_rslora: true, method: rslora",
                 "false, use_rslora: true, method: dora", "false, use_rslora: true, method: lora", "false, use_rslora: false, method: pissa"):
        yield "lora_flags " + text, job(lora="{use_dora: %s}" % text)
    for text in ("{grpo_reward_model_revision: abc}", "{grpo_reward_model: m, grpo_reward_model_revision: abc}",
                 "{grpo_max_new_tokens: 64}", "{grpo_max_completion_length: 64}", "{grpo_max_new_tokens: 64, grpo_max_completion_length: 32}",
                 "{sample_packing: true}", "{sample_packing: true, packing: false}", "{sample_packing: false, packing: true}",
                 "{eval_steps: 300, save_steps: 200}", "{merge_adapters: true, trainer_type: dpo}", "{trainer_type: null}"):
        yield "training " + text, job(training=text)
    for text in ("{type: linear, factor: 2}", "{rope_type: linear, type: llama3, factor: 2}", "{rope_type: null, type: linear, factor: 2}",
                 "{rope_type: LINEAR, factor: 2}", "{rope_type: linear, factor: -1}", "{rope_type: linear, factor: .inf}",
                 "{rope_type: linear, factor: .nan}", "{rope_type: yarn, factor: 2, original_max_position_embeddings: 4096, extra: [1, {a: b}]}",
                 "{rope_type: longrope}", "{rope_type: longrope, short_factor: [], long_factor: [1]}",
                 "{rope_type: longrope, short_factor: [1, 2.5], long_factor: [1]}", "{rope_type: longrope, short_factor: [true], long_factor: [1]}",
                 "{rope_type: longrope, short_factor: [1], long_factor: 1}", "{rope_type: longrope, short_factor: [1], long_factor: [1], factor: 0}",
                 "{rope_type: longrope, short_factor: [1], long_factor: [1], factor: 2}",
                 "{rope_type: longrope, short_factor: [.inf], long_factor: [1]}", "{rope_type: longrope, short_factor: [-1], long_factor: [0]}",
                 "{}", "[]", "linear", "{1: 2, rope_type: linear, factor: 2}", "{rope_type: linear, factor: 1_0}", "{rope_type: 5, factor: 2}"):
        yield "rope " + text, job(training="{rope_scaling: %s}" % text)
    for name in ("final_model", "a/b", "./final", "final/", "final/.", "/abs", "..", "a/../b", "../x", ".", "", " ", "a\\\\b", "C:x", "c:/x",
                 "checkpoint-1", "Checkpoint-5/x", "checkpoints", "compliance", "COMPLIANCE/x", "benchmark", "safety", "judge", "runs", "runs/x",
                 "audit_log.jsonl", "audit_log.jsonl.manifest.json", "data_audit_report.json", "my.compliance", "x/compliance", "a//b", "./.",
                 "a b", " a", "a ", "./compliance", "x\\0y", "~", "a/./b", "\\u00e9", "..a", "a..", "checkpoint-", "./checkpoint-3"):
        yield "final_model_dir " + name, job(training='{final_model_dir: "%s"}' % name)
    for output in (".", "", "/", "out/", "./out/../x"):
        for name in ("final_model", "out", "x"):
            yield "output_dir %s %s" % (output, name), job(training='{output_dir: "%s", final_model_dir: %s}' % (output, name))
    for output in ("./checkpoints/final_model", "checkpoints/final_model/b", "./checkpoints", "./checkpoints/bench", "final_model"):
        for enabled in ("true", "false"):
            yield "benchmark_dir %s %s" % (output, enabled), job(
                evaluation="{benchmark: {enabled: %s, tasks: [a], output_dir: %s}}" % (enabled, output))
    for mix in ("[]", "[1]", "[0]", "[0, 0]", "[1, 1]", "[1, 0]", "[0.5, 0.5, 1]", "[-1, 2]", "[.nan, 1]", "[.inf, 1]", "null", "[1, x]", '["1", "2"]'):
        for extra in ("null", "[]", "[e]", "[e, f]"):
            yield "mix %s %s" % (mix, extra), job(data="{dataset_name_or_path: d, extra_datasets: %s, mix_ratio: %s}" % (extra, mix))
    for text in ("{}", "{enabled: true}", "{enabled: true, tasks: []}", "{enabled: true, tasks: [a]}", "{enabled: true, tasks: a}", "{tasks: [a]}",
                 "{enabled: true, tasks: [a, a], min_score: 0.5}"):
        yield "benchmark " + text, job(evaluation="{benchmark: %s}" % text)
    for enabled in ("true", "false"):
        for text in ("", "min_safety_score: 0.5", "min_safety_score: 0.5, scoring: confidence_weighted", "min_safety_score: 1.5",
                     "severity_thresholds: {critical: 0}", "severity_thresholds: {critical: 0}, track_categories: false",
                     "severity_thresholds: {critical: 0}, track_categories: true", "severity_thresholds: {}", "severity_thresholds: {Critical: 0}",
                     "severity_thresholds: {critical: 0, nonsense: 0.1}", "severity_thresholds: {critical: 2}", "severity_thresholds: {critical: .nan}",
                     "severity_thresholds: {critical: x}", "severity_thresholds: {}, track_categories: false",
                     "severity_thresholds: {low: 1, medium: 0.5, high: 0.1}", "classifier_mode: nonsense"):
            yield "safety %s %s" % (enabled, text), job(evaluation="{safety: {enabled: %s%s}}" % (enabled, text and ", " + text))
    for text in ("{judge_model_revision: a}", "{judge_api_key_env: K}", "{judge_model_revision: a, judge_api_key_env: K}", "{enabled: true, judge_model_revision: a, judge_api_key_env: K}",
                 '{judge_model_revision: a, judge_api_key_env: ""}', "{min_score: 2}", "{min_score: 0.5}", "{min_score: 9}"):
        yield "judge " + text, job(evaluation="{llm_judge: %s}" % text)
    for text in ("{enabled: true}", "{enabled: true, models: []}", "{enabled: true, models: [{path: a}]}", "{enabled: true, models: [{path: a}, {path: b, weight: 2}]}",
                 "{models: [{path: a}]}", "{models: [{}]}", "{models: [{path: a, weight: 0}]}", "{models: [{path: a, weight: .inf}]}",
                 "{models: [{path: a, density: 0.5}]}", "{models: [a]}", "{models: null}", "{models: [{path: null}]}", "{models: [{path: a, weight: x}]}",
                 "{enabled: true, method: slerp, models: [{path: a}, {path: b}, {path: c}]}", "{models: {path: a}}", '{models: [{path: "", weight: 1}]}',
                 '{models: [{path: a, weight: "0.5"}]}', "{models: [{path: a, weight: true}]}", "{models: [{path: 5}]}", "{models: [null]}"):
        yield "merge " + text, job(merge=text)
    for text in ("{enabled: true}", "{enabled: true, teacher_model: t}", "{enabled: true, teacher_model: t, seed_file: s}",
                 "{enabled: true, teacher_model: t, seed_prompts: [a]}", "{enabled: true, teacher_backend: file, seed_file: s}",
                 "{enabled: true, teacher_backend: file}", "{teacher_revision: r}", "{teacher_revision: r, teacher_backend: local}",
                 "{teacher_revision: r, teacher_backend: api}", "{api_key: k}", "{api_key: k, api_key_env: K}", '{enabled: true, teacher_model: " ", seed_file: s}',
                 '{enabled: true, teacher_model: t, seed_file: " "}', "{enabled: true, teacher_model: t, seed_prompts: []}", "{api_timeout: 9}"):
        yield "synthetic " + text, job(synthetic=text)
    tiers = ("unknown", "minimal-risk", "limited-risk", "high-risk", "unacceptable")
    for tier in tiers:
        for gate in ("null", "{}", "{safety: {enabled: false}}", "{safety: {enabled: true}}", "{auto_revert: true, safety: {enabled: true, track_categories: true}}"):
            yield "risk %s %s" % (tier, gate), job(compliance="{risk_classification: %s}" % tier, evaluation=gate)
            yield "risk_assessment %s %s" % (tier, gate), job(risk_assessment="{risk_category: %s}" % tier, evaluation=gate)
        for other in tiers:
            yield "tiers %s %s" % (tier, other), job(compliance="{risk_classification: %s}" % tier, risk_assessment="{risk_category: %s}" % other,
                                                     evaluation="{safety: {enabled: true}}")
    for optim in ("galore_adamw", "galore_adamw_layerwise", "galore_adafactor_layerwise"):
        for strategy in ("null", "deepspeed", "fsdp"):
            for enabled in ("true", "false"):
                yield "galore %s %s %s" % (optim, strategy, enabled), job(training="{galore_enabled: %s, galore_optim: %s}" % (enabled, optim),
                                                                         distributed="{strategy: %s}" % strategy)
    for strategy in ("null", "deepspeed", "fsdp"):
        yield "unsloth " + strategy, job(model="{name_or_path: m, backend: unsloth}", distributed="{strategy: %s}" % strategy)
        yield "zero3 " + strategy, job(distributed="{strategy: %s, deepspeed_config: zero3}" % strategy)
    for revision in ('""', '" "', '"a b"', '"a\\tb"', '"-a"', "main", '"%s"' % ("a" * 255), '"%s"' % ("a" * 256), '"\\x7f"', '"\\u00a0"', '"\\u2003x"', "v1/2", '"%s"' % ("0" * 40),
                     "1.0", "'1.0'", '"\\u00e9"', '"a\\nb"', '"..."', '"\\x1f"', '"\\u200b"', '"\\x85"'):
        yield "revision " + revision, job(model="{name_or_path: m, revision: %s}" % revision)
        yield "classifier_revision " + revision, job(evaluation="{safety: {classifier_revision: %s}}" % revision)
    for text in ("{endpoint: https://x.org/a}", "{endpoint: http://x.org}", "{endpoint: ftp://x}", '{endpoint: ""}', '{endpoint: " https://x.org "}', "{endpoint: x}",
                 "{endpoint_env: A_B}", "{endpoint_env: a-b}", '{endpoint_env: ""}', "{endpoint_env: 1A}", '{endpoint_env: " A "}', "{endpoint_env: a}",
                 "{enabled: true, metrics_export: prometheus}", "{enabled: true, metrics_export: none}", "{metrics_export: nonsense}", "{endpoint: https://}",
                 "{endpoint: 'https://user:pw@x.org'}", "{endpoint: HTTPS://x.org}", "{endpoint: 'https://x.org/a b'}", "{endpoint: null}",
                 "{enabled: true, endpoint: https://x.org, endpoint_env: A}", "{endpoint: 'https://[::1]:80/x'}", "{endpoint: 'https://x:99999'}"):
        yield "monitoring " + text, job(monitoring=text)
    for text in ("{url: https://x.org}", "{url: x}", "{url: null, url_env: X}", "{timeout: 1}", '{timeout: "5"}', "{timeout: 3.0}", "{require_https: false}", "{tls_ca_bundle: /x}"):
        yield "webhook " + text, job(webhook=text)
    for text in ("{hf_token: abc}", "{hf_token: null}", "{hf_token: 5}", '{hf_token: ""}'):
        yield "auth " + text, job(auth=text)
    one, two = "{name: a, training: {trainer_type: sft, output_dir: o1}}", "{name: b, training: {trainer_type: dpo, output_dir: o2}}"
    yield "pipeline one", stages(one)
    yield "pipeline two", stages(one, two)
    yield "pipeline none", job(pipeline="{stages: []}")
    yield "pipeline twice", stages(one, one)
    for name in ("A", "a-b", "a b", '""', "a" * 32, "a" * 33, "1", "'1'", "_", "null", '"a\\n"'):
        yield "pipeline name " + name, stages("{name: %s, training: {trainer_type: sft}}" % name)
    for section in ("distributed", "webhook", "compliance", "risk_assessment", "monitoring", "retention", "synthetic", "merge", "auth", "pipeline"):
        yield "pipeline root_only " + section, stages("{name: a, %s: {}}" % section)
    for text in ("training: {}", "training: {output_dir: x}", "training: null", "model: {name_or_path: x}", "model: {}", "lora: {r: 0}", "data: {}",
                 "data: {dataset_name_or_path: x}", "evaluation: {benchmark: {enabled: true}}", "evaluation: {auto_revert: true}", "lora: {use_dora: true, use_rslora: true}",
                 "training: {trainer_type: sft, final_model_dir: ../x}", "nonsense: 1"):
        yield "pipeline stage " + text, stages("{name: a, %s}" % text)
    yield "pipeline strict", stages("{name: a}", compliance="{risk_classification: high-risk}")
    yield "pipeline strict gate", stages("{name: a, evaluation: {safety: {enabled: true}}}", compliance="{risk_classification: high-risk}")
    yield "pipeline strict root gate", stages("{name: a}", compliance="{risk_classification: high-risk}", evaluation="{safety: {enabled: true}}")
    yield "pipeline strict stage without", stages("{name: a, evaluation: {}}", compliance="{risk_classification: high-risk}", evaluation="{safety: {enabled: true}}")
    for key in ("training: {seed: 1}", "training: {gradient_checkpointing: true}", "training: {batch_size: 1}", "training: {lr_scheduler: cosine}",
                "model: {name_or_path: m, load_in_8bit: true}", "data: {dataset_name_or_path: d, eval_split: x}", "run: {name: x}", "registry: {name: x}",
                "evaluation: {staging_ttl_days: 7}", "compliance: {license: x}", "lora: {target_modules: all-linear}", "lora: {method: none}",
                "training: {trainer_type: ppo}", "distributed: {strategy: fsdp, fsdp_strategy: hybrid_shard}", "webhook: {timeout: 0}"):
        section, text = key.split(": ", 1)
        yield "added " + key, job(**{section: text})


VALUES = {
    "model": ["max_length: 512", "load_in_4bit: no", "backend: unsloth", "offline: yes", "trust_remote_code: true", "revision: main", "revision: '-x'",
              "bnb_4bit_quant_type: fp4", "bnb_4bit_compute_dtype: fp32", "moe: {}", "moe: {quantize_experts: true}", "multimodal: {enabled: true}", "max_length: 0", "max_length: '64'"],
    "lora": ["r: 16", "r: 128", "alpha: 32", "dropout: 0", "dropout: 1.5", "bias: all", "method: dora", "method: rslora", "use_dora: true", "use_rslora: yes",
             "target_modules: [a, b]", "target_modules: [all-linear]", "task_type: X", "r: 0", "r: '8'", "dropout: '0.25'"],
    "training": ["learning_rate: 1e-4", "learning_rate: 0", "max_steps: 10", "max_steps: -2", "num_train_epochs: 2.0", "packing: true", "sample_packing: true",
                 "trainer_type: dpo", "trainer_type: grpo", "trainer_type: kto", "galore_enabled: true", "galore_optim: galore_adamw_layerwise", "report_to: none",
                 "output_dir: ./out", "final_model_dir: fm", "final_model_dir: runs", "merge_adapters: true", "rope_scaling: {type: linear, factor: 2}",
                 "neftune_noise_alpha: 5", "oom_recovery: true", "gpu_cost_per_hour: 2.5", "warmup_ratio: 0.03", "eval_steps: 50", "save_steps: 100", "save_total_limit: 1"],
    "data": ["shuffle: false", "extra_datasets: [x]", "mix_ratio: [1, 2]", "mix_ratio: [1]", "governance: {collection_method: c}", "clean_text: 0", "add_eos: 'no'"],
    "evaluation": ["auto_revert: true", "max_acceptable_loss: 2.5", "baseline_loss: 1", "benchmark: {enabled: true, tasks: [a]}", "safety: {enabled: true}",
                   "safety: {enabled: true, severity_thresholds: {high: 0.1}}", "llm_judge: {enabled: true}", "require_human_approval: true", "benchmark: {enabled: true}"],
    "webhook": ["url: https://x.org", "url_env: W", "timeout: 30", "notify_on_start: false"],
    "distributed": ["strategy: fsdp", "strategy: deepspeed", "deepspeed_config: zero3", "fsdp_offload: true", "fsdp_strategy: shard_grad_op"],
    "compliance": ["provider_name: P", "risk_classification: high-risk", "risk_classification: minimal-risk", "system_name: S", "intended_purpose: x"],
    "risk_assessment": ["risk_category: limited-risk", "intended_use: x", "risk_category: unacceptable"],
    "retention": ["audit_log_retention_days: 10", "enforce: block_on_excess", "enforce: log_only"],
    "monitoring": ["enabled: true", "endpoint: https://x.org", "metrics_export: prometheus"],
    "synthetic": ["teacher_model: t", "seed_prompts: [a]", "temperature: 0.2", "enabled: true", "teacher_backend: file"],
    "auth": ["hf_token: secret-token-value"],
    "merge": ["enabled: true", "models: [{path: a}, {path: b}]", "method: dare"],
}
REQUIRED = {"model": "name_or_path: org/model", "data": "dataset_name_or_path: org/data"}


def random_job(rng):
    text = ""
    for section, values in VALUES.items():
        if section not in SMALLEST and rng.random() < 0.6:
            continue
        chosen = {}
        for value in rng.sample(values, min(len(values), rng.choice((0, 1, 1, 2, 3)))):
            chosen[value.split(":")[0]] = value
        parts = ([REQUIRED[section]] if section in REQUIRED else []) + list(chosen.values())
        text += "%s: {%s}\n" % (section, ", ".join(parts))
    return text


def all_documents():
    seen = set()
    for name, text in handmade():
        assert name not in seen, name
        seen.add(name)
        yield name, text
    rng = random.Random(20260101)
    for i in range(400):
        yield "random_%d" % i, random_job(rng)
