"""Makes tests/golden/address: addresses, what CPython's ipaddress says, and what forgelm must say.

The expectation is computed here from ipaddress and from the differences below, never from forgelm. An address that
carries an IPv4 address is expected to be refused unless that address is global as well.
Run with CPython 3.11: python tools/golden/address/make.py
"""

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
    carried_whole = inner and int(a) >> 96 in (0, 0x0064FF9B)
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
    manifest = {
        "maker": "tools/golden/address/make.py",
        "versions": {"cpython": platform.python_version()},
        "addresses.tsv": "address, ipaddress.is_global, expected of forgelm, why the two differ",
        "differences": {**STRICTER, **LOOKED_THROUGH, "IPv6 outside 2000::/3": OUTSIDE,
                        "IPv6 that carries IPv4": "refused when the address inside is not global"},
    }
    (out / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    main()
