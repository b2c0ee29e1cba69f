"""Writes tests/golden/tokenizers/parts.jsonl: a small tokenizer for each part of a tokenizer.json, and what it gives.

    python tools/golden/tokenizers/make.py

Needs tokenizers 0.23.3. A line with "tokenizer" starts a case; the lines behind it are its rows: a text with ids and
spans (bytes, begin and end in turn), or ids to decode. Vocabularies hold exactly the pieces that the texts give.
"""
import json
import os
import random

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, decoders as D, models as M, normalizers as N, pre_tokenizers as P
from tokenizers import processors as T

assert tokenizers.__version__ == "0.23.3"
HERE = os.path.dirname(os.path.abspath(__file__))
TARGET = os.path.join(HERE, "..", "..", "..", "tests", "golden", "tokenizers")

TEXTS = [
    "", " ", "Hello, World!", "  two  spaces ", "tab\tnew\nline\r\nend\n", "I'll don't we'RE it's", "Stra\u00dfe \u0130stanbul \u00c9COLE",
    "e\u0301e\u0323\u0302 \u1ec7 \ud55c\uae00 \u1112\u1161\u11ab", "\u4f60\u597d\uff0c\u4e16\u754c 123\u00b2\u00bd\u0664", "\u3053\u3093\u306b\u3061\u306f\u30ab\u30ca\u30fc \u6f22\u5b57",
    "\ufb01\u2460\uff21\u212b\u2126 \u00a8", "\u200bzero\u200dwidth\ufeff\u00ad\u00a0nbsp\u3000x", "\U0001f44d\U0001f3fd \U0001f468\u200d\U0001f469\u200d\U0001f467 ok",
    "\u0645\u0631\u062d\u0628\u0627 \u05e9\u05c1\u05dc\u05d5\u05dd \u0928\u092e\u0938\u094d\u0924\u0947", "a_b-c...d--e(f)[g]{h}<i>$5+6=11", "\u2581already\u2581meta \u2581 x",
    "\x00\x07\x1fctl\x7f\x85\ufffd", "aaa   bbb\n\n\n  ccc", "x\u0345\u0301\u0334 A\u030a\u0325",
    "\u0f73 \u0f40\u0f75\u0f81 \u0344 \u0958",
]


def spans_of(text, offsets):
    at = [0]
    for c in text:
        at.append(at[-1] + len(c.encode("utf-8", "surrogatepass")))
    return [at[x] for span in offsets for x in span]


class Writer:
    def __init__(self, out):
        self.out, self.rows = out, 0

    def line(self, **fields):
        self.out.write(json.dumps(fields, ensure_ascii=False, separators=(",", ":")) + "\n")

    def start(self, name, tok):
        self.line(name=name, tokenizer=json.loads(tok.to_str()))

    def encode(self, tok, text, special=False, pair=None, no_parse=False):
        tok.encode_special_tokens = no_parse
        e = tok.encode(text, pair, add_special_tokens=special)
        spans = []
        for index, span in enumerate(e.offsets):
            source = pair if pair is not None and e.token_to_sequence(index) == 1 else text
            spans += spans_of(source, [span])
        fields = dict(text=text, special=special, ids=e.ids, spans=spans)
        if pair is not None:
            fields["pair"] = pair
        if no_parse:
            fields["no_parse"] = True
        self.line(**fields)
        self.rows += 1

    def decode(self, tok, ids, skip=False):
        self.line(decode=ids, skip_special=skip, text=tok.decode(ids, skip_special_tokens=skip))
        self.rows += 1


def words(texts, normalizer=None, pre=None, extra=()):
    """A WordLevel tokenizer that knows all pieces of the texts."""
    vocab = {"[UNK]": 0}
    for piece in extra:
        vocab.setdefault(piece, len(vocab))
    for text in texts:
        if normalizer is not None:
            text = normalizer.normalize_str(text)
        pieces = [p for p, _ in pre.pre_tokenize_str(text)] if pre is not None else [text]
        for piece in pieces:
            vocab.setdefault(piece, len(vocab))
    tok = Tokenizer(M.WordLevel(vocab, "[UNK]"))
    if normalizer is not None:
        tok.normalizer = normalizer
    if pre is not None:
        tok.pre_tokenizer = pre
    return tok


