#!/usr/bin/env python3
"""Goldens of `forgelm ingest`: what the Python forgelm makes of small documents, and how Python decodes bytes.

    python tools/golden/ingest/make.py        (packages: see VERSIONS)

cases.jsonl: {"name", "files": {path: base64}, "options": ingest_path's arguments, and "rows", "result" or "error"}.
pages.jsonl: pages of a PDF, and what is left of them after each step that takes headers, footers and contents away.
codecs.jsonl: {"codec", "bytes": base64, "text"}, bytes.decode(codec, "replace").
"""
import base64
import json
import logging
import pathlib
import random
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools/golden"))
import versions  # noqa: E402

VERSIONS = {"forgelm": "0.11.1", "transformers": "5.23.0", "tokenizers": "0.23.3"}
OUT = ROOT / "tests/golden/ingest"
TOKENIZER = ROOT / "templates/quickstart/model"
RESULT = ("chunk_count", "files_processed", "files_skipped", "total_chars", "format_counts", "script_sanity_triggered",
          "strip_pattern_substitutions", "urls_handled", "extra_notes", "notes_structured")

PROSE = ("The lighthouse stood at the end of the long stone pier.\n\nEvery evening, its keeper climbed the stairs and lit the lamp.\n"
         "The lamp was old, but it was bright.\n\n\nShips saw it from far away, and they were glad.\n\n   \n\n"
         "One night the lamp went out.\n\nThe keeper ran, and slipped, and ran again until the light was back.\n")
MARKDOWN = """# Handbook

Welcome to the handbook.

## Safety

Wear a helmet.

```sh
# not a heading
rm -rf build
```

### Fire

Leave the building.

~~~
## nor this
```
~~~

## Pay

Monthly.

# Annex

   ## Indented by three

    # code, not a heading

####### seven marks
#no blank
#\u00a0no-break blank
## trailing marks ##
## trailing blank   \t
Text under it.
"""
FRONT = "---\ntitle: Notes\ndate: 2024-01-01\n---\n"
TURKISH = "\u00f8stanbul'da ya\u00faayan \u00d6\u00f6 \u00e7ocuk s\u00d5cak da\u00f7a \u00e7\u00d5kt\u00d5. \u085f madde\n"


def case(name, files, **options):
    return {"name": name, "files": {path: data if isinstance(data, bytes) else data.encode() for path, data in files.items()},
            "options": options}


