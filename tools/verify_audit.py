#!/usr/bin/env python3
"""Checks audit logs and proofs of forgelm without forgelm: Python's standard library, and the openssl command for keys.

    verify_audit.py log audit_log.jsonl [--checkpoint NOTE]... [--key PEM]
    verify_audit.py proof proof.json [--checkpoint NOTE]... [--key PEM]

`log` walks the chain and compares the log with every checkpoint given (the one beside the log is taken by itself).
`proof` takes what `forgelm verify-audit --prove` or `--consistency-from` wrote; with --checkpoint, a proof must lead to
that note. --key is the Ed25519 public key whose signature every checkpoint must carry. Exit code 0: all holds; 6: it
does not; 1: it could not be tried. It shares no code with forgelm.
"""

import argparse
import base64
import hashlib
import json
import os
import subprocess
import sys
import tempfile


class Mismatch(Exception):
    """What was checked does not hold."""


def sha(data):
    return hashlib.sha256(data).digest()


def leaf_hash(line):
    return sha(b"\x00" + line)


def node_hash(left, right):
    return sha(b"\x01" + left + right)


def root_of(leaves):
    """RFC 6962, 2.1: from the right edge of full subtrees, a stack of (size, hash)."""
    stack = []
    for leaf in leaves:
        stack.append((1, leaf))
        while len(stack) > 1 and stack[-1][0] == stack[-2][0]:
            (size, right), (_, left) = stack.pop(), stack.pop()
            stack.append((2 * size, node_hash(left, right)))
    if not stack:
        return sha(b"")
    root = stack.pop()[1]
    while stack:
        root = node_hash(stack.pop()[1], root)
    return root


def inclusion_root(index, size, leaf, path):
    """The root that the path leads to (RFC 9162, 2.1.3.2)."""
    if index >= size:
        raise Mismatch("the leaf lies outside the tree")
    place, last, digest = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise Mismatch("the path is too long")
        if place % 2 or place == last:
            digest = node_hash(sibling, digest)
            while place % 2 == 0 and place:
                place, last = place // 2, last // 2
        else:
            digest = node_hash(digest, sibling)
        place, last = place // 2, last // 2
    if last:
        raise Mismatch("the path is too short")
    return digest


def consistent_roots(first, second, path, first_root):
    """Both roots that the path leads to (RFC 9162, 2.1.4.2)."""
    if not 0 < first <= second:
        raise Mismatch("the sizes are not those of a log that grew")
    if first == second:
        if path:
            raise Mismatch("the path is too long")
        return first_root, first_root
    path = list(path)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    if not path:
        raise Mismatch("the path is too short")
    place, last = first - 1, second - 1
    while place % 2:
        place, last = place // 2, last // 2
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise Mismatch("the path is too long")
        if place % 2 or place == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while place % 2 == 0 and place:
                place, last = place // 2, last // 2
        else:
            new = node_hash(new, sibling)
        place, last = place // 2, last // 2
    if last:
        raise Mismatch("the path is too short")
    return old, new


class Note:
    """A checkpoint: origin, number of entries, root; a signature over the text before the empty line."""

    def __init__(self, text):
        body, separator, signatures = text.partition("\n\n")
        lines = body.split("\n")
        if not separator or len(lines) < 3:
            raise Mismatch("this is no checkpoint")
        self.text = body + "\n"
        self.origin, self.size, self.root = lines[0], int(lines[1]), base64.b64decode(lines[2], validate=True)
        self.extensions = dict(line.split(" ", 1) for line in lines[3:] if " " in line)
        self.signatures = []
        for line in signatures.splitlines():
            dash, name, blob = line.split(" ")
            if dash != "\u2014":
                raise Mismatch("a signature line is malformed")
            self.signatures.append((name, base64.b64decode(blob, validate=True)))

    def check_signature(self, pem):
        der = base64.b64decode("".join(line for line in open(pem).read().splitlines() if "-----" not in line))
        raw = der[-32:]
        key_id = sha(self.origin.encode() + b"\n\x01" + raw)[:4]
        mine = [blob[4:] for name, blob in self.signatures if name == self.origin and blob[:4] == key_id]
        if not mine:
            raise Mismatch("the checkpoint carries no signature of this key")
        with tempfile.TemporaryDirectory() as folder:
            text, signature = os.path.join(folder, "text"), os.path.join(folder, "signature")
            open(text, "wb").write(self.text.encode())
            open(signature, "wb").write(mine[0])
            done = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", pem, "-rawin", "-in", text,
                                   "-sigfile", signature], capture_output=True)
        if done.returncode != 0:
            raise Mismatch("the signature of the checkpoint does not verify")


