#!/usr/bin/env python3
"""Writes tests/golden/audit: what forgelm 0.11.1 (the Python original) finds in texts and leaves
of them when it masks, its figures of texts and its reports of small data sets, and what python-stdnum says of national
numbers.

    pip install --no-deps forgelm==0.11.1 && pip install python-stdnum==1.20 PyYAML pydantic requests numpy xxhash==4.1.0 \
        datasketch==1.10.0
    python tools/golden/audit/make.py

patterns.jsonl: {"text", "found": [[kind, begin, end], ...] (bytes of the text, each kind by itself), "pii": masked text,
"pii_counts", "secrets": masked text, "secrets_counts"}. numbers.jsonl: {"kind", "text", "valid"}. texts.jsonl: {"text",
"simhash", "minhash" (null without words), "quality"}. near.jsonl: fingerprints, threshold and pairs; bands.json: threshold
and LSH bands. reports.jsonl: {"files": {name: text}, "method", "report"}. All of it is made up.
"""
import dataclasses
import json
import pathlib
import platform
import random
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import versions  # noqa: E402

from datasketch.lsh import _optimal_param  # noqa: E402
from forgelm.data_audit import _minhash, _pii_regex, _quality, _secrets, _simhash, audit_dataset  # noqa: E402
import stdnum.be.nn, stdnum.br.cpf, stdnum.ca.sin, stdnum.cl.rut, stdnum.cn.ric, stdnum.es.dni, stdnum.es.nie  # noqa: E401,E402
import stdnum.fi.hetu, stdnum.fr.nir, stdnum.gb.nhs, stdnum.in_.aadhaar, stdnum.it.codicefiscale  # noqa: E401,E402
import stdnum.kr.rrn, stdnum.mx.curp, stdnum.pl.pesel, stdnum.se.personnummer  # noqa: E401,E402
import stdnum.at.vnr, stdnum.au.tfn, stdnum.ch.ssn, stdnum.cz.rc, stdnum.de.idnr, stdnum.ee.ik, stdnum.gr.amka  # noqa: E401,E402
import stdnum.hr.oib, stdnum.ie.pps, stdnum.luhn, stdnum.nl.bsn, stdnum.no.fodselsnummer, stdnum.pl.nip  # noqa: E401,E402
import stdnum.pt.nif, stdnum.ro.cnp, stdnum.za.idnr  # noqa: E401,E402

OUT = pathlib.Path(__file__).resolve().parents[3] / "tests" / "golden" / "audit"
VERSIONS = {"forgelm": "0.11.1", "python-stdnum": "1.20", "xxhash": "4.1.0", "datasketch": "1.10.0"}

# Shapes of secrets, in pieces so that scanners of sources do not take them for real ones.
SECRETS = [
    "AKIA" + "ABCDEFGHIJKLMNOP", "ASIA" + "0123456789ABCDEF", "gh" + "p_" + "a1B2" * 6, "github_" + "pat_" + "a_1B" * 8,
    "xox" + "b-1234567890-abcdef", "sk" + "-proj-" + "Zz09-_" * 5, "sk" + "-" + "a1B2c3D4e5" * 3,
    "AI" + "za" + "0123456789abcdefghijklmnopqrstuvwxy",
    "eyJhbGc" + "iOiJIUzI1NiJ9.eyJ" + "zdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
    "-----BEGIN " + "RSA PRIVATE KEY-----\nMIIB\nabc\n-----END " + "RSA PRIVATE KEY-----",
    "-----BEGIN " + "OPENSSH PRIVATE KEY-----" + "x" * 8192 + "-----END " + "OPENSSH PRIVATE KEY-----",
    "-----BEGIN " + "EC PRIVATE KEY-----" + "x" * 8193 + "-----END " + "EC PRIVATE KEY-----",
    "-----BEGIN " + "PGP PRIVATE KEY BLOCK-----\nabc\n-----END " + "PGP PRIVATE KEY BLOCK-----",
    "DefaultEndpointsProtocol=https;AccountName=a1;AccountKey=" + "abcd" * 8 + "==",
]
NEARLY = ["AKIA" + "ABCDEFGHIJKLMNO", "xAKIA" + "ABCDEFGHIJKLMNOP", "gh" + "p_short", "\u00e9AKIA" + "ABCDEFGHIJKLMNOP",
          "sk" + "-short", "eyJhbGc.eyJx.y", "-----BEGIN " + "RSA PRIVATE KEY----- and no end", "AKIA" + "ABCDEFGHIJKLMNOPQ"]
