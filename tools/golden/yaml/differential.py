#!/usr/bin/env python3
"""Looks for documents that read_yaml and the reference read differently.

    python tools/golden/yaml/differential.py BUILD/bin/yaml_dump [--documents N] [--seed S] [--show N]

Documents are written at random from the pieces of YAML, or made from the golden corpus and from a job file by cutting,
doubling, joining and replacing. A difference is a verdict or a tree that is not the same; differences of the kinds that
tests/golden/yaml/known_differences.txt describes are counted apart. Exit code 1 when there is any other.
"""
import argparse
import collections
import pathlib
import random
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import cases  # noqa: E402
import yaml_dump  # noqa: E402

PIECES = [
    "a", "b", "key", "1", "0", "010", "0x1F", "0b1", "1_000", "1:30", "1:30.5", "1.5", ".5", "1e3", "1.0e+3", "-.inf",
    ".nan", "~", "null", "yes", "No", "ON", "true", "2001-01-01", "2001-12-14t21:59:43.10-05:00", "2001-13-01",
    "2001-12-14 21:59:43", "=", "<<", "- ", "-", "? ", "?", ": ", ":", ", ", ",", "[", "]", "{", "}", "[ ", " ]", "{ ",
    " }", "#", " # c", "&a ", "&b ", "*a", "*b", "*a ", "! ", "!!str ", "!!int ", "!!float ", "!!bool ", "!!null ",
    "!!set ", "!!map ", "!!seq ", "!!omap ", "!!pairs ", "!!binary ", "!!timestamp ", "!custom ",
    "!<tag:yaml.org,2002:int> ", "!!python/name:os.system ", "|", ">", "|-", ">+", "|2", ">1-", "|+1", "'", "\"", "''",
    "\\n", "\\", "\\x41", "\\u263A", "\\\n", "'a b'", "\"a b\"", "'it''s'", "%", "%YAML 1.1", "%TAG ! tag:e,1:",
    "%TAG !e! tag:yaml.org,2002:", "!e!int ", "---", "...", "--- ", "\n", "\n", "\n", "\n", "\n ", "\n  ", "\n    ",
    "\n- ", "\n  - ", "\n---\n", "\n...\n", "\n\n", " ", "  ", "\t", "\r\n", "\r", "\u0085", "\u2028", "\u2029",
    "\ufeff", "\u00a0", "\u00e9", "\U0001f600", "@", "`", "a: b", "a: 1\nb: 2", "a:\n  b: c", "- a\n- b", "? a\n: b",
    "[a, b]", "{a: b}", "{a, b}", "[a: b]", "<<: *a", "&a {x: 1}", "&b {x: 2, y: 3}", "\x00", "\x07", "\x7f", "a:b",
    "a#b", "a #b", "text with words", "=: 1", "|\n  text\n  more\n", ">\n  text\n\n  more\n   deep\n  end\n", "aGVsbG8=",
    "!!omap [a: 1, b: 2]", "!!set {a, b}", "!!binary aGk=",
]

JOB = """\
# a job
model: &model
  name_or_path: "meta/llama"
  trust_remote_code: no
  max_length: 2_048
lora: {r: 8, alpha: 16, target_modules: [q_proj, v_proj]}
training:
  learning_rate: 2e-4
  output_dir: ./out
  steps:
    - 10
    - 0x10
  note: >-
    folded text
    goes on

    here
  script: |
    echo "hi"
      indented
data:
  <<: *model
  path: 'it''s here'
  date: 2024-01-31
"""


def write_random(rng):
    return "".join(rng.choice(PIECES) for _ in range(rng.randint(1, 14))).encode("utf-8", "surrogatepass")


def write_tree(rng, depth=0, indent=0):
    """A document that is mostly well-formed, in block or flow style."""
    pad = " " * indent
    kind = rng.random()
    scalars = [p for p in PIECES if p.strip() and "\n" not in p and not p.strip()[-1:] in ":,?-[]{}|>&%"]
    if depth > 3 or kind < 0.35:
        return rng.choice(["", "&a ", "!!str ", "! ", "!!int "]) * (rng.random() < 0.15) + rng.choice(scalars)
    if kind < 0.45:
        return rng.choice("|>") + rng.choice(["", "-", "+", "2", "1-"]) + "\n" + "".join(
            pad + " " * rng.randint(0, 3) + rng.choice(["text", "", "more # x", "- y", "\t"]) + rng.choice(["\n", "\n", "\n\n", "\u2028"])
            for _ in range(rng.randint(0, 4)))
    if kind < 0.6:
        items = [write_tree(rng, 9) + (": " + write_tree(rng, 9) if rng.random() < 0.5 else "") for _ in range(rng.randint(0, 3))]
        return rng.choice(["[%s]", "{%s}"]) % rng.choice([", ", ",", " ,\n" + pad]).join(items)
    lines = []
    for _ in range(rng.randint(1, 4)):
        key = rng.choice(["a", "b", "<<", "1", "true", "'q'", "? k\n" + pad, "=", "&b x", "*a", "1.0", "[l]"])
        head = "- " if kind < 0.75 else key + ":" + rng.choice([" ", " ", " ", "\n" + pad + "  ", "", "\t"])
        lines.append(pad + head + write_tree(rng, depth + 1, indent + rng.choice([2, 2, 2, 1, 4])))
    return "\n" * (depth > 0) + "\n".join(lines)