def characters(texts, normalizer):
    """A BPE tokenizer without merges: one token a character of the normalised text."""
    vocab = {"[UNK]": 0}
    for text in texts:
        for c in normalizer.normalize_str(text):
            vocab.setdefault(c, len(vocab))
    tok = Tokenizer(M.BPE(vocab, [], unk_token="[UNK]"))
    tok.normalizer = normalizer
    return tok


NORMALIZERS = {
    "NFC": N.NFC(), "NFD": N.NFD(), "NFKC": N.NFKC(), "NFKD": N.NFKD(), "Lowercase": N.Lowercase(), "Nmt": N.Nmt(),
    "StripAccents": N.StripAccents(), "Strip both": N.Strip(), "Strip left": N.Strip(True, False), "Strip right": N.Strip(False, True),
    "Prepend": N.Prepend("\u2581x"), "Replace text": N.Replace(" ", "\u2581"), "Replace pattern": N.Replace(Regex(r"\s{2,}|[a-c]+"), "<>"),
    "Replace with nothing": N.Replace(Regex(r"\p{P}"), ""), "ByteLevel": N.ByteLevel(),
    "Bert": N.BertNormalizer(), "Bert cased": N.BertNormalizer(lowercase=False), "Bert keeps accents": N.BertNormalizer(strip_accents=False),
    "Bert plain": N.BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False),
    "Sequence": N.Sequence([N.NFKC(), N.Strip(), N.Lowercase(), N.Replace(" ", "\u2581"), N.Prepend("\u2581")]),
    "NFD and accents": N.Sequence([N.NFD(), N.StripAccents()]),
}

PRE_TOKENIZERS = {
    "Whitespace": P.Whitespace(), "WhitespaceSplit": P.WhitespaceSplit(), "Bert": P.BertPreTokenizer(),
    "ByteLevel": P.ByteLevel(False), "ByteLevel prefix": P.ByteLevel(True), "ByteLevel no regex": P.ByteLevel(True, use_regex=False),
    "Digits": P.Digits(False), "Digits each": P.Digits(True), "Metaspace": P.Metaspace(), "Metaspace first": P.Metaspace(prepend_scheme="first"),
    "Metaspace never": P.Metaspace(prepend_scheme="never"), "Metaspace whole": P.Metaspace("_", "always", False),
    "CharDelimiterSplit": P.CharDelimiterSplit("l"), "UnicodeScripts": P.UnicodeScripts(), "FixedLength": P.FixedLength(3),
    "Sequence": P.Sequence([P.WhitespaceSplit(), P.Metaspace()]), "Sequence falcon": P.Sequence([P.Punctuation("contiguous"),
        P.ByteLevel(False), P.Digits(False), P.Split(Regex("[0-9][0-9][0-9]"), "isolated")]),
    "Sequence first": P.Sequence([P.Digits(True), P.Metaspace(prepend_scheme="first")]),
}
BEHAVIORS = ["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"]
for behavior in BEHAVIORS:
    PRE_TOKENIZERS[f"Punctuation {behavior}"] = P.Punctuation(behavior)
    PRE_TOKENIZERS[f"Split text {behavior}"] = P.Split(" ", behavior)
    PRE_TOKENIZERS[f"Split pattern {behavior}"] = P.Split(Regex(r"[\p{L}\p{N}]+|\s"), behavior)
    PRE_TOKENIZERS[f"Split inverted {behavior}"] = P.Split(Regex(r"\w+|\s"), behavior, invert=True)
for name, pattern in {
    "empty matches": r"\d*", "lines": r"(?m)^.|.$", "hex": r"\h+", "word border": r"\bw|o\b", "intersection": r"[\p{L}&&[^\p{Han}a-c]]+",
    "nested": r"[[a-f][x-z]\d]+", "negated nested": r"[^[a-f]\s]+", "interval": r"l{,2}o|\p{N}{1,3}+", "posix": r"[[:alpha:]]+|[[:^space:][:punct:]]",
    "case": r"(?i:'s|'re|STRA)", "han": r"\p{Han}+|\p{Hiragana}+|\p{Lu}", "look": r"(?<=o)\s|\s(?=x)|(?<!l)e", "possessive": r"\s++|[^\s]?+\w++",
}.items():
    PRE_TOKENIZERS[f"Split {name}"] = P.Split(Regex(pattern), "isolated")


