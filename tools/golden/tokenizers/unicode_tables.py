"""Writes src/text/unicode_table.cpp and unicode_scripts.cpp: what the reference tokenizers take each code point for.

    python tools/golden/tokenizers/unicode_tables.py

Needs tokenizers 0.23.3 under Python 3.11 (Unicode 14). The reference stands on several libraries with Unicode data of
different ages; each class is asked of the reference itself, so that the table has no age of its own.
"""
import os
import sys
import unicodedata

import tokenizers
from tokenizers import Regex, normalizers as N, pre_tokenizers as P

assert tokenizers.__version__ == "0.23.3" and unicodedata.unidata_version == "14.0.0"
ALL = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
CATEGORIES = ("Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Co Cn Cs").split()


def removed_by(pre_tokenizer):
    kept = set()
    for at in range(0, len(ALL), 4096):
        for piece, _ in pre_tokenizer.pre_tokenize_str("".join(map(chr, ALL[at:at + 4096]))):
            kept.update(map(ord, piece))
    return set(ALL) - kept


def matching(pattern):
    return removed_by(P.Split(Regex(pattern), "removed"))


def between(pre_tokenizer, is_wanted):
    """Code points c for which the pieces of "aca" satisfy is_wanted(pieces, start)."""
    found = set()
    for at in range(0, len(ALL), 2048):
        chunk = ALL[at:at + 2048]
        pieces = dict(span for _, span in pre_tokenizer.pre_tokenize_str(" ".join(f"a{chr(c)}a" for c in chunk)))
        found.update(c for k, c in enumerate(chunk) if is_wanted(pieces, 4 * k))
    return found


def normalized(normalizer):
    return {c: normalizer.normalize_str(f"a{chr(c)}b") for c in ALL}


def deleted_by(normalizer):
    return {c for c, text in normalized(normalizer).items() if text == "ab"}


def reordered():
    """Code points whose combining class the reference knows to be other than 0."""
    nfd, found = N.NFD(), set()
    for c in ALL:
        cc = unicodedata.combining(chr(c))
        if cc == 0:
            continue
        if cc > 1:
            low = "\u0334"  # class 1
            if nfd.normalize_str("a" + chr(c) + low) == "a" + low + nfd.normalize_str(chr(c)):
                found.add(c)
        else:
            high = "\u0345"  # class 240
            if nfd.normalize_str("a" + high + chr(c)) == "a" + chr(c) + high:
                found.add(c)
    return found


def flags():
    category = {}
    for index, name in enumerate(CATEGORIES):
        if name == "Cs":
            continue
        for c in matching(r"\p{%s}" % name):
            category[c] = index
    sets = [
        {c for c in ALL if category[c] != CATEGORIES.index("Cn") and unicodedata.category(chr(c)) == "Cn"},
        between(P.Whitespace(), lambda pieces, at: pieces.get(at) == at + 3),
        matching(r"\w"),
        removed_by(P.Punctuation("removed")),
        deleted_by(N.BertNormalizer(clean_text=True, handle_chinese_chars=False, strip_accents=False,
                                    lowercase=False)),
        deleted_by(N.BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=True,
                                    lowercase=False)),
        deleted_by(N.StripAccents()),
        between(P.Digits(individual_digits=False), lambda pieces, at: pieces.get(at + 1) == at + 2),
        removed_by(P.WhitespaceSplit()),
    ]
    known = reordered()
    nfkd, nfkc = N.NFKD(), N.NFKC()
    inert = set(sets[0])
    for c in ALL:
        if unicodedata.combining(chr(c)) and c not in known:
            inert.add(c)
        if nfkd.normalize_str(chr(c)) != unicodedata.normalize("NFKD", chr(c)):
            inert.add(c)
    sets.append(inert)
    sets.append(matching(r"\p{Alphabetic}"))
    out = {}
    for c in ALL:
        value = category[c]
        for bit, members in enumerate(sets):
            value |= (c in members) << (5 + bit)
        out[c] = value
    for c in range(0xD800, 0xE000):
        out[c] = CATEGORIES.index("Cs")
    return out


def lower_case():
    """{first, last, step, delta} for every code point with a one-character lower case of its own."""
    pairs = []
    for c, text in normalized(N.Lowercase()).items():
        if text != f"a{chr(c)}b" and len(text) == 3:
            pairs.append((c, ord(text[1]) - c))
        elif text != f"a{chr(c)}b":
            assert c == 0x130 and text == "ai\u0307b", hex(c)
    runs = []
    for c, delta in pairs:
        if runs:
            first, last, step, run_delta = runs[-1]
            gap = c - last
            if delta == run_delta and gap in (1, 2) and (step == gap or first == last):
                runs[-1] = (first, c, gap, delta)
                continue
        runs.append((c, c, 1, delta))
    return runs


def scripts():
    """Code points by script, as far as the reference tells scripts apart; 0 never starts a piece."""
    pre = P.UnicodeScripts()

    def splits(a, b):
        return len(pre.pre_tokenize_str(chr(a) + chr(b))) == 2

    def starts(c):  # a script that is neither "any" nor that of its neighbour
        return splits(0x61, c) or splits(0x3B1, c)

    classes, out = [], {}
    previous, previous_class = None, None
    for c in ALL:
        if not starts(c):
            kind = 0
        elif previous is not None and previous_class and not splits(previous, c):
            kind = previous_class
        else:
            for index, example in enumerate(classes):
                if not splits(example, c):
                    kind = index + 1
                    break
            else:
                classes.append(c)
                kind = len(classes)
        out[c] = kind
        previous, previous_class = c, kind
    for c in range(0xD800, 0xE000):
        out[c] = 0
    return out


def runs(values):
    out, last = [], None
    for c in range(0x110000):
        if values[c] != last:
            last = values[c]
            out.append((c, last))
    return out


def rows(items):
    line, out = "   ", []
    for item in items:
        text = " {" + ",".join(str(x) if -10 < x < 10 else hex(x) for x in item) + "},"
        if len(line) + len(text) > 120:
            out.append(line)
            line = "   "
        line += text
    return "\n".join(out + [line])


HEAD = """// Written by tools/golden/tokenizers/unicode_tables.py; do not edit. {what}
// A row holds from its code point up to the next row's.
// clang-format off
#include "unicode_table.hpp"

namespace forgelm::text {{

"""
TAIL = "}  // namespace forgelm::text\n"


def write(name, what, tables):
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "..", "..", "..", "src", "text", name), "w", encoding="ascii") as out:
        out.write(HEAD.format(what=what))
        for row_type, table, items in tables:
            out.write(f"const {row_type} k{table}[] = {{\n{rows(items)}\n}};\n")
            out.write(f"const std::size_t kNum{table} = {len(items)};\n\n")
            print(table, len(items), file=sys.stderr)
        out.write(TAIL)


def main():
    write("unicode_table.cpp", "What tokenizers 0.23.3\n// takes each code point for: categories of "
          "Unicode 16, combining classes and decompositions of Unicode 9\n// (hence the flag `inert`). Bits: unicode.hpp.",
          [("FlagRun", "FlagRuns", runs(flags()))])
    write("unicode_scripts.cpp", "Lower case, and scripts as\n// tokenizers 0.23.3 tells them apart; "
          "0 never starts a piece.",
          [("LowerRun", "LowerRuns", lower_case()), ("ScriptRun", "ScriptRuns", runs(scripts()))])


if __name__ == "__main__":
    main()
