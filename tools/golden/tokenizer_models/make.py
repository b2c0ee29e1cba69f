"""Makes tests/golden/tokenizer_models: what tokenizers' models give for words, without anything around the model.

models.jsonl: one model a line, hand-made or random, of every kind, with words and their ids and byte spans; null where
the library raises. Run with tokenizers 0.23.3: python3 tools/golden/tokenizer_models/make.py
"""

import json
import pathlib
import random

import tokenizers

assert tokenizers.__version__ == "0.23.3", tokenizers.__version__
OUT = pathlib.Path(__file__).resolve().parents[3] / "tests" / "golden" / "tokenizer_models"
LETTERS = ["a", "b", "c", "é", "▁", "中", "😀", " ", "\n"]
WORDS = ["a", "b", "ab", "ba", "aab", "abab", "▁ab", "▁a▁b", "aaaaaaa", "?", "??", "a?b", "a??b", "?a", "é", "éa", "中a中",
         "😀", "ab😀", "<unk>", "a<unk>", "<unk>?", "hello", "unaffable", "ab▁▁ab", "\n", "a\nb", "A"]


def vocab_of(*tokens):
    return {token: i for i, token in enumerate(tokens)}


def bytes_of(text):
    return [f"<0x{b:02X}>" for b in text.encode()]


def hand_made():
    letters = vocab_of("<unk>", "a", "b", "h", "e", "l", "o", "ab", "aab", "ll", "he", "hell", "ba", "▁", "▁a", "▁ab")
    merges = [["h", "e"], ["l", "l"], ["he", "ll"], ["a", "b"], ["a", "ab"], ["b", "a"], ["▁", "a"], ["▁a", "b"]]
    yield "bpe", {"type": "BPE", "vocab": letters, "merges": merges}
    yield "bpe, merges as lines, no type", {"vocab": letters, "merges": ["#version: 0.2"] + [" ".join(m) for m in merges]}
    for fuse in (False, True):
        yield f"bpe, unk, fuse {fuse}", {"type": "BPE", "vocab": letters, "merges": merges, "unk_token": "<unk>", "fuse_unk": fuse}
    yield "bpe, unk not in the vocabulary", {"type": "BPE", "vocab": letters, "merges": merges, "unk_token": "[U]"}
    yield "bpe, merges of unk", {"type": "BPE", "unk_token": "<unk>", "vocab": vocab_of("<unk>", "a", "<unk>a", "<unk><unk>"),
                                 "merges": [["<unk>", "a"], ["<unk>", "<unk>"]]}
    yield "bpe, a pair twice", {"type": "BPE", "vocab": letters, "merges": [["a", "b"], ["a", "ab"], ["b", "a"], ["a", "b"]]}
    yield "bpe, whole words", {"type": "BPE", "vocab": {**letters, "hello": 40, "abab": 41}, "merges": merges, "ignore_merges": True}
    yield "bpe, bytes", {"type": "BPE", "byte_fallback": True, "unk_token": "<unk>", "fuse_unk": True, "merges": [["a", "b"]],
                         "vocab": vocab_of("<unk>", "a", "b", "ab", *bytes_of("é?中"))}
    yield "bpe, bytes after unk", {"type": "BPE", "byte_fallback": True, "unk_token": "<unk>", "merges": [["<0x3F>", "<0x3F>"]],
                                   "vocab": vocab_of("<unk>", "a", "b", "<0x3F>", "<0x3F><0x3F>")}
    yield "bpe, prefix", {"type": "BPE", "continuing_subword_prefix": "##", "unk_token": "<unk>", "merges": [["a", "##b"], ["ab", "##a"]],
                          "vocab": vocab_of("<unk>", "a", "b", "##a", "##b", "ab", "aba")}
    yield "bpe, suffix", {"type": "BPE", "end_of_word_suffix": "</w>", "unk_token": "<unk>", "merges": [["a", "b</w>"], ["a", "b"]],
                          "vocab": vocab_of("<unk>", "a", "b", "a</w>", "b</w>", "ab</w>", "ab")}
    yield "bpe, suffix in bytes", {"type": "BPE", "end_of_word_suffix": "</w>", "byte_fallback": True, "merges": [],
                                   "vocab": vocab_of("a", *[f"<0x{b:02X}>" for b in range(256)])}
    yield "bpe, dropout 0", {"type": "BPE", "dropout": 0.0, "vocab": letters, "merges": merges}
    pieces = [["<unk>", 0.0], ["a", 0.0], ["b", 0.0], ["c", 0.0], ["cd", 1.0], ["ab", 2.0], ["abc", 5.0], ["abcd", 10.0], ["▁", -1.0]]
    yield "unigram", {"type": "Unigram", "unk_id": 0, "vocab": pieces}
    yield "unigram, no type", {"unk_id": 0, "vocab": pieces}
    yield "unigram, no unk", {"type": "Unigram", "unk_id": None, "vocab": pieces}
    yield "unigram, ties", {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", -1.0], ["a", -1.0], ["b", -1.0], ["ab", -2.0], ["ba", -2.0], ["aab", -3.0]]}
    yield "unigram, unknown run is a piece", {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 20.0], ["a", 20.0], ["??", 19.0], ["b", 30.0]]}
    yield "unigram, unk last", {"type": "Unigram", "unk_id": 2, "vocab": [["a", -1.5], ["ab", -2.5], ["<unk>", -3.0]]}
    yield "unigram, piece twice", {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0], ["a", -1.0], ["a", -5.0], ["b", -1.0], ["ab", -3.0]]}
    yield "unigram, bytes", {"type": "Unigram", "unk_id": 0, "byte_fallback": True,
                             "vocab": [["<unk>", 0.0], ["a", -1.0], ["b", -1.0]] + [[t, -9.0] for t in bytes_of("é?")]}
    yield "word piece", {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 6,
                         "vocab": vocab_of("[UNK]", "a", "b", "##a", "##b", "ab", "##abab", "##", "aab", "é", "##😀")}
    yield "word piece, no type", {"unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
                                  "vocab": vocab_of("[UNK]", "un", "##aff", "##able", "a", "hello")}
    yield "word piece, no prefix", {"type": "WordPiece", "unk_token": "a", "continuing_subword_prefix": "", "max_input_chars_per_word": 100,
                                    "vocab": vocab_of("a", "ab", "b", "?")}
    yield "word piece, no unk", {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "@", "max_input_chars_per_word": 100,
                                 "vocab": vocab_of("a", "@b")}
    yield "word level", {"type": "WordLevel", "unk_token": "<unk>", "vocab": vocab_of("<unk>", "a", "hello", "é")}
    yield "word level, no type, no unk", {"unk_token": "[UNK]", "vocab": vocab_of("a", "hello")}