PII = [
    "anna.mueller+x@mail.example-firm.co.uk", "a@b.c", "a@b.cd", "x@-a.com", "x@a-.com", "%@a.io", "a@b.c1", "a_b@c.dd.",
    "DE89 3704 0044 0532 0130 00", "DE89370400440532013000", "GB29NWBK60161331926819", "TR33 0006 1005 1978 6457 8413 26",
    "DE88370400440532013000", "US20 MEN WENT TO THE STORE AND CAME", "DE89 3704 0044 0532 0130 00 AND MORE",
    "4111 1111 1111 1111", "4111-1111-1111-1111", "4111111111111111", "4111111111111112", "378282246310005",
    "5555555555554444", "2223003122003222", "6011111111111117", "3530111333300000", "30569309025904", "6200000000000005",
    "2200000000000004", "490154203237518", "4111  1111 - 1111--1111", "4222222222222",
    "\uff14\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11",
    "\u0664\u0661\u0661\u0661 1111 1111 1111", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
    "123-45-6789", "000-45-6789", "666-45-6789", "923-45-6789", "123-00-6789", "123-45-0000", "\u0661\u0662\u0663-45-6789",
    "185057800608436", "1850578006084", "185052A006084", "185132A006084", "285122B00608491", "10000000146", "12345678901",
    "\u0661\u0660\u0660\u0660\u0660\u0660\u0660\u0660\u0661\u0664\u0666", "10000000147", "L01X00T471", "T220001293", "T22000129",
    "A12345678Z", "A1234567", "\u00c41234567", "+49 30 901820", "+1-212-555-0123", "+90 (212) 555", "(212) 555-0123",
    "(212)\u00a0555\u30000123", "+49\x1c30\x1d901820", "(1990) 12 34", "x+49 30 901820", "+4930901820x", "+1 2", "(1) 22 33",
    "+\u0661\u0662\u0663 \u0661\u0662 \u0661\u0662", "10.0.0.1",
]
GLUE = [" ", "", ", ", "\n", ".", "\u00e9", "_", "-", "1", "A", "\u3000", "(", ")", "\u0130", "  ", ":", "\u0967", "/", "+"]
SOUP = "0123456789-+ .()@AB12a_\u00e9\u0661\uff11:/"


def texts():
    rng = random.Random(8)
    pool = SECRETS + NEARLY + PII
    yield ""
    for piece in pool:
        yield piece
        yield "Text before " + piece + " and after it."
    short = [piece for piece in pool if len(piece) < 200]
    for _ in range(500):
        yield "".join(rng.choice(short) + rng.choice(GLUE) for _ in range(rng.randint(1, 5)))
    for _ in range(500):
        piece = list(rng.choice(short))
        for _ in range(rng.randint(1, 3)):
            piece[rng.randrange(len(piece))] = rng.choice(SOUP)
        yield rng.choice(GLUE) + "".join(piece) + rng.choice(GLUE)
    for _ in range(500):
        yield "".join(rng.choice(SOUP) for _ in range(rng.randint(5, 60)))