def read_note(text, key):
    note = Note(text)
    if key:
        note.check_signature(key)
    return note


def check_log(arguments):
    path = arguments.file
    lines = []
    previous = "genesis"
    data = open(path, "rb").read()
    if data and not data.endswith(b"\n"):
        raise Mismatch("the last line has no end")
    for number, line in enumerate((line for line in data.split(b"\n") if line.strip()), 1):
        entry = json.loads(line)
        if entry.get("prev_hash") != previous:
            raise Mismatch("line %d does not continue the one before it" % number)
        previous = hashlib.sha256(line).hexdigest()
        lines.append(line)
    if not lines:
        raise Mismatch("the log has no entries")
    notes = list(arguments.checkpoint)
    if os.path.exists(path + ".checkpoint"):
        notes.append(path + ".checkpoint")
    for name in notes:
        note = read_note(open(name).read(), arguments.key)
        if note.origin != "forgelm/audit/" + hashlib.sha256(lines[0]).hexdigest()[:32]:
            raise Mismatch("%s is of another log" % name)
        if note.size > len(lines):
            raise Mismatch("the log has %d entries, and %s covers %d" % (len(lines), name, note.size))
        if root_of(leaf_hash(line) for line in lines[: note.size]) != note.root:
            raise Mismatch("the log is not what %s covers" % name)
        covered = sum(len(line) + 1 for line in lines[: note.size])
        if "bytes" in note.extensions and int(note.extensions["bytes"]) != covered:
            raise Mismatch("the entries that %s covers take %d bytes" % (name, covered))
        print("%s: covers %d of %d entries, and fits" % (name, note.size, len(lines)))
    if not notes:
        print("no checkpoint: a log that was cut at its end or written anew looks the same")
    print("%d entries, root %s" % (len(lines), base64.b64encode(root_of(map(leaf_hash, lines))).decode()))


def check_proof(arguments):
    proofs = json.load(open(arguments.file))
    given = [read_note(open(name).read(), arguments.key) for name in arguments.checkpoint]
    for proof in proofs if isinstance(proofs, list) else [proofs]:
        path = [base64.b64decode(item) for item in proof["path"]]
        ends = []
        if proof["kind"] == "inclusion":
            line = proof["entry"].encode()
            root = inclusion_root(proof["leaf_index"], proof["tree_size"], leaf_hash(line), path)
            if root != base64.b64decode(proof["root"]):
                raise Mismatch("the path does not lead to the root")
            ends.append((proof["tree_size"], root, proof["checkpoint"]))
            print("entry %d is in the log of %d entries: %s"
                  % (proof["leaf_index"], proof["tree_size"], json.loads(line).get("event")))
        else:
            first_root = base64.b64decode(proof["first_root"])
            old, new = consistent_roots(proof["first_size"], proof["second_size"], path, first_root)
            if old != first_root or new != base64.b64decode(proof["second_root"]):
                raise Mismatch("the path does not lead from the one root to the other")
            ends.append((proof["first_size"], old, proof["first_checkpoint"]))
            ends.append((proof["second_size"], new, proof["second_checkpoint"]))
            print("the log of %d entries begins with the %d of the earlier checkpoint"
                  % (proof["second_size"], proof["first_size"]))
        for size, root, text in ends:
            if text is None:
                continue
            note = read_note(text, arguments.key)
            if (note.origin, note.size, note.root) != (proof["origin"], size, root):
                raise Mismatch("the proof is not to the checkpoint that it carries")
        for note in given:
            if not any(note.origin == proof["origin"] and (note.size, note.root) == end[:2] for end in ends):
                raise Mismatch("the proof is not to the checkpoint that was given")
        if arguments.key and not given and not all(text for _, _, text in ends):
            raise Mismatch("the proof carries no checkpoint whose signature could be checked")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["log", "proof"])
    parser.add_argument("file")
    parser.add_argument("--checkpoint", action="append", default=[])
    parser.add_argument("--key")
    arguments = parser.parse_args()
    try:
        (check_log if arguments.what == "log" else check_proof)(arguments)
    except Mismatch as mismatch:
        print("FAIL: %s" % mismatch, file=sys.stderr)
        return 6
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        print("cannot check: %s" % error, file=sys.stderr)
        return 1
    print("OK")
    return 0


sys.exit(main())