def write_added_tokens(w):
    tok = words(["some text", "some", "text", "here", ""], pre=P.WhitespaceSplit())
    tok.add_special_tokens([AddedToken("<s>"), AddedToken("<mask>", lstrip=True), AddedToken("<r>", rstrip=True), AddedToken("<both>", lstrip=True, rstrip=True)])
    tok.add_tokens([AddedToken("word", single_word=True, normalized=False), AddedToken("ab", normalized=False), AddedToken("abc", normalized=False),
                    AddedToken("  ", normalized=False)])
    w.start("added tokens", tok)
    for text in ["some <s>text</s>", "a  <mask>  b", "x <r>  y", "x  <both>  <both> y<mask>", "word sword words word-word \u00e9word word", "abcabd ab",
                 "<mask>\u3000<mask>", "\u00a0\u3000<mask> x", "   <mask>", "<s><s>", "<r> <mask> z", "some"]:
        w.encode(tok, text)
        w.encode(tok, text, no_parse=True)
    for normalizer, name in ((N.Lowercase(), "lower"), (N.Prepend("\u2581"), "prepend"), (N.Sequence([N.NFKC(), N.Lowercase(), N.Strip()]), "strip")):
        tok = words(["hello there", "hello", "there", "DAY day", "x"], normalizer, P.Metaspace(prepend_scheme="first"))
        tok.add_tokens([AddedToken("Day", normalized=True), AddedToken("NIGHT", normalized=False), AddedToken("Two Words", normalized=True, single_word=True)])
        tok.add_special_tokens([AddedToken("[END]", normalized=True, rstrip=True)])
        w.start(f"added tokens, normalised ({name})", tok)
        for text in ["hello Day there", "DAY dayday", "NIGHT night", "two words Two Wordsx", "[END]  x[end] y", "  hello", "x NIGHT  hello", " Day Day"]:
            w.encode(tok, text)
        w.decode(tok, [tok.token_to_id(t) for t in ("Day", "NIGHT", "[END]")], True)


