"""Makes tests/golden/address: addresses, what CPython's ipaddress says, and what forgelm must say.

The expectation is computed here from ipaddress and from the differences below, never from forgelm. An address that
carries an IPv4 address is expected to be refused unless that address is global as well; where private destinations are
allowed, unless every part of it is global or private.
addresses.tsv holds chosen addresses one by one; million.txt holds 1056 blocks of 1000 addresses drawn by a rule (draw_block
here, the same in tests/core/address_guard_test.cpp) as digests of the expectations.
Run with CPython 3.11: python tools/golden/address/make.py
"""

import functools
import hashlib
import ipaddress
import json
import pathlib
import platform
import random

V4, V6 = ipaddress.IPv4Address, ipaddress.IPv6Address

# Where forgelm refuses on purpose what ipaddress (3.11) calls global.
STRICTER = {
    "192.0.0.0/24": "IETF protocol assignments, never a public service",
    "192.88.99.0/24": "6to4 relay anycast, deprecated by RFC 7526",
    "224.0.0.0/4": "multicast is not unicast, whatever its scope",
    "ff00::/8": "multicast is not unicast, whatever its scope",
    "fec0::/10": "site-local, deprecated by RFC 3879, still private where it is in use",
    "3fff::/20": "documentation, RFC 9637, newer than the table in CPython 3.11",
    "64:ff9b:1::/48": "local-use NAT64, RFC 8215: not globally reachable, its mapping belongs to the operator",
}
# Where forgelm looks inside and ipaddress calls the whole not global, although what is inside may be.
LOOKED_THROUGH = {
    "::ffff:0:0/96": "IPv4-mapped: the same connection as the IPv4 address inside, judged by it",
    "2001::/32": "Teredo: judged by the addresses of server and client inside",
}
OUTSIDE = "IPv6 outside 2000::/3 is not allocated as global unicast"

REGISTRY = """0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24
192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 239.0.0.0/8 240.0.0.0/4
255.255.255.255/32 ::/128 ::1/128 ::/96 ::ffff:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2000::/3 2001::/23 2001::/32
2001:2::/48 2001:10::/28 2001:20::/28 2001:db8::/32 2002::/16 3fff::/20 5f00::/16 fc00::/7 fd00::/8 fe80::/10 fec0::/10
ff00::/8""".split()

# Each stands for a class of addresses that is then put into every carrier.
INNER = """8.8.8.8 1.1.1.1 93.184.216.34 0.0.0.0 10.0.0.1 100.64.0.1 127.0.0.1 169.254.169.254 172.31.255.255 192.0.0.192
192.168.1.1 198.18.0.1 203.0.113.7 224.0.0.1 255.255.255.255 100.100.100.200""".split()


def carriers(inner):
    """Every way in which IPv6 carries the IPv4 address."""
    n = int(inner)
    public = int(V4("8.8.8.8"))
    yield V6(n)
    yield V6(0xFFFF << 32 | n)
    yield V6(int(V6("64:ff9b::")) | n)
    yield V6(int(V6("64:ff9b:1::")) | n)
    yield V6(0x2002 << 112 | n << 80)
    yield V6(0x2002 << 112 | n << 80 | 1)
    yield V6(0x20010000 << 96 | public << 64 | (n ^ 0xFFFFFFFF))
    yield V6(0x20010000 << 96 | n << 64 | (public ^ 0xFFFFFFFF))
    for identifier in (0x00005EFE, 0x02005EFE):
        for prefix in ("2606:4700::", "fe80::", "fd00::", "2002:808:808::", "2002:7f00:1::"):
            yield V6(int(V6(prefix)) | identifier << 32 | n)


def inner_addresses(a):
    """The IPv4 addresses that an IPv6 address carries."""
    n, found = int(a), []
    if n >> 32 == 0 and n > 1:
        found.append(V4(n))
    if a.ipv4_mapped:
        found.append(a.ipv4_mapped)
    if a.sixtofour:
        found.append(a.sixtofour)
    if a.teredo:
        found.extend(a.teredo)
    if a in ipaddress.ip_network("64:ff9b::/96") or a in ipaddress.ip_network("64:ff9b:1::/48"):
        found.append(V4(n & 0xFFFFFFFF))
    # The interface identifier is one of a unicast prefix; carriers that fix these bits themselves come first.
    if (n >> 32) & 0xFDFFFFFF == 0x5EFE and not a.teredo:
        found.append(V4(n & 0xFFFFFFFF))
    return found


