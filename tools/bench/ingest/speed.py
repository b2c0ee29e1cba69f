#!/usr/bin/env python3
"""Measures `forgelm ingest` beside forgelm 0.11.1 (the Python original) on the same documents, in one run.

    pip install --no-deps forgelm==0.11.1 && pip install PyYAML pydantic requests pypdf==7.1.0 python-docx==1.2.0 EbookLib==0.20 beautifulsoup4==4.15.0
    python tools/bench/ingest/speed.py build/bin/forgelm [--megabytes 4] [--jobs 1] [--no-reference]

Documents are made up (seeded): 16 of each format, with so many megabytes of text in all. For each format and option a line: MB of text a
second by processor time (other work on the machine does not count), ours the best of three, theirs once after one to warm up, the
ratio, and the peak memory of both.
"""
import argparse
import io
import json
import os
import pathlib
import random
import sys
import tempfile
import zipfile
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from measuring import measured  # noqa: E402

NUM_DOCUMENTS = 16


class Words:
    def __init__(self):
        self.rng = random.Random(5)
        letters = "eeeeetttaaaooiinnsshhrrdlcumwfgypbvk"
        self.words = ["".join(self.rng.choice(letters) for _ in range(self.rng.randint(2, 9))) for _ in range(8000)]
        self.weights = [1 / (rank + 3) for rank in range(len(self.words))]

    def sentence(self):
        text = " ".join(self.rng.choices(self.words, self.weights, k=self.rng.randint(6, 18))).capitalize()
        if self.rng.random() < 0.02:
            text += self.rng.choice([" a.b%d@mail.de", " in %d", " https://example.org/%d", " +49 30 9018%d"]) % self.rng.randint(10, 99)
        return text + self.rng.choice([".", ".", ".", "?", "!"])

    def paragraphs(self, num_bytes):
        made = []
        while num_bytes > 0:
            made.append(" ".join(self.sentence() for _ in range(self.rng.randint(2, 8))))
            num_bytes -= len(made[-1])
        return made


def as_md(paragraphs):
    return "\n\n".join(("## Part %d\n\n" % i if i % 8 == 0 else "") + text for i, text in enumerate(paragraphs)).encode()


def as_html(paragraphs):
    return ("<!doctype html><html><body>%s</body></html>" % "\n".join("<p class='a'>%s</p>" % text for text in paragraphs)).encode()


def archive(parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return out.getvalue()


def as_docx(paragraphs):
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    types = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="%s"/></Types>' % main
    relations = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>'
    body = "".join("<w:p><w:pPr/><w:r><w:rPr/><w:t>%s</w:t></w:r></w:p>" % text for text in paragraphs)
    return archive({"[Content_Types].xml": types, "_rels/.rels": relations, "word/document.xml":
                    '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>%s<w:sectPr/></w:body></w:document>' % body})


def as_epub(paragraphs):
    chapters = [paragraphs[i:i + 40] for i in range(0, len(paragraphs), 40)]
    items = "".join('<item id="i%d" href="c%d.xhtml" media-type="application/xhtml+xml"/>' % (i, i) for i in range(len(chapters)))
    refs = "".join('<itemref idref="i%d"/>' % i for i in range(len(chapters)))
    parts = {"mimetype": "application/epub+zip", "META-INF/container.xml": '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="c.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
             "c.opf": '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="u"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="u">u</dc:identifier><dc:title>t</dc:title><dc:language>en</dc:language></metadata><manifest>%s</manifest><spine>%s</spine></package>' % (items, refs)}
    for i, chapter in enumerate(chapters):
        parts["c%d.xhtml" % i] = '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>t</title></head><body>%s</body></html>' % "\n".join("<p>%s</p>" % text for text in chapter)
    return archive(parts)


def as_pdf(paragraphs):
    lines = []
    for text in paragraphs:
        words, line = text.split(" "), ""
        for word in words:
            if len(line) + len(word) > 90:
                lines.append(line)
                line = ""
            line += word + " "
        lines += [line, ""]
    pages = [lines[i:i + 50] for i in range(0, len(lines), 50)]
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(pages), b" ".join(b"%d 0 R" % (4 + 2 * i) for i in range(len(pages)))),
               b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    for i, page in enumerate(pages):
        shown = zlib.compress(b"BT /F 10 Tf 40 780 Td 14 TL " + b"".join(b"(%s) Tj T* " % line.encode() for line in page) + b"ET")
        objects.append(b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Resources << /Font << /F 3 0 R >> >> /Contents %d 0 R >>" % (5 + 2 * i))
        objects.append(b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(shown), shown))
    out, table = b"%PDF-1.7\n", b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for number, content in enumerate(objects, 1):
        table += b"%010d 00000 n \n" % len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    return out + table + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(out))


FORMATS = {"txt": lambda paragraphs: "\n\n".join(paragraphs).encode(), "md": as_md, "html": as_html, "docx": as_docx, "epub": as_epub, "pdf": as_pdf}
RUNS = [("txt", []), ("txt", ["--strategy", "sliding"]), ("txt", ["--strip-urls", "mask"]), ("txt", ["--all-mask"]), ("md", ["--strategy", "markdown"]),
        ("html", []), ("docx", []), ("epub", []), ("pdf", [])]


def measure(command):
    done = measured(command)
    if done.exit_code != 0:
        raise SystemExit("failed: %s" % " ".join(command))
    return done.processor_seconds, done.peak_mib, json.loads(done.out)["total_chars"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", nargs="?", default="build/bin/forgelm")
    parser.add_argument("--megabytes", type=float, default=4)
    parser.add_argument("--jobs", default="1")
    parser.add_argument("--no-reference", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, words = pathlib.Path(name), Words()
        for index in range(NUM_DOCUMENTS):
            paragraphs = words.paragraphs(asked.megabytes * 1e6 / NUM_DOCUMENTS)
            for ending, make in FORMATS.items():
                (folder / ending).mkdir(exist_ok=True)
                (folder / ending / ("%02d.%s" % (index, ending))).write_bytes(make(paragraphs))
        print("%d documents of each format, load of the machine %.1f on %d processors" % (NUM_DOCUMENTS, os.getloadavg()[0], os.cpu_count()))
        print("| documents | MB of text | forgelm | Python forgelm | ratio | memory | Python's |\n|---|---|---|---|---|---|---|", flush=True)
        for ending, options in RUNS:
            def command(program):
                return [*program, "ingest", str(folder / ending), "--output", str(folder / "rows.jsonl"), "--output-format", "json", *options]
            ours = min(measure(command([os.path.abspath(asked.program)]) + ["--jobs", asked.jobs]) for _ in range(3))
            line = "| %s | %.1f | %.1f MB/s |" % (" ".join([ending, *options]), ours[2] / 1e6, ours[2] / 1e6 / ours[0])
            if not asked.no_reference and ending != "html":  # which it does not read
                measure(command([sys.executable, "-m", "forgelm"]))
                theirs = measure(command([sys.executable, "-m", "forgelm"]))
                line += " %.2f MB/s | %.0f | %.0f MiB | %.0f MiB |" % (theirs[2] / 1e6 / theirs[0], theirs[0] / theirs[2] * ours[2] / ours[0], ours[1], theirs[1])
            else:
                line += " - | - | %.0f MiB | - |" % ours[1]
            print(line, flush=True)


if __name__ == "__main__":
    main()