def random_model(dice):
    letters = dice.sample(LETTERS, dice.randint(2, 6))
    kind = dice.choice(["BPE", "BPE", "Unigram", "Unigram", "WordPiece"])
    if kind == "BPE":
        vocab = vocab_of("<unk>", *letters)
        merges = []
        for _ in range(dice.randint(0, 25)):
            left, right = dice.choice(list(vocab)), dice.choice(list(vocab))
            if len(left + right) > 12:
                continue
            vocab.setdefault(left + right, len(vocab))
            merges.append([left, right])
        dice.shuffle(merges)
        model = {"type": kind, "vocab": vocab, "merges": merges, "fuse_unk": dice.random() < 0.5, "ignore_merges": dice.random() < 0.2}
        if dice.random() < 0.7:
            model["unk_token"] = "<unk>"
        return letters, model
    words = ["".join(dice.choices(letters, k=dice.randint(1, 5))) for _ in range(dice.randint(3, 30))]
    if kind == "Unigram":
        # Few different scores make ties.
        pieces = [[w, -dice.choice([1.0, 2.0, 3.0, 0.1, 0.2, 0.3, dice.random() * 9])] for w in dict.fromkeys(letters[:-1] + words)]
        return letters, {"type": kind, "unk_id": 0, "vocab": [["<unk>", 0.0]] + pieces}
    vocab = vocab_of("[UNK]", *dict.fromkeys(words + letters + ["##" + w for w in words[::2] + letters[:-1]]))
    return letters, {"type": kind, "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 20, "vocab": vocab}


def run(name, model, words):
    """A model that the library refuses has null for its words."""
    try:
        model_object = tokenizers.Tokenizer.from_str(json.dumps({"version": "1.0", "added_tokens": [], "model": model})).model
    except BaseException:  # its panics are not Exceptions
        return {"name": name, "model": model, "words": None}
    rows = []
    for word in words:
        try:
            tokens = model_object.tokenize(word)
            rows.append({"text": word, "ids": [t.id for t in tokens], "spans": [list(t.offsets) for t in tokens]})
        except BaseException:  # its panics are not Exceptions
            rows.append({"text": word, "ids": None})
    return {"name": name, "model": model, "words": rows}


def rows():
    for name, model in hand_made():
        yield run(name, model, WORDS)
    yield run("bpe, merge of a token that is not there", {"type": "BPE", "vocab": vocab_of("a", "b"), "merges": [["a", "b"]]}, [])
    yield run("bpe, three parts", {"type": "BPE", "vocab": vocab_of("a"), "merges": ["a a a"]}, [])
    yield run("bpe, no merges", {"type": "BPE", "vocab": vocab_of("a")}, [])
    yield run("bpe, dropout 2", {"type": "BPE", "dropout": 2.0, "vocab": vocab_of("a"), "merges": []}, [])
    yield run("unigram, unk_id too large", {"type": "Unigram", "unk_id": 1, "vocab": [["a", 0.0]]}, [])
    yield run("word piece without its prefix", {"type": "WordPiece", "unk_token": "a", "max_input_chars_per_word": 1, "vocab": {}}, [])
    yield run("another type", {"type": "Bpe", "vocab": {}, "merges": []}, [])
    dice = random.Random(20261121)
    for i in range(80):
        letters, model = random_model(dice)
        words = ["".join(dice.choices(letters + ["?"], k=dice.choice([1, 2, 3, 5, 8, 13, 60]))) for _ in range(8)]
        yield run(f"random {i}", model, words)


OUT.mkdir(parents=True, exist_ok=True)
made = list(rows())
(OUT / "models.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in made))
manifest = {"maker": "tools/golden/tokenizer_models/make.py", "versions": {"tokenizers": tokenizers.__version__},
            "rows": {"models.jsonl": len(made)}}
(OUT / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")
