#!/usr/bin/env python3
"""Writes tests/golden/audit/{patterns,numbers}.jsonl: what forgelm 0.11.1 (the Python original) finds in texts and leaves
of them when it masks, and what python-stdnum says of national numbers.

    pip install --no-deps forgelm==0.11.1 && pip install python-stdnum==1.20 PyYAML pydantic requests
    python tools/golden/audit/make.py

patterns.jsonl: {"text", "found": [[kind, begin, end], ...] (bytes of the text, each kind by itself), "pii": masked text,
"pii_counts", "secrets": masked text, "secrets_counts"}. numbers.jsonl: {"kind", "text", "valid"}. All of it is made up.
"""
import json
import pathlib
import platform
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import versions  # noqa: E402

from forgelm.data_audit import _pii_regex, _secrets  # noqa: E402
import stdnum.be.nn, stdnum.br.cpf, stdnum.ca.sin, stdnum.cl.rut, stdnum.cn.ric, stdnum.es.dni, stdnum.es.nie  # noqa: E401,E402
import stdnum.fi.hetu, stdnum.fr.nir, stdnum.gb.nhs, stdnum.in_.aadhaar, stdnum.it.codicefiscale  # noqa: E401,E402
import stdnum.kr.rrn, stdnum.mx.curp, stdnum.pl.pesel, stdnum.se.personnummer  # noqa: E401,E402

OUT = pathlib.Path(__file__).resolve().parents[3] / "tests" / "golden" / "audit"
VERSIONS = {"forgelm": "0.11.1", "python-stdnum": "1.20"}

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
    }
    return made[kind]


CHECKS = {
    "be_nrn": stdnum.be.nn.is_valid, "br_cpf": stdnum.br.cpf.is_valid, "ca_sin": stdnum.ca.sin.is_valid,
    "cl_rut": stdnum.cl.rut.is_valid, "cn_id": stdnum.cn.ric.is_valid, "es_dni": stdnum.es.dni.is_valid,
    "es_nie": stdnum.es.nie.is_valid, "fi_hetu": stdnum.fi.hetu.is_valid, "fr_nir": stdnum.fr.nir.is_valid,
    "in_aadhaar": stdnum.in_.aadhaar.is_valid, "it_fiscal_code": stdnum.it.codicefiscale.is_valid,
    "kr_rrn": stdnum.kr.rrn.is_valid, "mx_curp": stdnum.mx.curp.is_valid, "pl_pesel": stdnum.pl.pesel.is_valid,
    "se_personnummer": stdnum.se.personnummer.is_valid, "uk_nhs": stdnum.gb.nhs.is_valid,
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


def write(name, rows):
    with open(OUT / name, "w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def main():
    versions.require(VERSIONS)
    OUT.mkdir(parents=True, exist_ok=True)
    write("patterns.jsonl", (row_of(text) for text in texts()))
    write("numbers.jsonl", ({"kind": kind, "text": text, "valid": valid} for kind, text, valid in numbers()))
    manifest = {"maker": "tools/golden/audit/make.py", "versions": dict(VERSIONS, cpython=platform.python_version()),
                "patterns.jsonl": "text, what is found in it (bytes), what masking leaves, with counts",
                "numbers.jsonl": "national numbers: kind, text, whether it is valid"}
    (OUT / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
