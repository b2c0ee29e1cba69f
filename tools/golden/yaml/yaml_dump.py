"""What the reference makes of a document: the typed JSON form of its tree, or why it refuses it.

The document's bytes are decoded as a file opened by Python with encoding="utf-8" would be, a leading byte order mark
dropped and line breaks unified, and given to PyYAML's safe_load. Twin of tests/config/yaml_dump.hpp.
"""
import datetime
import io
import struct

import yaml

PYYAML = "6.0.3"
assert yaml.__version__ == PYYAML, f"PyYAML {PYYAML} is the reference, this is {yaml.__version__}"


class Unprintable(Exception):
    """A value that the tree form has no text for (a lone surrogate, a list inside itself) or too much of it."""


def dump_text(text):
    out = ['"']
    for c in text:
        n = ord(c)
        if 0xD800 <= n <= 0xDFFF:
            raise Unprintable("surrogate")
        if c in '"\\':
            out.append("\\" + c)
        elif 0x20 <= n < 0x7F:
            out.append(c)
        else:
            out.append("\\U%08x" % n if n > 0xFFFF else "\\u%04x" % n)
    return "".join(out) + '"'


def dump(value, parents=()):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        try:
            return '{"int":"%d"}' % value
        except ValueError as error:
            raise Unprintable("long integer") from error
    if isinstance(value, float):
        return '{"float":"%s"}' % ("nan" if value != value else struct.pack(">d", value).hex())
    if isinstance(value, str):
        return dump_text(value)
    if isinstance(value, bytes):
        return '{"binary":"%s"}' % value.hex()
    if isinstance(value, (datetime.date, datetime.datetime)):
        return '{"timestamp":"%s"}' % value.isoformat()
    if id(value) in parents:
        raise Unprintable("recursion")
    parents = parents + (id(value),)
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(dump(item, parents) for item in value) + "]"
    if isinstance(value, set):
        return '{"set":[' + ",".join(sorted(dump(item, parents) for item in value)) + "]}"
    assert isinstance(value, dict), type(value)
    return '{"map":[' + ",".join("[%s,%s]" % (dump(k, parents), dump(v, parents)) for k, v in value.items()) + "]}"


def read(document, max_size=100_000):
    """("ok", tree), ("unprintable", why) or ("error", the exception's name and first line)."""
    try:
        text = io.TextIOWrapper(io.BytesIO(document), encoding="utf-8").read()
        value = yaml.safe_load(text)
    except RecursionError:
        return "recursion", "RecursionError"
    except Exception as error:  # whatever it is, the reference does not accept the document
        return "error", type(error).__name__ + ": " + " ".join(str(error).split())[:200]
    try:
        tree = dump(value)
        return ("ok", tree) if len(tree) <= max_size else ("unprintable", "size")
    except (Unprintable, RecursionError) as error:
        return "unprintable", str(error)
