"""Compares our tokenizers with the reference on random and real strings: ids, spans and decoded text.

    python tools/golden/tokenizers/differential.py TOKENIZER_DUMP SHARED_DATA [--strings N] [--seed N] [--only NAME ...]

TOKENIZER_DUMP is the program of tests/text/tokenizer_dump.cpp. Needs tokenizers 0.23.3. Every tokenizer.json in
SHARED_DATA/tokenizers and the ones put together here, from its vocabularies with the patterns that models use, is fed
N strings. Prints each difference (up to ten a tokenizer) and exits 1 when there is any.
"""
import argparse
import glob
import json
import os
import random
import subprocess
import sys
import tempfile

import tokenizers
from tokenizers import Regex, Tokenizer, decoders as D, models as M, normalizers as N, pre_tokenizers as P, processors as T

SCRIPTS = [
    "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "etaoin shrdlu", "0123456789", " .,;:!?'\"()[]{}<>-_/\\|@#$%^&*+=~`",
    "\u00e9\u00e8\u00fc\u00f1\u00e7\u00df\u00f8\u0142\u0131\u0130\u017f\u212a", "\u0430\u0431\u0432\u0433\u0434\u0435\u0451\u0436\u0416\u042f\u0419\u0439",
    "\u03b1\u03b2\u03b3\u03b4\u03ac\u03ce\u03a9\u03c2", "\u0645\u0631\u062d\u0628\u0627\u064b\u0651\u0660\u0661\u200f", "\u05e9\u05c1\u05dc\u05d5\u05dd",
    "\u0928\u092e\u0938\u094d\u0924\u0947\u0964\u0967\u093c\u0915\u093f", "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35\u0e04\u0e23\u0e31\u0e1a\u0e51",
    "\u4f60\u597d\u4e16\u754c\uff0c\u3002\u300a\u300b\u2f00\uf900", "\u3053\u3093\u306b\u3061\u306f\u30ab\u30bf\u30ca\u30fc\u304c\u3099", "\ud55c\uad6d\uc5b4\u1112\u1161\u11ab\u1100",
    "\U0001f600\U0001f44d\U0001f3fd\u200d\U0001f469\u2764\ufe0f\U0001f1e9\U0001f1ea", " \t\n\r\u00a0\u3000\u2028\u2009\u0085\u1680\x0b\x0c", "\u2581\u0120\u010a\u00a0\ufeff\u200b\u00ad\ufffd\x00\x1f\x7f",
    "\u0300\u0301\u0327\u0345\u0334\u0323\u0308", "\u00bd\u00b2\u2460\u2167\u0be7\u4e09\U0001d7d8\uff13", "\u1e9b\u0323\u01c5\ufb03\u2126\u212b\u3392\u33a5\ufdfa", "'s'S't'T'll'LL're'vE'm'd'D\u2019s",
    "\U00010400\U00010428\U0001e900\U00020000\U0002a6df\U00031350\u1c89\ua7cb\U00016d40\U00010d50",
]
QWEN = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = QWEN.replace(r"|\p{N}|", r"|\p{N}{1,3}|")
CASED = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]%s[\p{Ll}\p{Lm}\p{Lo}\p{M}]%s(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
O200K = CASED % ("*", "+") + CASED % ("+", "*") + r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
DEEPSEEK = [r"[\r\n]", r"\s?[A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u0400-\u052f]+", r"\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+", r"\s+$",
            r"[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"]
DEEPSEEK3 = (r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"
             r"|\s*[\r\n]+|\s+(?!\S)|\s+")
KIMI = (r"[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def byte_level(folder, split, normalizer=None):
    tok = Tokenizer(M.BPE.from_file(os.path.join(folder, "vocab.json"), os.path.join(folder, "merges.txt")))
    splits = [P.Split(Regex(p), "isolated") for p in ([split] if isinstance(split, str) else split)]
    tok.pre_tokenizer = P.Sequence(splits + [P.ByteLevel(add_prefix_space=False, use_regex=False)])
    if normalizer is not None:
        tok.normalizer = normalizer
    tok.decoder = D.ByteLevel()
    tok.post_processor = T.ByteLevel(trim_offsets=True)
    tok.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    return tok


def bert(pieces):
    vocab = {"[UNK]": 0}
    for piece in pieces:
        for text in (piece, "##" + piece):
            vocab.setdefault(text, len(vocab))
    tok = Tokenizer(M.WordPiece(vocab, unk_token="[UNK]"))
    tok.normalizer, tok.pre_tokenizer, tok.decoder = N.BertNormalizer(), P.BertPreTokenizer(), D.WordPiece()
    return tok


def tokenizers_of(shared):
    out = {}
    for path in sorted(glob.glob(os.path.join(shared, "tokenizers", "*", "tokenizer.json"))):
        out[os.path.basename(os.path.dirname(path))] = Tokenizer.from_file(path)
    for tok in out.values():
        tok.no_truncation()
        tok.no_padding()
    qwen, gpt2 = os.path.join(shared, "tokenizers", "qwen2"), os.path.join(shared, "tokenizers", "gpt2")
    out["made:qwen2"] = byte_level(qwen, QWEN, N.NFC())
    out["made:llama3"] = byte_level(qwen, LLAMA3)
    out["made:o200k"] = byte_level(qwen, O200K)
    out["made:deepseek"] = byte_level(gpt2, DEEPSEEK)
    out["made:deepseek3"] = byte_level(gpt2, [r"\p{N}{1,3}", "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+", DEEPSEEK3])
    out["made:kimi"] = byte_level(gpt2, KIMI)
    out["made:nfkc"] = byte_level(gpt2, LLAMA3, N.Sequence([N.NFKC(), N.Lowercase(), N.StripAccents()]))
    out["made:bert"] = bert(sorted(set("".join(SCRIPTS))))
    metaspace = Tokenizer.from_str(out["llama2"].to_str())
    metaspace.normalizer = N.Sequence([N.Replace(Regex(" {3,}"), "  "), N.Strip(False, True)])
    metaspace.pre_tokenizer = P.Metaspace(prepend_scheme="first", split=False)
    out["made:metaspace"] = metaspace
    return out


def real_lines(shared):
    lines = []
    for path in glob.glob(os.path.join(shared, "datasets", "**", "*"), recursive=True):
        if os.path.isfile(path) and path.endswith((".jsonl", ".json", ".txt", ".csv", ".md")):
            with open(path, encoding="utf-8", errors="replace") as f:
                lines += [line.rstrip("\n")[:600] for line in f.readlines()[:300]]
    return lines


def random_string(rng, specials):
    parts = []
    for _ in range(rng.randrange(1, 9)):
        kind = rng.random()
        if kind < 0.06 and specials:
            parts.append(rng.choice(specials))
        elif kind < 0.16:
            while True:
                c = rng.choice([rng.randrange(0x80), rng.randrange(0x3000), rng.randrange(0x10000), rng.randrange(0x20000), rng.randrange(0x110000)])
                if not 0xD800 <= c < 0xE000:
                    break
            parts.append(chr(c))
        elif kind < 0.3:
            parts.append(rng.choice(" \t\n\r.'-\u00a0\u3000a1") * rng.randrange(1, 9))
        else:
            alphabet = rng.choice(SCRIPTS)
            parts.append("".join(rng.choice(alphabet) for _ in range(rng.randrange(1, 10))))
        if rng.random() < 0.4:
            parts.append(" ")
    return "".join(parts)


def expected(tok, text):
    e = tok.encode(text, add_special_tokens=False)
    if text.isascii():
        spans = [x for span in e.offsets for x in span]
    else:
        at = [0]
        for c in text:
            at.append(at[-1] + len(c.encode()))
        spans = [at[x] if x < len(at) else None for span in e.offsets for x in span]
    return [e.ids, spans, tok.decode(e.ids, skip_special_tokens=False)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("shared")
    parser.add_argument("--strings", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*")
    args = parser.parse_args()
    assert tokenizers.__version__ == "0.23.3"
    real, num_different, num_compared = real_lines(args.shared), 0, 0
    for name, tok in tokenizers_of(args.shared).items():
        if args.only and name not in args.only:
            continue
        specials = [t.content for t in tok.get_added_tokens_decoder().values()]
        rng = random.Random(f"{args.seed} {name}")
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "tokenizer.json")
            tok.save(path)
            texts = [rng.choice(real) if rng.random() < 0.2 else random_string(rng, specials) for _ in range(args.strings)]
            lines = "".join(json.dumps(text) + "\n" for text in texts)
            run = subprocess.run([args.program, path, "--alone"], input=lines.encode(), capture_output=True)
        if run.returncode != 0:
            print(name, "failed:", run.stderr.decode()[-500:])
            num_different += 1
            continue
        shown = 0
        for text, line in zip(texts, run.stdout.decode().splitlines()):
            try:
                want = expected(tok, text)
            except BaseException as error:
                print(name, "the reference fails on", ascii(text), repr(error)[:200])
                continue
            got = json.loads(line)
            num_compared += 1
            if got != want:
                num_different += 1
                shown += 1
                if shown <= 10:
                    print(name, ascii(text))
                    for what, a, b in zip(("ids", "spans", "decoded"), want, got if isinstance(got, list) else [got] * 3):
                        if a != b:
                            print("   ", what, "expected", ascii(a)[:600], "\n        got     ", ascii(b)[:600])
        print(name, len(texts), "strings,", shown, "different", flush=True)
    print(num_compared, "compared,", num_different, "different")
    return 1 if num_different else 0


if __name__ == "__main__":
    sys.exit(main())