def row_of(text):
    found = []
    for kind, pattern in list(_secrets._SECRET_PATTERNS.items()) + list(_pii_regex._PII_PATTERNS.items()):
        for match in pattern.finditer(text):
            if _pii_regex._validate_match(kind, match.group(0)):
                found.append([kind] + [len(text[:at].encode()) for at in match.span()])
    pii, pii_counts = _pii_regex.mask_pii(text, return_counts=True)
    secrets, secrets_counts = _secrets.mask_secrets(text, return_counts=True)
    return {"text": text, "found": found, "pii": pii, "pii_counts": pii_counts, "secrets": secrets,
            "secrets_counts": secrets_counts}


def digits(rng, count):
    return "".join(rng.choice("0123456789") for _ in range(count))


def date(rng):
    return "%02d%02d%02d" % (rng.randrange(100), rng.randint(1, 12), rng.randint(1, 28))


def tax_id(rng):
    """Ten digits of which one stands there twice."""
    different = rng.sample("0123456789", 9)
    different.insert(rng.randrange(10), rng.choice(different))
    return "".join(different)


def after_name(check):
    """The check of a number that stands behind its name."""
    return lambda text: check("".join(c for c in text if c.isdigit()))


def candidates(kind, rng):
    """A text of the kind's shape; every other one is made valid by trying its last characters."""
    caps = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    d = lambda count: digits(rng, count)  # noqa: E731
    letter = lambda: rng.choice(caps)  # noqa: E731
    when = date(rng)
    ends = ["%02d" % i for i in range(100)]
    one = list("0123456789")
    made = {
        "be_nrn": ("%s.%s.%s-%s." % (when[:2], when[2:4], when[4:], "%03d" % rng.randint(1, 997)), ends),
        "br_cpf": ("%s.%s.%s-" % (d(3), d(3), d(3)), ends),
        "ca_sin": ("%s%s %s %s" % (rng.choice("1234567"), d(2), d(3), d(2)), one),
        "cl_rut": ("%d.%s.%s-" % (rng.randint(1, 29), d(3), d(3)), one + ["K", "k"]),
        "cn_id": ("110105%d%02d%02d%s" % (rng.randint(1930, 2015), rng.randint(1, 12), rng.randint(1, 28), d(3)), one + ["X"]),
        "es_dni": (d(8) + rng.choice(["", "-"]), list("TRWAGMYFPDXBNJZSQVHLCKE")),
        "es_nie": (rng.choice("XYZ") + rng.choice(["", "-"]) + d(7), list("TRWAGMYFPDXBNJZSQVHLCKE")),
        "fi_hetu": (when[4:] + when[2:4] + when[:2] + rng.choice("+-A") + "%03d" % rng.randint(2, 899),
                    list("0123456789ABCDEFHJKLMNPRSTUVWXY")),
        "fr_nir": ("%s%02d%02d%02d%s%s" % (rng.choice("12"), rng.randrange(100), rng.randint(1, 12), rng.randint(1, 95), d(3),
                                           d(3)), ends),
        "in_aadhaar": ("%s%s %s %s" % (rng.choice("23456789"), d(3), d(4), d(3)), one),
        "it_fiscal_code": ("".join(letter() for _ in range(6)) + "%02d" % rng.randrange(100) + rng.choice("ABCDEHLMPRST")
                           + "%02d" % rng.randint(1, 28) + rng.choice("ABCDEFGHIL") + d(3), list(caps)),
        "kr_rrn": ("%s-%s%s" % (when, rng.choice("12345678"), "%02d" % rng.randint(0, 90) + d(3)), one),
        "mx_curp": ("".join(letter() for _ in range(4)) + when + rng.choice("HM") + rng.choice(["DF", "JC", "NL"])
                    + "".join(rng.choice("BCDFGHJKLMNPQRSTVWXYZ") for _ in range(3)) + rng.choice("0A"), one),
        "pl_pesel": ("%s%02d%s%s" % (when[:2], int(when[2:4]) + rng.choice([0, 20]), when[4:], d(4)), one),
        "se_personnummer": ("%s-%s" % (when, d(3)), one),
        "uk_nhs": ("%s %s %s" % (d(3), d(3), d(3)), one),
        "at_svnr": ("%s%s%s %s" % (rng.choice("123456789"), d(2), rng.choice(one), when[4:] + when[2:4]), ends),
        "au_tfn": ("TFN: %s %s %s" % (d(3), d(3), d(2)), one),
        "ch_ahv": ("756.%s.%s.%s" % (d(4), d(4), d(1)), one),
        "cz_rc": ("%s%02d%s/%s" % (when[:2], int(when[2:4]) + rng.choice([0, 50]), when[4:], d(3)), one),
        "de_tax_id": ("Steuer-ID: " + tax_id(rng), one),
        "ee_ik": (rng.choice("3456") + when + d(3), one),
        "gr_amka": (when[4:] + when[2:4] + when[:2] + d(4), one),
        "hr_oib": ("OIB: " + d(10), one),
        "ie_pps": (d(7), [first + second for first in caps[:23] for second in ("", "A", "H")]),
        "maestro_card": (rng.choice(["5018 %s %s %s", "6304-%s-%s-%s", "6761%s%s%s"]) % (d(4), d(4), d(3)), one),
        "nl_bsn": ("BSN " + d(8), one),
        "no_fnr": (when[4:] + when[2:4] + when[:2] + d(3), ends),
        "pl_nip": ("%s-%s-%s-%s" % (d(3), d(3), d(2), d(1)), one),
        "pt_nif": ("NIF: " + rng.choice("12356") + d(7), one),
        "ro_cnp": (rng.choice("1256") + when + "%02d" % rng.randint(1, 46) + d(3), one),
        "za_id": (when + d(4) + rng.choice("01") + "8", one),
    }
    return made[kind]