def write_processors(w):
    extra = ["[CLS]", "[SEP]", "<s>", "</s>", "A", "B"]
    pre = P.ByteLevel(True)
    texts = ["Hello there", " x  y ", "", "\u00e9\u3000z"]
    cases = {
        "Bert": T.BertProcessing(("[SEP]", 2), ("[CLS]", 1)),
        "Roberta": T.RobertaProcessing(("</s>", 4), ("<s>", 3)),
        "Roberta untrimmed": T.RobertaProcessing(("</s>", 4), ("<s>", 3), trim_offsets=False, add_prefix_space=False),
        "ByteLevel": T.ByteLevel(trim_offsets=True), "ByteLevel untrimmed": T.ByteLevel(trim_offsets=False),
        "Template": T.TemplateProcessing(single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]),
        "Template twice": T.TemplateProcessing(single="$A <s> $A", pair="$B:1 $A $B", special_tokens=[("<s>", 3)]),
        "Template of many": T.TemplateProcessing(single="x $A", pair="x $A $B", special_tokens=[{"id": "x", "ids": [1, 2, 3], "tokens": ["[CLS]", "[SEP]", "<s>"]}]),
        "Sequence": T.Sequence([T.ByteLevel(trim_offsets=True), T.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> $B", special_tokens=[("<s>", 3), ("</s>", 4)])]),
    }
    for name, processor in cases.items():
        tok = words(texts, pre=pre, extra=extra)
        tok.post_processor = processor
        w.start(f"processor {name}", tok)
        for text in texts:
            for special in (False, True):
                w.encode(tok, text, special)
                if name != "Template twice" or text == "Hello there":  # else the reference mixes up the texts of spans
                    w.encode(tok, text, special, pair="Hello there")
    for direction in ("left", "right"):
        tok = words(texts, pre=P.WhitespaceSplit(), extra=extra)
        tok.post_processor = cases["Template"]
        tok.enable_truncation(4, direction=direction)
        w.start(f"truncation {direction}", tok)
        for text in ["Hello there", "a b c d e f", "a b c"]:
            w.encode(tok, text, False)
            w.encode(tok, text, True)


DECODERS = {
    "none": None, "ByteLevel": D.ByteLevel(), "WordPiece": D.WordPiece(), "WordPiece plain": D.WordPiece("@@", False), "Metaspace": D.Metaspace(),
    "Metaspace never": D.Metaspace(prepend_scheme="never"), "BPEDecoder": D.BPEDecoder(), "CTC": D.CTC(), "CTC plain": D.CTC("<pad>", "|", False),
    "ByteFallback": D.ByteFallback(), "Fuse": D.Fuse(), "Strip": D.Strip("_", 1, 0), "Strip both": D.Strip("a", 2, 1), "Replace": D.Replace("\u2581", " "),
    "Replace pattern": D.Replace(Regex("[aeiou]"), "*"),
    "Sequence llama": D.Sequence([D.Replace("\u2581", " "), D.ByteFallback(), D.Fuse(), D.Strip(" ", 1, 0)]),
    "Sequence fused": D.Sequence([D.Fuse(), D.Replace("ab", "x"), D.Strip("x", 1, 1)]),
    "Sequence of bytes": D.Sequence([D.ByteLevel(), D.Strip("\u00e9", 1, 1)]),
}
TOKENS = ["[UNK]", "<s>", "\u2581the", "\u2581", "a", "ab", "##ing", "##", "@@ed", "c</w>", "d", "</w>", "<pad>", "|", "<0xC3>", "<0xA9>", "<0x41>", "<0xE2>",
          "<0xff>", "<0xG0>", "\u0120the", "\u00c3", "\u00a9", "\u00e2", "\u0122", "\u010a", "\u4f60", ".", "'s", "n't", " do not", "_x", "__", "aa", "\ufffd", "\u20ac"]


def write_decoders(w):
    rng = random.Random(7)
    lists = [[], [2], [14], [20, 21, 22]]
    for _ in range(14):
        lists.append([rng.randrange(len(TOKENS)) for _ in range(rng.randrange(1, 12))])
    lists.append([14, 15, 16, 17, 18, 14, 15])
    lists.append([9, 11, 4, 9])
    lists.append([4, 4, 12, 4, 13, 13, 5])
    lists.append([23, 24, 23, 21, 26, 23])
    lists.append([1, 2, 1, 99999, 3])
    for name, decoder in DECODERS.items():
        tok = Tokenizer(M.WordLevel({t: i for i, t in enumerate(TOKENS)}, "[UNK]"))
        tok.add_special_tokens(["<s>"])
        if decoder is not None:
            tok.decoder = decoder
        w.start(f"decoder {name}", tok)
        for ids in lists:
            if not ids and name in ("BPEDecoder",):
                continue  # the reference fails there
            for skip in (False, True) if 1 in ids else (False,):
                try:
                    w.decode(tok, ids, skip)
                except BaseException as error:  # Strip beyond a token's length panics there
                    if "Panic" not in type(error).__name__:
                        raise


def main():
    os.makedirs(TARGET, exist_ok=True)
    with open(os.path.join(TARGET, "parts.jsonl"), "w", encoding="utf-8") as out:
        w = Writer(out)
        for name, normalizer in NORMALIZERS.items():
            tok = characters(TEXTS, normalizer)
            w.start(f"normalizer {name}", tok)
            for text in TEXTS:
                w.encode(tok, text)
        for name, pre in PRE_TOKENIZERS.items():
            tok = words(TEXTS, pre=pre)
            w.start(f"pre-tokenizer {name}", tok)
            for text in TEXTS:
                w.encode(tok, text)
        tok = words(TEXTS, NORMALIZERS["Sequence"], P.Metaspace(prepend_scheme="first"))
        w.start("normalizer and pre-tokenizer", tok)
        for text in TEXTS:
            w.encode(tok, text)
        write_added_tokens(w)
        write_processors(w)
        write_decoders(w)
    with open(os.path.join(TARGET, "MANIFEST.json"), "w", encoding="utf-8") as out:
        json.dump({"maker": "tools/golden/tokenizers/make.py", "tokenizers": tokenizers.__version__, "rows": w.rows}, out, indent=2)
        out.write("\n")


if __name__ == "__main__":
    main()