def cases():
    one = lambda text: {"a.txt": text}
    yield case("paragraphs packed", one(PROSE))
    for size in (1, 50, 60, 100, 118, 119, 120, 121, 200, 300):
        yield case("paragraphs of %d" % size, one(PROSE), chunk_size=size)
    yield case("no white space but Unicode's", one("one\u2028two\n\n\u3000three\u00a0\n\n\u0085four\x1f\n"), chunk_size=8)
    for size, overlap in ((20, 0), (20, 5), (20, 10), (21, 10), (1, 0), (400, None), (100, None), (5000, None)):
        yield case("windows of %s, overlap %s" % (size, overlap), one(PROSE), strategy="sliding", chunk_size=size,
                   **({} if overlap is None else {"overlap": overlap}))
    yield case("windows of wide characters", one("\u4f60\u597d\U0001f600e\u0301" * 9), strategy="sliding", chunk_size=7, overlap=3)
    for size in (1, 40, 80, 120, 200, 2000):
        yield case("sections of %d" % size, {"a.md": MARKDOWN}, strategy="markdown", chunk_size=size)
    yield case("sections without a heading", one("just text\n\nand more\n"), strategy="markdown")
    yield case("sections with the same heading again", {"a.md": "# A\n\n## A\n\nx\n\n## B\n\n## B\n\ny\n\n# A\n\nz"}, strategy="markdown", chunk_size=10)
    yield case("an open fence to the end", {"a.md": "# A\n\n```\n# in\n\n## in\n"}, strategy="markdown", chunk_size=5)
    yield case("a fence closed by a longer one only", {"a.md": "# A\n````\n# in\n```\n# in\n`````\n# B\nx\n"}, strategy="markdown", chunk_size=5)
    yield case("heading lines that are none", {"a.md": "#\n# \n#\t tab \n#  two \u00a0\n# x\u00a0y\n\x0b# vt\n"}, strategy="markdown", chunk_size=1)
    for size in (8, 16, 24, 48):
        # Without the run of blanks: transformers reads a Llama tokenizer with a normalizer of its own, not with the file's.
        plain = PROSE.replace("   \n\n", "")
        yield case("paragraphs of %d tokens" % size, one(plain), chunk_tokens=size)
        yield case("sections of %d tokens" % size, {"a.md": MARKDOWN}, strategy="markdown", chunk_tokens=size)
        yield case("windows of %d tokens" % size, one(plain), strategy="sliding", chunk_tokens=size, overlap_tokens=size // 4)
    yield case("zero tokens mean characters", one(PROSE), chunk_tokens=0, chunk_size=60)
    yield case("front matter goes", {"a.md": FRONT + MARKDOWN})
    yield case("front matter stays", {"a.md": FRONT + MARKDOWN}, keep_md_frontmatter=True)
    yield case("front matter of a text file stays", one(FRONT + PROSE))
    for name, text in (("empty", "---\n---\nx"), ("one empty line", "---\n\n---\nx"), ("blanks behind", "--- \t\na: 1\n---\t\nx"), ("not closed", "---\na: 1\nx"),
                       ("rule in the text", "x\n---\na\n---\ny"), ("four hyphens", "----\na\n---\nx"), ("two blocks", "---\na\n---\n---\nb\n---\nx")):
        yield case("front matter: " + name, {"a.md": text})
    yield case("a byte order mark", one(b"\xef\xbb\xbf" + PROSE.encode()))
    yield case("two byte order marks", one(b"\xef\xbb\xbf\xef\xbb\xbfx"))
    yield case("line ends of all kinds", one(b"a\r\n\r\nb\r\rc\n\r\nd\r\n"), chunk_size=3)
    yield case("bytes that are not UTF-8", one(b"good text \xff\xfe here \xc3\x28 and \xe2\x82 there\n" + PROSE.encode()))
    yield case("a file of binary", one(bytes(range(256)) * 3))
    yield case("Windows-1254", one("\u0130\u015f \u0131\u011f\u00fc\u015f\u00f6\u00e7 caf\u00e9".encode("cp1254")), input_encoding="cp1254")
    yield case("a wrong encoding name", one("x"), input_encoding="no-such-codec")
    yield case("Turkish glyphs", one(TURKISH), normalise_profile="turkish")
    yield case("Turkish glyphs with the hint", one(TURKISH), language_hint="tr")
    yield case("Turkish glyphs with the hint, profile off", one(TURKISH * 3), language_hint="tr", normalise_profile="none")
    yield case("a text in its language", one("Stra\u00dfe und \u00c4pfel\u2026 \u201egut\u201c"), language_hint="de")
    yield case("a text not in its language", one("Stra\u00dfe \u0444\u0444\u0444 \u0444\u044b \ue000\ue000 caf\u00e9" * 5), language_hint="de", script_sanity_threshold=0.2)
    yield case("private use glyphs", one("abc \ue000\ue001\ue000 abc"), language_hint="en", script_sanity_threshold=0.1)
    yield case("Latin-1 glyphs", one("abc \u00f0\u00f0\u00fe\u00d8 abc"), language_hint="en", script_sanity_threshold=0.0)
    yield case("replacement characters", one("abc \ufffd\ufffd abc"), language_hint="en", script_sanity_threshold=0.1)
    yield case("a language that is not known", one("abc \u0444\u0444"), language_hint="xx")
    for name, patterns in (("a line", ["^Ships.*$"]), ("two", ["lamp", "[Tt]he "]), ("anchors", ["\\AThe", "back\\.\\s*\\Z"]), ("empty matches", ["x*"]),
                           ("a code point", ["\\u006camp"]), ("groups", ["(?P<a>e)(?P=a)"]), ("case", ["(?i)THE"]), ("Unicode words", ["\\b\\w{8,}\\b"]),
                           ("all of it", ["(?s).+"]), ("look-behind", ["(?<=the )\\w+"])):
        yield case("strip pattern: " + name, one(PROSE + " \u00e9t\u00e9\u00e9t\u00e9\u00e9 "), strip_patterns=patterns)
    for pattern in ("", "(", "a{2,1}", "(a+)+", "((a+))+b", "(\\w+\\s+)+", "([abc]+)*", "(a+|b)+", "(?s)(a).*?\\1", "(a+)?", "(a+){2}", "a++", "x" * 2049, "x" * 2048, "(?:a|b)+(c|d)+"):
        yield case("strip pattern %r" % (pattern if len(pattern) < 40 else len(pattern)), one(PROSE), strip_patterns=[pattern])
    urls = "See https://example.com/a?b=c#d, HTTP://X.org. or ftp://f/; xhttp://no httpS://[::1]/ _http://no http:// nothing (http://p.q/r). \u00e9http://no -http://yes,http://one https://a/http://b\n"
    for mode in ("keep", "mask", "strip"):
        yield case("URLs: " + mode, one(urls), strip_urls=mode)
    yield case("several files", {"b.txt": "b", "a/z.txt": "not without recursive", "a.md": "# a", "c.rst": "no", "B.TXT": "upper"})
    yield case("several files below", {"b.txt": "b", "a/z.txt": "z", "a.txt": "a", "a/b/c.md": "c", "a b.txt": "blank", "empty.txt": "", "blank.txt": " \n\u3000"}, recursive=True)
    yield case("no files", {"c.rst": "no"})
    yield case("quality: letters", one("12345 67890 " * 20 + "\n\n" + PROSE), chunk_size=100)
    yield case("quality: few characters", one("12345 67890"))
    yield case("quality: lines", one("same line\nsame line\nother\nsame line\n\nfine text here"), chunk_size=40)
    yield case("quality: odd characters", one("abc\x01\x02 abc \ue000 \u085f\u085f"), chunk_size=40)
    yield case("quality: not asked for", one("12345 67890 " * 20), quality_presignal=False)
    yield case("windows that overlap too much", one(PROSE), strategy="sliding", chunk_size=10, overlap=6)
    yield case("windows of nothing", one(PROSE), strategy="sliding", chunk_size=0)
    yield case("paragraphs of nothing", one(PROSE), chunk_size=0)
    yield case("sections that overlap", {"a.md": MARKDOWN}, strategy="markdown", overlap=5)
    yield case("sections of tokens that overlap", {"a.md": MARKDOWN}, strategy="markdown", chunk_tokens=50, overlap_tokens=5)
    yield case("windows of tokens that overlap too much", one(PROSE), strategy="sliding", chunk_tokens=10, overlap_tokens=6)
    yield case("everything at once", {"a.md": FRONT + MARKDOWN + urls, "b.txt": PROSE}, strategy="markdown", chunk_size=90, strip_urls="mask", strip_patterns=["^###? .*$"], language_hint="en")
    rng = random.Random(1)
    pieces = ["# A", "## B b", "###\tC", "```", "~~~~", "word", "some words. ", "\n", "\n\n", " ", "    ", "\u00a0", "\r\n", "\u2028", "#", "- item", "caf\u00e9 \u4f60", "http://x.y/z", "\x0c"]
    for number in range(120):
        text = "".join(rng.choice(pieces) + rng.choice(["\n", "\n", "", "\n\n", " "]) for _ in range(rng.randrange(1, 40)))
        strategy = rng.choice(["paragraph", "sliding", "markdown"])
        size = rng.choice([1, 5, 13, 30, 90])
        options = {"overlap": rng.randrange(size // 2 + 1)} if strategy == "sliding" else {}
        if rng.random() < 0.3:
            options["strip_urls"] = rng.choice(["mask", "strip"])
        if rng.random() < 0.3:
            options["strip_patterns"] = [rng.choice(["^#.*$", "\\s+", "w", "$", "(?m)^\\s*$", "o|d|\\b"])]
        yield case("random %d" % number, {rng.choice(["a.txt", "a.md"]): text.encode()}, strategy=strategy, chunk_size=size, **options)


def run(entry):
    from forgelm.ingestion import ingest_path
    options = dict(entry["options"])
    options["strip_pattern_timeout"] = None
    if "chunk_tokens" in options:
        options["tokenizer"] = str(TOKENIZER)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder).resolve()
        source = folder / "in"
        for path, data in entry["files"].items():
            (source / path).parent.mkdir(parents=True, exist_ok=True)
            (source / path).write_bytes(data)
        output = folder / "out.jsonl"
        done = {"name": entry["name"], "files": {path: base64.b64encode(data).decode() for path, data in entry["files"].items()}, "options": entry["options"]}
        try:
            result = ingest_path(str(source), output_path=str(output), **options)
        except (ValueError, OSError) as error:
            return {**done, "error": type(error).__name__}
        rows = [json.loads(line)["text"] for line in output.read_text(encoding="utf-8").split("\n") if line]
        facts = {key: getattr(result, key) for key in RESULT}
        facts["notes_structured"].pop("tokenizer", None)
        for report in facts["notes_structured"].get("script_sanity_summary", {}).get("per_file", []):
            report["file_path"] = str(pathlib.Path(report["file_path"]).relative_to(source))
        return {**done, "rows": rows, "result": facts}


def codecs():
    bytes_of = bytes(range(256))
    for codec in ("latin-1", "iso8859-9", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1256", "cp1257", "cp437", "cp850", "cp857", "cp866",
                  "koi8-r", "koi8_u", "iso8859_2", "iso8859_5", "iso8859_15", "ascii", "UTF8"):
        yield codec, bytes_of
    text = "Gr\u00fc\u00dfe, \u0130stanbul, \u0440\u0443\u0441\u0441\u043a\u0438\u0439"
    for codec in ("utf-16", "utf-16-le", "utf_16_be", "utf-32", "utf-8-sig"):
        yield codec, text.encode(codec)
    for codec, words in (("shift_jis", "\u65e5\u672c\u8a9e\u30c6\u30b9\u30c8"), ("euc_jp", "\u65e5\u672c\u8a9e"), ("gbk", "\u4e2d\u6587"), ("gb18030", "\u4e2d\u6587\u20ac"), ("big5", "\u4e2d\u6587"), ("euc_kr", "\ud55c\uae00")):
        yield codec, (words + " abc").encode(codec)


def pages():
    """Pages as pypdf would give them, and what the reference makes of them, step by step."""
    from forgelm import ingestion
    rng = random.Random(2)
    contents = "Contents\n" + "".join("%s %d\n\n%d\n" % ("." * 40, n, n) for n in range(1, 9))
    for number in range(150):
        count = rng.randrange(1, 16)
        head, foot = rng.choice([[], ["ACME Report"], ["ACME Report", "  confidential "]]), rng.choice([[], ["(c) ACME"]])
        texts = []
        for page in range(count):
            lines = list(head) if rng.random() < 0.9 else []
            if rng.random() < 0.3:
                lines.insert(0, "Section %d" % page)
            for _ in range(rng.randrange(0, 6)):
                lines.append(rng.choice(["some words of a page", "other words %d" % rng.randrange(5), "12", "", "caf\u00e9 \u4f60\u597d", "\u00a0"]))
            lines += foot if rng.random() < 0.9 else []
            if rng.random() < 0.5:
                lines.append(str(page + 1))
            texts.append("\n".join(lines))
        for _ in range(rng.randrange(0, 3)):
            texts.insert(rng.choice([0, len(texts)]), contents if rng.random() < 0.8 else contents.replace(".", "a"))
        if number % 6 == 0:  # too few pages for the first step: the second finds what begins most blocks
            texts = ["HEAD\nHEAD\nwords %d\n\n  HEAD\nmore\n\nHEAD" % number, "HEAD\nend\n\nno head\nHEAD"]
        indexed = [(index, text) for index, text in enumerate(texts) if text.strip()]
        kept, dropped = ingestion._drop_frontmatter_pages(indexed)
        cleaned, stripped = ingestion._strip_repeating_page_lines([text for _, text in kept])
        joined, packed = ingestion.strip_paragraph_packed_headers("\n\n".join(cleaned))
        yield {"pages": [[index + 1, text] for index, text in indexed], "dropped": [index + 1 for index in dropped], "num_edge_lines": stripped,
               "cleaned": cleaned, "num_block_headers": packed, "text": joined}


def main():
    versions.require(VERSIONS)
    logging.disable(logging.CRITICAL)
    OUT.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(run(entry)) for entry in cases()]
    (OUT / "cases.jsonl").write_text("".join(line + "\n" for line in lines))
    decoded = [json.dumps({"codec": codec, "bytes": base64.b64encode(data).decode(), "text": data.decode(codec, "replace").removeprefix("\ufeff")}) for codec, data in codecs()]
    (OUT / "codecs.jsonl").write_text("".join(line + "\n" for line in decoded))
    paged = [json.dumps(entry) for entry in pages()]
    (OUT / "pages.jsonl").write_text("".join(line + "\n" for line in paged))
    manifest = {"maker": "tools/golden/ingest/make.py", "versions": {"python": sys.version.split()[0], **VERSIONS}, "rows": {"cases.jsonl": len(lines), "codecs.jsonl": len(decoded), "pages.jsonl": len(paged)}}
    (OUT / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    main()