CHECKS = {
    "be_nrn": stdnum.be.nn.is_valid, "br_cpf": stdnum.br.cpf.is_valid, "ca_sin": stdnum.ca.sin.is_valid,
    "cl_rut": stdnum.cl.rut.is_valid, "cn_id": stdnum.cn.ric.is_valid, "es_dni": stdnum.es.dni.is_valid,
    "es_nie": stdnum.es.nie.is_valid, "fi_hetu": stdnum.fi.hetu.is_valid, "fr_nir": stdnum.fr.nir.is_valid,
    "in_aadhaar": stdnum.in_.aadhaar.is_valid, "it_fiscal_code": stdnum.it.codicefiscale.is_valid,
    "kr_rrn": stdnum.kr.rrn.is_valid, "mx_curp": stdnum.mx.curp.is_valid, "pl_pesel": stdnum.pl.pesel.is_valid,
    "se_personnummer": stdnum.se.personnummer.is_valid, "uk_nhs": stdnum.gb.nhs.is_valid,
    "at_svnr": stdnum.at.vnr.is_valid, "au_tfn": after_name(stdnum.au.tfn.is_valid), "ch_ahv": stdnum.ch.ssn.is_valid,
    "cz_rc": stdnum.cz.rc.is_valid, "de_tax_id": after_name(stdnum.de.idnr.is_valid), "ee_ik": stdnum.ee.ik.is_valid,
    "gr_amka": stdnum.gr.amka.is_valid, "hr_oib": after_name(stdnum.hr.oib.is_valid), "ie_pps": stdnum.ie.pps.is_valid,
    "maestro_card": after_name(stdnum.luhn.is_valid), "nl_bsn": after_name(stdnum.nl.bsn.is_valid),
    "no_fnr": stdnum.no.fodselsnummer.is_valid, "pl_nip": stdnum.pl.nip.is_valid,
    "pt_nif": after_name(stdnum.pt.nif.is_valid), "ro_cnp": stdnum.ro.cnp.is_valid, "za_id": stdnum.za.idnr.is_valid,
}


