#!/usr/bin/env python3
"""How much of the text that reference tools read in documents forgelm reads too.

    python tools/conformance/documents.py BUILD/bin/forgelm DOCUMENTS

DOCUMENTS holds reference_text.jsonl (python-docx, pypdf) and the documents that it speaks of, EPUB books and pages of HTML. A line
per document: words of the reference, of ours, and of both; in the end the shares by reference. Needs no packages for the first two;
EPUB is read as forgelm 0.11.1 (the Python original) does, with EbookLib 0.20 and beautifulsoup4 4.15.0; HTML is compared with all
text of its body (beautifulsoup4, without scripts, styles, forms, navigation and footers) and with its main text (trafilatura 2.3.1).
"""
import collections
import json
import pathlib
import posixpath
import re
import subprocess
import sys
import tempfile
import zipfile


def words(text):
    return collections.Counter(re.findall(r"\w+", text))


def ours(forgelm, path, folder):
    output = pathlib.Path(folder) / "rows.jsonl"
    subprocess.run([forgelm, "ingest", str(path), "--output", str(output), "--chunk-size", "1000000000", "--keep-frontmatter", "--quiet"],
                   check=True, capture_output=True)
    return "\n".join(json.loads(line)["text"] for line in output.read_text(encoding="utf-8").split("\n") if line)


def text_of_book(path):
    from forgelm.ingestion import _extract_epub

    try:
        return _extract_epub(path)
    except KeyError as error:  # EbookLib needs every file that the book's list names
        print("%s: EbookLib does not read it (%s); its files are read by beautifulsoup4" % (path.name, error))
        return text_of_files(path)


def text_of_files(path):
    """The documents of a book in the order of its spine, with forgelm 0.11.1's words for those that are left out."""
    import bs4
    from forgelm.ingestion import _DEFAULT_EPUB_SKIP_ITEMS, _epub_item_matches_skip

    with zipfile.ZipFile(path) as book:
        package = bs4.BeautifulSoup(book.read("META-INF/container.xml"), "xml").find("rootfile")["full-path"]
        listed = bs4.BeautifulSoup(book.read(package), "xml")
        items = {item["id"]: item for item in listed.find_all("item")}
        texts = []
        for reference in listed.find_all("itemref"):
            item = items[reference["idref"]]
            if item["media-type"] == "application/xhtml+xml" and not _epub_item_matches_skip(item["href"], item.get("properties", ""), _DEFAULT_EPUB_SKIP_ITEMS):
                name = posixpath.join(posixpath.dirname(package), item["href"])
                texts.append(bs4.BeautifulSoup(book.read(name), "html.parser").get_text(separator="\n"))
    return "\n\n".join(texts)


def text_of_body(path):
    import bs4

    body = bs4.BeautifulSoup(path.read_bytes(), "lxml").body
    for element in body.find_all(["script", "style", "template", "noscript", "iframe", "svg", "math", "select", "button", "textarea", "nav", "footer"]):
        element.decompose()
    for element in body.find_all(hidden=True):
        element.decompose()
    for block in body.find_all(["p", "div", "li", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6", "br", "tr", "dd", "dt"]):
        block.append("\n")
    return body.get_text()


def main_text(path):
    import trafilatura

    return trafilatura.extract(path.read_text(encoding="utf-8"), include_comments=False) or ""


PAGES = (("*/*.epub", "EbookLib, as forgelm 0.11.1", text_of_book), ("*/*.html", "beautifulsoup4", text_of_body), ("*/*.html", "trafilatura", main_text))


def references(root):
    """(tool, name of the document, the text that the tool reads in it)"""
    for line in (root / "reference_text.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        parts = entry["text"] if entry["tool"] != "python-docx" else entry["paragraphs"] + [cell for table in entry["tables"] for row in table for cell in row]
        yield entry["tool"].split()[0], entry["file"], "\n".join(parts)
    for pattern, tool, read in PAGES:
        for path in sorted(root.glob(pattern)):
            try:
                yield tool, str(path.relative_to(root)), read(path)
            except ImportError as error:
                print("%s: not compared with %s: %s" % (path.name, tool, error))


def main():
    forgelm, root = sys.argv[1], pathlib.Path(sys.argv[2])
    totals = {}
    with tempfile.TemporaryDirectory() as folder:
        for tool, name, theirs in references(root):
            expected, found = words(theirs), words(ours(forgelm, root / name, folder))
            both = sum((expected & found).values())
            total = totals.setdefault(tool, [0, 0, 0, 0])
            for place, value in enumerate((1, sum(expected.values()), sum(found.values()), both)):
                total[place] += value
            print("%-45s %6d words, %6d of ours, %6d in both" % (name, sum(expected.values()), sum(found.values()), both))
    for tool, (count, expected, found, both) in totals.items():
        print("%s: %d documents, %.2f %% of its %d words found, %.2f %% of ours are its" % (tool, count, 100 * both / expected, expected, 100 * both / found))


if __name__ == "__main__":
    main()