def mutate(rng, document, corpus):
    data = bytearray(document)
    for _ in range(rng.randint(1, 4)):
        at = rng.randint(0, len(data))
        end = min(len(data), at + rng.randint(1, 6))
        choice = rng.random()
        if choice < 0.35:
            data[at:at] = rng.choice(PIECES).encode("utf-8")
        elif choice < 0.6:
            del data[at:end]
        elif choice < 0.75:
            data[at:at] = data[at:end]
        elif choice < 0.85:
            data[at:end] = rng.choice(PIECES).encode("utf-8")
        elif choice < 0.93:
            other = rng.choice(corpus)
            data = data[:at] + other[rng.randint(0, len(other)):]
        else:
            data[at:at] = bytes([rng.randint(0, 255)])
    return bytes(data)


def make(rng, corpus):
    choice = rng.random()
    if choice < 0.3:
        return write_random(rng)
    if choice < 0.5:
        return write_tree(rng).encode("utf-8", "surrogatepass")
    if choice < 0.6:
        return mutate(rng, write_tree(rng).encode("utf-8", "surrogatepass"), corpus)
    return mutate(rng, rng.choice(corpus), corpus)


class Dump:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def read(self, document):
        self.process.stdin.write(b"%d\n" % len(document) + document)
        self.process.stdin.flush()
        verdict, _, rest = self.process.stdout.readline().decode("ascii").rstrip("\n").partition(" ")
        if verdict not in ("ok", "error"):
            raise SystemExit("yaml_dump died on %r" % document)
        return verdict, rest


BEYOND_ASCII = re.compile(r"[^\x00-\x7f]|\\[x_uUNLP]")


def compare(document, reference, own):
    """"same", the name of a known kind of difference, or "different"."""
    (verdict, tree), (own_verdict, own_tree) = reference, own
    if own_verdict == "error" and own_tree.startswith("yaml_limit"):
        return "same" if verdict == "error" else "limit"
    if verdict == "unprintable":
        return {"surrogate": "surrogate", "recursion": "recursion"}.get(tree, "long integer") if own_verdict == "error" else "different"
    if verdict == "ok" and own_verdict == "error" and "stands inside the value that it refers to" in own_tree:
        return "recursion"
    text = document.decode("utf-8", "replace")
    if verdict == "ok" and own_verdict == "error" and re.search("is not (an integer|a number)", own_tree) and BEYOND_ASCII.search(text):
        return "digits and blanks beyond ASCII"
    if verdict == "error" and own_verdict == "ok" and "tag:yaml.org,2002:value" in tree and "*" in text:
        return "shared key '='"
    if (verdict == "ok") != (own_verdict == "ok"):
        return "different"
    return "same" if verdict != "ok" or tree == own_tree else "different"


def shorten(outcome):
    return (text if len(text) <= 1000 else text[:1000] + "..." for text in outcome)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--documents", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=20)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    corpus = [document for _, _, document in cases.all_cases()] + [JOB.encode()] * 40
    dump = Dump(options.program)
    counts = collections.Counter()
    verdicts = collections.Counter()
    for _ in range(options.documents):
        document = make(rng, corpus)
        reference = yaml_dump.read(document, max_size=1 << 24)
        own = dump.read(document)
        kind = compare(document, reference, own)
        counts[kind] += 1
        verdicts[reference[0]] += 1
        if kind == "different" and counts[kind] <= options.show:
            print(repr(document), "\n  reference:", *shorten(reference), "\n  own:      ", *shorten(own), flush=True)
    print("documents:", options.documents, "reference:", dict(verdicts), "comparison:", dict(counts))
    return 1 if counts["different"] else 0


if __name__ == "__main__":
    sys.exit(main())