def numbers():
    rng = random.Random(80)
    for kind, check in CHECKS.items():
        for i in range(40):
            while True:
                head, tails = candidates(kind, rng)
                valid = [tail for tail in tails if check(head + tail)]
                if valid:
                    break
            yield kind, head + valid[0], True
            # One digit changed: what every check digit is there to find.
            text = head + valid[0]
            places = [at for at, c in enumerate(text) if c.isdigit() and at >= len(text) - 4]
            at = rng.choice(places or [at for at, c in enumerate(text) if c.isdigit()])
            other = text[:at] + str((int(text[at]) + rng.randint(1, 9)) % 10) + text[at + 1:]
            yield kind, other, bool(check(other))


WORDS = ["the", "The", "THE", "a_b", "\u0130stanbul", "\u03a3\u0399\u03a3", "na\u00efve", "\u4e2d\u6587", "x1", "don't", "'quoted'", "\u00bd",
         "caf\u00e9.", "\u0661\u0662", "e\u0301", "I", "42", "--", "extraordinarily-long-compound", "...", "\u2167", "ok", "'tis", "dogs'"]
ENDS = [".", "!", "\u2026", ")", " ", "", ":", "\u3002", "\"  ", "'\t"]
BREAKS = ["\n", "\n\n", "\r\n", "\x0b", "\x1c", "\u2028", "\n\n\n", "\n \n", " ", "\x85"]
FENCES = ["```\ncode\n```\n", "~~~ sh\n1 + 1\n~~~~\n", "````\n```\n````\n", "```py `x`\nno\n", "   ```\nin\n   ```\n", "    ```\nno\n",
          "```\nopen to the end\n", "~~~\n```\n~~~"]


def prose():
    rng = random.Random(9)
    yield ""
    yield "   \n "
    yield "..."
    yield from FENCES
    for line in ("Same line here.", "A b c d e f."):
        for count in (2, 3, 4, 9):
            yield "\n".join([line] * count + ["Another one.", "And another one."])
    for _ in range(300):
        parts = []
        for _ in range(rng.randint(1, 8)):
            if rng.random() < 0.15:
                parts.append(rng.choice(FENCES))
            words = [rng.choice(WORDS) for _ in range(rng.randint(1, 9))]
            parts.append(" ".join(words) + rng.choice(ENDS) + rng.choice(BREAKS))
        yield "".join(parts)


def text_row(text):
    sketch = _minhash.compute_minhash(text)
    return {"text": text, "simhash": "%016x" % _simhash.compute_simhash(text),
            "minhash": None if sketch is None else [int(value) for value in sketch.hashvalues],
            "quality": _quality._row_quality_flags(text)}


def near_rows():
    rng = random.Random(10)
    for threshold in (0, 1, 3, 7, 15, 16, 30):
        prints = []
        for _ in range(60):
            value = rng.getrandbits(64)
            if prints and rng.random() < 0.6:
                value = rng.choice(prints)
                for _ in range(rng.randint(0, threshold + 2)):
                    value ^= 1 << rng.randrange(64)
            prints.append(0 if rng.random() < 0.05 else value)
        yield {"threshold": threshold, "fingerprints": ["%016x" % value for value in prints],
               "pairs": [list(pair) for pair in _simhash.find_near_duplicates(prints, threshold=threshold)],
               "leaked": _simhash._count_leaked_rows(prints[:30], prints[30:], threshold)}


