#!/usr/bin/env python3
"""What documents made to do harm come to: how `forgelm ingest` ends on each, with its processor time and peak memory.

    python tools/conformance/hostile_documents.py BUILD/bin/forgelm [NAME...]

Documents are made here (NAME: those whose names hold it). A line each: size of the file, processor time of forgelm and its
reader of PDFs, the larger one's peak memory, and the limit that it names, or "read" with the characters of its rows. Exit
code 1 when one takes more than 2 s or 256 MiB, crashes, or was to be refused by a limit and was not. Needs no packages.
"""
import io
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib

MAX_SECONDS, MAX_MIB = 2.0, 256
WORD = '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>%s</w:body></w:document>'


def archive(parts, packed=True):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return out.getvalue()


def docx(body, packed=True):
    return archive({"word/document.xml": body if body.startswith("<!") else WORD % body}, packed)


def epub(pages, spine=None, packed=True):
    items = "".join('<item id="i%d" href="%s" media-type="application/xhtml+xml"/>' % (i, name) for i, name in enumerate(pages))
    refs = "".join('<itemref idref="i%d"/>' % i for i in (spine or range(len(pages))))
    parts = {"META-INF/container.xml": '<container><rootfiles><rootfile full-path="c.opf"/></rootfiles></container>',
             "c.opf": "<package><manifest>%s</manifest><spine>%s</spine></package>" % (items, refs)}
    parts.update({name: page for name, page in pages.items() if page is not None})
    return archive(parts, packed)


def overlapping():
    """One piece of data that many entries of the directory stand for."""
    data = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = data.compress(b"a" * 1_000_000) + data.flush()
    facts = struct.pack("<HHHHHIII", 20, 0, 8, 0, 0, zlib.crc32(b"a" * 1_000_000), len(packed), 1_000_000)
    out = b"PK\3\4" + facts + struct.pack("<HH", 1, 0) + b"a" + packed
    start, central = len(out), b""
    for _ in range(900):
        central += b"PK\1\2" + struct.pack("<H", 20) + facts + struct.pack("<HHHHHII", 1, 0, 0, 0, 0, 0, 0) + b"a"
    return out + central + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 900, 900, len(central), start, 0)


def pdf(objects):
    out, table = b"%PDF-1.7\n", b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for number, content in enumerate(objects, 1):
        table += b"%010d 00000 n \n" % len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    return out + table + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(out))


def stream(content, more=b""):
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), more, content)


