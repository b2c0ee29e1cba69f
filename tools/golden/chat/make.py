"""Makes tests/golden/chat: what conversations become as text, and which parts of it are learnt.

builtin.jsonl  the built-in templates rendered by transformers, their {% generation %} parts as transformers finds them;
               where a template of the family itself is among the shared templates, its text must be the same
plain.jsonl    rows as ForgeLM's Python original writes them (forgelm.data), for the built-in `plain`
tokens.jsonl   the same as ids of real tokenizers, with the learnt tokens as transformers finds them
learnt.jsonl   for shared templates without generation parts: what is learnt, by the table FORMATS below, which says
               from reading each template what stands between an answer and the prompt before it and what ends it

None of the expectations is computed by forgelm (the program) or by its way of finding what is learnt.
Run with transformers 5.23.0, tokenizers 0.23.3, jinja2 3.1.6 and forgelm 0.11.1:
  python tools/golden/chat/make.py SHARED_DATA
"""

import copy
import hashlib
import json
import pathlib
import re
import sys

import jinja2
import tokenizers
import transformers
from transformers.utils import chat_template_utils as utils

import forgelm
from forgelm import data as reference

ROOT = pathlib.Path(__file__).resolve().parents[3]
OUT = ROOT / "tests/golden/chat"
BUILTIN = ROOT / "src/text/chat_templates"
TEMPLATES = pathlib.Path(sys.argv[1]) / "templates"
TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}