def data_sets():
    rng = random.Random(11)
    chat = lambda *contents: {"messages": [{"role": "user", "content": text} for text in contents]}  # noqa: E731
    line = lambda row: json.dumps(row, ensure_ascii=False)  # noqa: E731
    mixed = [
        line({"text": "Hello there, this is a plain row of text."}), "", "  ", line({"text": "Write to a.b@mail.de, please!"}),
        "{broken", line([1, 2]), line("text"), "null", line({"text": ""}), line({"text": None, "prompt": "only a prompt"}),
        line({"instruction": "Say it.", "output": "4111 1111 1111 1111"}), line({"instruction": "Half of it."}),
        line({"User": "u", "Assistant": " "}), line({"prompt": "p", "response": "r", "extra": 1}), line({"messages": []}),
        line(chat("My number is +49 30 901820.", "AKIA" + "ABCDEFGHIJKLMNOP")), line(chat("")), '{"text": "twice", "text": "last wins"}',
        '{"text": NaN, "content": "after a number that is none"}', '{"text": "lone \\ud800 half"}', '{"n": 123456789012345678901234567890, "text": "big"}',
        line({"completion": "It is done.", "label": True}), "\u00a0" + line({"text": "within other white space"}) + "\u2003",
        line({"text": "DE89 3704 0044 0532 0130 00"}), line({"text": "T\u00fcrk\u00e7e 10000000146 \u0130stanbul."}),
    ]
    base = ["The quick brown fox number %d jumps over the lazy dog near the river bank in town." % i for i in range(30)]
    long = [line({"text": " ".join(rng.choice(WORDS[:12]) for _ in range(rng.randint(20, 60)))}) for _ in range(40)]
    yield {"data.jsonl": "\n".join(mixed) + "\n"}
    yield {"train.jsonl": "".join(line({"text": text}) + "\n" for text in base + base[:5]) + "\n".join(long),
           "dev.jsonl": "".join(line({"text": text}) + "\n" for text in base[10:20]) + long[3],
           "test.jsonl": line({"text": "Nothing of this is known elsewhere, since it was never written before."})}
    yield {"train.jsonl": line({"text": "a row"}), "val.jsonl": line({"text": "b row"}), "validation.jsonl": line({"text": "c row"})}
    yield {"empty.jsonl": "", "other.jsonl": line({"text": "One row, and no more of them."})}


def reports():
    for files in data_sets():
        for method in ("simhash", "minhash"):
            with tempfile.TemporaryDirectory() as folder:
                for name, text in files.items():
                    (pathlib.Path(folder) / name).write_text(text, encoding="utf-8")
                source = pathlib.Path(folder) / "data.jsonl" if "data.jsonl" in files else folder
                report = dataclasses.asdict(audit_dataset(str(source), enable_quality_filter=True, dedup_method=method))
            for key in ("generated_at", "source_path", "source_input", "croissant", "notes"):
                del report[key]
            for info in report["splits"].values():
                info.pop("languages_top3", None)
                for key in ("columns", "schema_drift_columns"):  # in the order of a hash table
                    info[key] = sorted(info.get(key, []))
            yield {"files": files, "method": method, "report": report}


def write(name, rows):
    with open(OUT / name, "w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def main():
    versions.require(VERSIONS)
    OUT.mkdir(parents=True, exist_ok=True)
    write("patterns.jsonl", (row_of(text) for text in texts()))
    write("numbers.jsonl", ({"kind": kind, "text": text, "valid": valid} for kind, text, valid in numbers()))
    write("texts.jsonl", (text_row(text) for text in prose()))
    write("near.jsonl", near_rows())
    write("bands.jsonl", ({"threshold": at, "bands": list(_optimal_param(at, 128, 0.5, 0.5))}
                          for at in (0.1, 0.3, 0.5, 0.7, 0.8, 0.85, 0.9, 0.95)))
    write("reports.jsonl", reports())
    manifest = {"maker": "tools/golden/audit/make.py", "versions": dict(VERSIONS, cpython=platform.python_version()),
                "patterns.jsonl": "text, what is found in it (bytes), what masking leaves, with counts",
                "texts.jsonl": "texts with simhash, sketch and quality flags",
                "near.jsonl": "fingerprints with the pairs within a threshold and the leaked rows of two halves",
                "bands.jsonl": "bands and rows of MinHashLSH by threshold",
                "reports.jsonl": "small data sets with the reference's report of them, less what differs by decision",
                "contamination.jsonl": "by contamination.py: benchmarks and data sets with what they share",
                "numbers.jsonl": "national numbers: kind, text, whether it is valid"}
    (OUT / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