def page_pdf(content, num_pages=1, more=()):
    """`num_pages` pages that share one content."""
    kids = b" ".join(b"%d 0 R" % (5 + i + len(more)) for i in range(num_pages))
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Resources << /Font << /F 3 0 R >> /XObject << /X 5 0 R >> >> /Contents 4 0 R >>"
    return pdf([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Count %d /Kids [%s] >>" % (num_pages, kids),
                b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>", content, *more] + [page] * num_pages)


def flate(content, times=1):
    for _ in range(times):
        content = zlib.compress(content, 9)
    return stream(content, b"/Filter [%s]" % (b"/FlateDecode " * times))


def laughs():
    entities = '<!ENTITY a "ha">' + "".join('<!ENTITY %s "%s">' % (chr(98 + i), ("&%s;" % chr(97 + i)) * 10) for i in range(12))
    return "<!DOCTYPE d [%s]><d>&m;</d>" % entities


def shown(text, count):
    return b"BT /F 12 Tf 50 700 Td " + (b"(%s) Tj 0 -1 Td " % text) * count + b"ET"


# name: (ending, document, words of the limit that it is to end at; None where it is read)
DOCUMENTS = {
    "zip: bomb": (".docx", lambda: docx("<w:p>" + " " * 40_000_000 + "</w:p>"), "times its size"),
    "zip: bomb below the ratio": (".docx", lambda: docx("".join("<w:p><w:r><w:t>%x</w:t></w:r></w:p>" % (i * i % 65521) for i in range(1_200_000))), None),
    "zip: parts of more than 96 MiB": (".epub", lambda: epub({"%d.xhtml" % i: os.urandom(16_000).hex() * 800 for i in range(5)}), "of text"),
    "zip: 60,000 entries": (".docx", lambda: archive({str(i): "" for i in range(60_000)}), "at most 10000"),
    "zip: overlapping entries": (".docx", overlapping, "overlap"),
    "zip: states 4 GiB": (".docx", lambda: docx("").replace(struct.pack("<I", len(WORD % "")), struct.pack("<I", 0xFFFFFFF0)), "unpacks to"),
    "xml: nested entities": (".docx", lambda: docx(laughs()), "document type"),
    "xml: one long entity": (".docx", lambda: docx('<!DOCTYPE d [<!ENTITY a "%s">]><d>%s</d>' % ("a" * 50_000, "&a;" * 50_000)), "document type"),
    "xml: external entity": (".docx", lambda: docx('<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]><d>&a;</d>'), "document type"),
    "xml: 1,000,000 elements deep": (".docx", lambda: docx("<w:p>" * 1_000_000, False), "nest deeper than 256"),
    "xml: tables in tables": (".docx", lambda: docx("<w:tbl><w:tr><w:tc>" * 60, False), "tables nest deeper"),
    "xml: wide cells": (".docx", lambda: docx("<w:tbl>" + '<w:tr><w:tc><w:tcPr><w:gridSpan w:val="99999999"/></w:tcPr><w:p/></w:tc><w:tc><w:p><w:r><w:t>x</w:t></w:r></w:p></w:tc></w:tr>' * 100_000 + "</w:tbl>", False), "500000 cells"),
    "xml: one cell in many places": (".docx", lambda: docx("<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val='63'/></w:tcPr><w:p><w:r><w:t>%s</w:t></w:r></w:p></w:tc></w:tr>" % ("x" * 100_000) + "<w:tr><w:tc><w:tcPr><w:gridSpan w:val='63'/><w:vMerge/></w:tcPr><w:p/></w:tc></w:tr>" * 1000 + "</w:tbl>", False), "a table holds more"),
    "xml: 300,000 attributes": (".docx", lambda: docx("<w:p %s/>" % " ".join('a%d=""' % i for i in range(300_000)), False), None),
    "epub: one page 1,000,000 times": (".epub", lambda: epub({"a.xhtml": "<p>%s</p>" % ("x" * 1000)}, [0] * 1_000_000, False), None),
    "epub: outside of the archive": (".epub", lambda: epub({"../../../../etc/passwd": None}), "no extractable text"),
    "html: 1,000,000 elements deep": (".html", lambda: "<div><ul><table>" * 1_000_000 + "x", None),
    "html: never closed": (".html", lambda: '<a b="' * 2_500_000, "no extractable text"),
    "html: references": (".html", lambda: "&ampampampamp;&#99999999999;&notareference" * 380_000, None),
    "html: wide cells": (".html", lambda: "<table>" + "<tr>" + '<td colspan="1000">x' * 300_000, "500000 cells"),
    "html: one long row, many short ones": (".html", lambda: "<table><tr>" + "<td>x" * 4000 + "<tr><td>x" * 200_000 + "</table>", "500000 cells"),
    "html: 15 MiB of small blocks": (".html", lambda: "<p>a" * 4_000_000, "more than 2000000 paragraphs"),
    "html: 2,000,000 blocks": (".html", lambda: "<p>a" * 2_000_000 + "b" * 8_000_000, None),
    "html: more than 16 MiB": (".html", lambda: " " * 17_000_000, "16777216 bytes"),
    "md: a long heading above many sections": (".md", lambda: "# %s\n" % ("h" * 1_000_000) + "\n## s\n\nx\n" * 100_000, "headings"),
    "md: 500,000 headings": (".md", lambda: "# h\n\nx\n\n" * 500_000, None),
    "pdf: bomb": (".pdf", lambda: page_pdf(flate(b"q " * 40_000_000, 2)), "256.0 MiB of memory"),
    "pdf: twelve filters": (".pdf", lambda: page_pdf(flate(b"(a) Tj " * 4_000_000, 12)), None),
    "pdf: pages are their own children": (".pdf", lambda: pdf([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Count 5 /Kids [2 0 R 2 0 R] >>"]), None),
    "pdf: a form that draws itself": (".pdf", lambda: page_pdf(stream(b"/X Do " * 50), 1, [stream(b"/X Do " * 50, b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 5 0 R >> >>")]), None),
    "pdf: forms that draw one another": (".pdf", lambda: pdf(
        [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
         b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Resources << /XObject << /X 5 0 R >> >> /Contents 4 0 R >>", stream(b"/X Do " * 10)]
        + [stream(b"/X Do " * 10, b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X %d 0 R >> >>" % (i + 6)) for i in range(20)]
        + [stream(b"q Q", b"/Type /XObject /Subtype /Form /BBox [0 0 9 9]")]), "of memory"),
    "pdf: 50,000 pages": (".pdf", lambda: page_pdf(stream(b""), 50_000), "more than 20000 pages"),
    "pdf: 1,000,000 brackets deep": (".pdf", lambda: pdf([b"<< /Type /Catalog /Pages 2 0 R /X %s >>" % (b"[" * 1_000_000), b"<<>>"]), None),
    "pdf: one slow page": (".pdf", lambda: page_pdf(flate(shown(b"abc", 400_000))), None),
    "pdf: one slow page 5,000 times": (".pdf", lambda: pdf(
        [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Count 5000 /Kids [%s] >>" % (b"3 0 R " * 5000),
         b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Resources << /Font << /F 4 0 R >> >> /Contents 5 0 R >>",
         b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>", flate(shown(b"abc", 20_000))]), "processor time for each MiB"),
    "pdf: lines that repeat": (".pdf", lambda: page_pdf(flate(b"BT /F 1 Tf 5 790 Td " + b"(a) Tj 0 -2 Td (b) Tj 0 -2 Td " * 5_000 + b"ET"), 3), None),
    "pdf: a table of references that is its own": (".pdf", lambda: b"%PDF-1.7\nxref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 1 /Prev 9 /Root 1 0 R >>\nstartxref\n9\n%%EOF\n", None),
}


def measure(out, err, command):
    """Prints processor seconds, peak KiB and the exit code of a command. In a process of its own: what this one holds would count."""
    process = subprocess.Popen(command, stdout=open(out, "wb"), stderr=open(err, "wb"))
    _, status, usage = os.wait4(process.pid, 0)
    print(usage.ru_utime + usage.ru_stime, usage.ru_maxrss, os.waitstatus_to_exitcode(status))


def run(forgelm, path, folder):
    """(processor seconds, peak MiB, what it said, exit code)"""
    command = [forgelm, "ingest", str(path), "--output", str(folder / "rows.jsonl"), "--output-format", "json", "--jobs", "1", "--strategy", "markdown", "--metadata"]
    measured = subprocess.run([sys.executable, __file__, "--measure", str(folder / "out"), str(folder / "err"), *command], check=True, capture_output=True, text=True)
    seconds, kib, code = measured.stdout.split()
    return float(seconds), int(kib) / 1024, (folder / "err").read_text("utf-8", "replace"), int(code)


def main():
    if sys.argv[1] == "--measure":
        return measure(sys.argv[2], sys.argv[3], sys.argv[4:])
    forgelm, wanted, failed = os.path.abspath(sys.argv[1]), sys.argv[2:], 0
    print("| document | size | processor time | memory | ends |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for title, (ending, make, limit) in DOCUMENTS.items():
            if wanted and not any(word in title for word in wanted):
                continue
            path = folder / ("document" + ending)
            content = make()
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            seconds, mib, said, code = run(forgelm, path, folder)
            lines = [line for line in said.splitlines() if "Skipping" in line or "takes" in line]
            end = "read" if code == 0 else "exit code %d" % code
            if lines:
                end = lines[0].split("extraction failed): ")[-1].split('document%s" ' % ending)[-1]
            elif code == 0:
                end = "read: %d characters" % json.loads((folder / "out").read_text())["total_chars"]
            is_bad = code != 0 or seconds > MAX_SECONDS or mib > MAX_MIB or (limit is not None and limit not in said)
            failed += is_bad
            print("| %s | %.1f KiB | %.2f s | %.0f MiB | %s%s |" % (title, path.stat().st_size / 1024, seconds, mib, end[:110], " **WRONG**" if is_bad else ""), flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