TOOLS = [{"type": "function", "function": {"name": "get_weather", "description": "Weather of a city", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}]


def user(text):
    return {"role": "user", "content": text}


def answer(text, **more):
    return {"role": "assistant", "content": text, **more}


def system(text):
    return {"role": "system", "content": text}


CALL = [{"id": "abcdefghi", "type": "function", "function": {"name": "get_weather", "arguments": {"city": "Zürich"}}}]

CONVERSATIONS = {
    "one": {"messages": [user("What is 2+2?"), answer("4")]},
    "system": {"messages": [system("Be brief."), user("What is 2+2?"), answer("4")]},
    "turns": {"messages": [system("Be brief."), user("What is 2+2?"), answer("4"), user("And 3+3?"), answer("  6  "),
                           user("Thanks"), answer("Any time.\n\nReally.\n")]},
    "scripts": {"messages": [user("Wie heißt die Hauptstadt von 日本? 🙂"), answer("東京 — Tōkyō ✨")]},
    "prompt": {"messages": [user("What is 2+2?"), answer("4"), user("And 3+3?")], "add_generation_prompt": True},
    "ends_with_user": {"messages": [user("What is 2+2?"), answer("4"), user("And 3+3?")]},
    "thinking": {"messages": [user("2+2?"), answer("<think>\nhmm\n</think>\n\n4")]},
    "marks_in_text": {"messages": [user("Say <|im_end|> or [/INST] or <end_of_turn>."), answer("<|im_end|>")]},
    "tools": {"messages": [user("Weather?"), answer("", tool_calls=CALL),
                           {"role": "tool", "tool_call_id": "abcdefghi", "name": "get_weather", "content": "{\"t\": 21}"},
                           answer("21 degrees.")], "tools": TOOLS},
    "text_and_call": {"messages": [user("Weather?"), answer("I will look.", tool_calls=CALL + CALL)], "tools": TOOLS},
}

# The built-in, and the template that its family's models ship with.
FAMILIES = {
    "chatml": "axolotl/chatml.jinja",
    "llama3": "axolotl/llama3.jinja",
    "mistral": "axolotl/mistral_v2v3.jinja",
    "gemma": "llama.cpp/google-gemma-2-2b-it.jinja",
    "phi": "llama.cpp/microsoft-Phi-3.5-mini-instruct.jinja",
    "granite": "chujiezheng/granite-3.0-instruct.jinja",
    "deepseek": "axolotl/deepseek_v3.jinja",
    "alpaca": "axolotl/alpaca.jinja",
}
# Where the two differ on purpose: (built-in, conversation) -> why.
DIFFERENCES = {
    ("mistral", "system"): "the family's template moves the system message to the last turn and loses it when that is an answer",
    ("mistral", "turns"): "the family's template moves the system message to the last turn and loses it when that is an answer",
    ("deepseek", "thinking"): "the family's template cuts the thinking off; what is to be learnt is kept",
}
# Phi's own template ends a finished text with eos_token after <|end|>: two ends. The built-in has one.
PHI_DOUBLE_END = "</s>"

# What a template writes: between prompt and answer (in the last turn, in the others), and the end of an answer.
# From reading the templates. None as the end: white space up to the next turn is all that ends it.
FORMATS = {
    "axolotl/alpaca.jinja": ("", "", "</s>"),
    "axolotl/chatml.jinja": ("", "", "<|im_end|>"),
    "axolotl/command_a.jinja": ("", "", "<|END_RESPONSE|><|END_OF_TURN_TOKEN|>"),
    "axolotl/deepseek_v3.jinja": ("", "", "<｜end▁of▁sentence｜>"),
    "axolotl/exaone4.jinja": ("", "", "[|endofturn|]"),
    "axolotl/gemma.jinja": ("", "", "<end_of_turn>"),
    "axolotl/gemma3n.jinja": ("", "", "<end_of_turn>"),
    "axolotl/gemma4_unified.jinja": ("", "", "<turn|>"),
    "axolotl/llama3.jinja": ("", "", "<|eot_id|>"),
    "axolotl/llama4.jinja": ("", "", "<|eot|>"),
    "axolotl/mistral_v2v3.jinja": (" ", " ", "</s>"),
    "axolotl/mistral_v7_tekken.jinja": ("", "", "</s>"),
    "axolotl/phi_3.jinja": ("", "", "<|end|>"),
    "axolotl/qwen2_vl.jinja": ("", "", "<|im_end|>"),
    "chujiezheng/granite-3.0-instruct.jinja": ("", "", "<|end_of_text|>"),
    "chujiezheng/openchat-3.5.jinja": ("", "", "<|end_of_turn|>"),
    "chujiezheng/phi-3.jinja": ("", "", "<|end|>"),
    "chujiezheng/qwen2.5-instruct.jinja": ("", "", "<|im_end|>"),
    "chujiezheng/zephyr.jinja": ("", "", "</s>"),
    "llama.cpp/HuggingFaceTB-SmolLM3-3B.jinja": ("", "", "<|im_end|>"),
    "llama.cpp/LFM2-8B-A1B.jinja": ("", "", "<|im_end|>"),
    "llama.cpp/Mistral-Small-3.2-24B-Instruct-2506.jinja": ("", "", "</s>"),
    "llama.cpp/Qwen-QwQ-32B.jinja": ("", "", "<|im_end|>"),
    "llama.cpp/Qwen-Qwen2.5-7B-Instruct.jinja": ("", "", "<|im_end|>"),
    "llama.cpp/Qwen-Qwen3-0.6B.jinja": ("<think>\n\n</think>\n\n", "", "<|im_end|>"),
    "llama.cpp/Qwen3-Coder.jinja": ("", "", "<|im_end|>"),
    "llama.cpp/deepseek-ai-DeepSeek-R1-Distill-Llama-8B.jinja": ("", "", "<｜end▁of▁sentence｜>"),
    "llama.cpp/google-gemma-2-2b-it.jinja": ("", "", "<end_of_turn>"),
    "llama.cpp/google-gemma-4-31B-it.jinja": ("", "", "<turn|>"),
    "llama.cpp/ibm-granite-granite-3.3-2B-Instruct.jinja": ("", "", "<|end_of_text|>"),
    "llama.cpp/llama-cpp-rwkv-world.jinja": (" ", " ", None),
    "llama.cpp/meetkai-functionary-medium-v3.1.jinja": ("", "", "<|eot_id|>"),
    "llama.cpp/meta-llama-Llama-3.1-8B-Instruct.jinja": ("", "", "<|eot_id|>"),
    "llama.cpp/meta-llama-Llama-3.2-3B-Instruct.jinja": ("", "", "<|eot_id|>"),
    "llama.cpp/microsoft-Phi-3.5-mini-instruct.jinja": ("", "", "<|end|>"),
    "llama.cpp/mistralai-Mistral-Nemo-Instruct-2407.jinja": ("", "", "</s>"),
    "llama.cpp/moonshotai-Kimi-K2.jinja": ("", "", "<|im_end|>"),
}
# Answers that occur nowhere else, so that finding them in the text is enough.
PROBES = {
    "one": {"messages": [user("First question?"), answer("Answer number one.")]},
    "two": {"messages": [user("First question?"), answer("Answer number one."), user("Second question?"),
                         answer("Answer number two.")]},
    "three": {"messages": [user("First question?"), answer("Answer number one."), user("Second question?"),
                           answer("Answer\n\nnumber two."), user("Third question?"), answer("Answer number three.")]},
    "system": {"messages": [system("Be brief."), user("First question?"), answer("Answer number one."),
                            user("Second question?"), answer("Answer number two.")]},
    "open": {"messages": [user("First question?"), answer("Answer number one."), user("Second question?")]},
}


def render(source, conversation, **more):
    template = utils._compile_jinja_template(source)
    return utils._render_with_assistant_indices(
        template, copy.deepcopy(conversation["messages"]), conversation.get("tools"), None,
        conversation.get("add_generation_prompt", False), **TOKENS, **more)


def try_render(source, conversation):
    try:
        return render(source, conversation)
    except (jinja2.TemplateError, TypeError) as error:
        return str(error), None


def write(name, rows):
    with open(OUT / name, "w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def builtins():
    for path in sorted(BUILTIN.glob("*.jinja")):
        source = path.read_text(encoding="utf-8")
        family = FAMILIES.get(path.stem)
        for name, conversation in CONVERSATIONS.items():
            text, spans = try_render(source, conversation)
            if spans is None:
                yield {"builtin": path.stem, **conversation, "name": name, "refused": text}
                continue
            if family and "tools" not in conversation and (path.stem, name) not in DIFFERENCES:
                theirs, _ = try_render((TEMPLATES / family).read_text(encoding="utf-8"), conversation)
                if path.stem == "phi" and not conversation.get("add_generation_prompt"):
                    assert theirs.endswith(PHI_DOUBLE_END)
                    theirs = theirs[:-len(PHI_DOUBLE_END)]
                assert text == theirs, (path.stem, name, text, theirs)
            yield {"builtin": path.stem, **conversation, "name": name, "family": family, "text": text,
                   "learnt": [text[begin:end] for begin, end in spans if end > begin]}


def plain():
    """Rows as the reference writes them, and the conversation that must give the same."""
    rows = [
        [("user", "What is 2+2?"), ("assistant", "4")],
        [("system", "Be brief."), ("user", "What is 2+2?"), ("assistant", "4")],
        [("user", "a\nb"), ("assistant", "  x  "), ("user", "c"), ("assistant", "y\n")],
        [("user", "größer"), ("tool", "42"), ("assistant", "東京")],
        [("system", ""), ("user", ""), ("assistant", "")],
    ]
    for pairs in rows:
        messages = [{"role": role, "content": content} for role, content in pairs]
        for add_eos in (True, False):
            text = reference._process_messages_format({"messages": [messages]}, add_eos, "</s>")["text"][0]
            yield {"form": "messages", "messages": messages, "add_eos": add_eos, "text": text}
    columns = [("", "What is 2+2?", "4"), ("Be brief.", "What is 2+2?", "4"), ("S\nT", "  q ", " a\n"), ("", "", "")]
    for system_text, question, reply in columns:
        for add_eos in (True, False):
            examples = {"System": [system_text], "User": [question], "Assistant": [reply]}
            text = reference._process_user_assistant_format(examples, False, add_eos, "</s>")["text"][0]
            yield {"form": "columns", "messages": [system(system_text), user(question), answer(reply)],
                   "add_eos": add_eos, "text": text}


def learnt():
    for name, (last_lead, lead, end) in FORMATS.items():
        source = (TEMPLATES / name).read_bytes().decode()
        digest = hashlib.sha256(source.encode()).hexdigest()
        for key, conversation in PROBES.items():
            text, spans = try_render(source, conversation)
            if spans is None or (key == "system" and "Be brief." not in text):
                continue
            parts = []
            answers = [message["content"] for message in conversation["messages"] if message["role"] == "assistant"]
            for number, content in enumerate(answers):
                assert text.count(content) == 1, (name, key)
                begin = text.index(content)
                stop = begin + len(content)
                is_last = conversation["messages"][-1]["content"] == content
                before = last_lead if is_last else lead
                assert text[:begin].endswith(before), (name, key, text[:begin][-40:])
                if end is None:
                    stop += len(re.match(r"\s*", text[stop:]).group())
                else:
                    assert text[stop:].startswith(end), (name, key, text[stop:][:40])
                    stop += len(end)
                parts.append(text[begin - len(before):stop])
            yield {"template": name, "sha256": digest, "name": key, **conversation, "learnt": parts}


# Tokenizers of the shared data and the built-ins that suit them.
TOKENIZED = {"smollm2": ["chatml", "plain"], "phi-3-mini": ["phi", "plain"], "llama2": ["mistral", "alpaca", "plain"]}
FOR_TOKENS = ["one", "scripts", "ends_with_user", "thinking"]


def tokens():
    """Ids of the reference library, and the learnt tokens as transformers' apply_chat_template finds them."""
    for folder, names in TOKENIZED.items():
        place = TEMPLATES.parent / "tokenizers" / folder
        tokenizer = tokenizers.Tokenizer.from_file(str(place / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        config = json.loads((place / "tokenizer_config.json").read_text(encoding="utf-8"))
        special = {key: value if isinstance(value, str) else value["content"]
                   for key in ("bos_token", "eos_token") if (value := config.get(key))}
        for name in names:
            source = (BUILTIN / f"{name}.jinja").read_text(encoding="utf-8")
            for key in FOR_TOKENS:
                template = utils._compile_jinja_template(source)
                text, spans = utils._render_with_assistant_indices(
                    template, copy.deepcopy(CONVERSATIONS[key]["messages"]), None, None, False, **special)
                encoding = tokenizer.encode(text, add_special_tokens=not text.startswith(special["bos_token"]))
                ranges = [[encoding.char_to_token(begin), encoding.char_to_token(end - 1) + 1] for begin, end in spans]
                yield {"tokenizer": folder, "builtin": name, "name": key, **CONVERSATIONS[key], "ids": encoding.ids,
                       "learnt": ranges}


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    write("builtin.jsonl", builtins())
    write("plain.jsonl", plain())
    write("learnt.jsonl", learnt())
    write("tokens.jsonl", tokens())
    manifest = {
        "maker": "tools/golden/chat/make.py",
        "versions": {"transformers": transformers.__version__, "jinja2": jinja2.__version__,
                     "tokenizers": tokenizers.__version__, "forgelm": forgelm.__version__},
        "tokens": TOKENS,
        "builtin.jsonl": "conversation, the built-in template's text as transformers renders it, what its generation "
                         "blocks hold; the same text as the family's template gives, but for the differences",
        "differences": {f"{builtin}, {name}": why for (builtin, name), why in DIFFERENCES.items()},
        "phi": "the family's template adds eos_token to a finished text; the built-in does not",
        "plain.jsonl": "rows as forgelm.data writes them",
        "tokens.jsonl": "built-ins with tokenizers of the shared data: ids of the library tokenizers, learnt tokens as "
                        "transformers finds them",
        "learnt.jsonl": "template (by path and SHA-256), conversation, what is learnt, by a table from reading the templates",
    }
    (OUT / "MANIFEST.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


main()