def judge(a):
    """(expected to be global, why this differs from ipaddress)"""
    for network, reason in STRICTER.items():
        if a in ipaddress.ip_network(network):
            return False, reason
    if a.version == 4:
        return a.is_global, ""
    inner = inner_addresses(a)
    if not all(judge(i)[0] for i in inner):
        return False, "carries " + ", ".join(str(i) for i in inner if not judge(i)[0])
    for network, reason in LOOKED_THROUGH.items():
        if a in ipaddress.ip_network(network):
            return True, reason
    carried_whole = inner and int(a) >> 32 in (0, 0x64FF9B << 64)
    if not carried_whole and a not in ipaddress.ip_network("2000::/3"):
        return False, OUTSIDE
    return a.is_global, ""


def addresses():
    for text in REGISTRY:
        network = ipaddress.ip_network(text)
        first, last = int(network[0]), int(network[-1])
        make, top = (V4, 2**32 - 1) if network.version == 4 else (V6, 2**128 - 1)
        for n in (first - 1, first, first + 1, (first + last) // 2, last - 1, last, last + 1):
            if 0 <= n <= top:
                yield make(n)
    for text in INNER:
        yield V4(text)
        yield from carriers(V4(text))
    for text in """2606:4700:4700::1111 2a00:1450:4001::200e 2620:4f:8000::1 2400:cb00::1 2001:200::1 2001:4860:4860::8888
            fd00:ec2::254 fe80::a9fe:a9fe 4000::1 1000::1 8000::1 c000::1 e000::1 2002:: 2002:7f00:1:: 2002:a9fe:a9fe::
            fec0::1 192.0.0.192 3fff::1""".split():
        yield ipaddress.ip_address(text)
    draw = random.Random(20260101)
    for _ in range(100):
        yield V4(draw.getrandbits(32))
        yield V6(draw.getrandbits(128))
        yield V6(1 << 125 | draw.getrandbits(125))


# Where a destination may be when private ones are allowed (RFC 1918, loopback, RFC 6598, unique local).
PRIVATE = """10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 127.0.0.0/8 100.64.0.0/10 ::1/128 fc00::/7 64:ff9b:1::/48""".split()

contains = functools.lru_cache(None)(ipaddress.ip_network)


def within(a, texts):
    return any(a in contains(text) for text in texts)


def own_kind(a):
    """What the address is itself, whatever it carries: global, private or never."""
    if within(a, PRIVATE):
        return "private"
    if within(a, STRICTER):
        return "never"
    if a.version == 4:
        return "global" if a.is_global else "never"
    if int(a) == 0:
        return "never"
    if int(a) >> 32 == 0 or int(a) >> 32 == 0x64FF9B << 64 or within(a, LOOKED_THROUGH):
        return "global"
    return "global" if a in contains("2000::/3") and a.is_global else "never"


def verdict(a):
    """1: may be dialled; 2: only where private destinations are allowed; 0: never."""
    kinds = {own_kind(a)}
    if a.version == 6:
        kinds |= {own_kind(inner) for inner in inner_addresses(a)}
    return 0 if "never" in kinds else 2 if "private" in kinds else 1


NUM_BLOCKS, PER_BLOCK = 1056, 1000


class Draw:
    """SplitMix64."""

    def __init__(self, block):
        self.state = block * 0x9E3779B97F4A7C15 + 12345 & 2**64 - 1

    def __call__(self):
        self.state = self.state + 0x9E3779B97F4A7C15 & 2**64 - 1
        z = self.state
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & 2**64 - 1
        z = (z ^ z >> 27) * 0x94D049BB133111EB & 2**64 - 1
        return z ^ z >> 31


def in_network(draw, networks, width):
    """An address in one of the networks, or within two of its first or last."""
    first, bits = networks[draw() % len(networks)]
    mask = (1 << width - bits) - 1
    random = draw() if width == 32 else draw() << 64 | draw()
    mode = draw() % 4
    if mode < 2:
        return first | random & mask
    return (first + (mask if mode == 3 else 0) + random % 5 - 2) % 2**width


def draw_inner(draw, networks4):
    return draw() & 0xFFFFFFFF if draw() % 4 == 0 else in_network(draw, networks4, 32)


def draw_address(draw, kind, networks4, networks6):
    """(version, number)"""
    inner = functools.partial(draw_inner, draw, networks4)
    if kind == 0:
        return 4, inner()
    if kind == 1:
        return 6, draw() << 64 | draw()
    if kind == 2:
        return 6, (draw() >> 3 | 1 << 61) << 64 | draw()
    if kind in (3, 4):
        return 6, in_network(draw, networks6, 128)
    if kind == 5:
        return 6, (0, 0xFFFF << 32, 0x64FF9B << 96)[draw() % 3] | inner()
    if kind == 6:
        high = 0x0064FF9B0001 << 16 | draw() & 0xFFFF
        return 6, high << 64 | (draw() & 0xFFFFFFFF) << 32 | inner()
    if kind in (7, 11):
        high = 0x2002 << 48 | inner() << 16 | draw() & 0xFFFF
        low = draw() if kind == 7 else (0x5EFE, 0x02005EFE)[draw() % 2] << 32 | inner()
        return 6, high << 64 | low
    if kind == 8:
        high = 0x20010000 << 32 | inner()
        return 6, high << 64 | (draw() & 0xFFFFFFFF) << 32 | inner() ^ 0xFFFFFFFF
    if kind == 9:
        high = in_network(draw, networks6, 128) >> 64 if draw() % 2 else draw() >> 3 | 1 << 61
        return 6, high << 64 | (0x5EFE, 0x02005EFE)[draw() % 2] << 32 | inner()
    version, number = draw_address(draw, 5 + draw() % 5, networks4, networks6)
    return version, number ^ 1 << draw() % 128


def million():
    networks = [ipaddress.ip_network(text) for text in REGISTRY]
    of = {v: [(int(n[0]), n.prefixlen) for n in networks if n.version == v] for v in (4, 6)}
    lines = ["network %d %x %d" % (v, first, bits) for v in (4, 6) for first, bits in of[v]]
    for block in range(NUM_BLOCKS):
        draw, verdicts = Draw(block), []
        for _ in range(PER_BLOCK):
            version, number = draw_address(draw, block % 12, of[4], of[6])
            a = (V4 if version == 4 else V6)(number)
            verdicts.append(str(verdict(a)))
            if block < 24:
                assert (verdicts[-1] == "1") == judge(a)[0], a
        lines.append("block %s" % hashlib.sha256("".join(verdicts).encode()).hexdigest()[:16])
    return lines


def main():
    rows, seen = [], set()
    for a in addresses():
        if a in seen:
            continue
        seen.add(a)
        expected, reason = judge(a)
        if expected != a.is_global:
            assert reason, a
        rows.append("\t".join((str(a), *("global" if g else "refused" for g in (a.is_global, expected)),
                               reason if expected != a.is_global else "")))
    out = pathlib.Path(__file__).parents[3] / "tests/golden/address"
    out.mkdir(parents=True, exist_ok=True)
    (out / "addresses.tsv").write_text("\n".join(rows) + "\n")
    (out / "million.txt").write_text("\n".join(million()) + "\n")
    manifest = {
        "maker": "tools/golden/address/make.py",
        "versions": {"cpython": platform.python_version()},
        "million.txt": "networks that addresses are drawn from; then the first half of the digest of each block's verdicts",
        "addresses.tsv": "address, ipaddress.is_global, expected of forgelm, why the two differ",
        "differences": {**STRICTER, **LOOKED_THROUGH, "IPv6 outside 2000::/3": OUTSIDE,
                        "IPv6 that carries IPv4": "refused when the address inside is not global"},
    }
    (out / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    main()
