"""Addresses and networks, IPv4 and IPv6 (RFC 4291, section 2.2)."""

import re

BITS = {4: 32, 6: 128}

OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
IPV4 = re.compile(rf"{OCTET}(?:\.{OCTET}){{3}}")
GROUP = re.compile("[0-9A-Fa-f]{1,4}")
LENGTH = re.compile("0|[1-9][0-9]{0,2}")


def parse_ipv4(text):
    """Its 32 bits as a number, or None."""
    if not IPV4.fullmatch(text):
        return None
    return int.from_bytes(bytes(map(int, text.split("."))), "big")


def parse_groups(text, may_end_in_ipv4):
    """The 16-bit groups of one side of a "::", or of an address without it; None where it is malformed."""
    if text == "":
        return []
    groups = []
    words = text.split(":")
    for i, word in enumerate(words):
        if GROUP.fullmatch(word):
            groups.append(int(word, 16))
            continue
        ipv4 = parse_ipv4(word)
        if ipv4 is None or not may_end_in_ipv4 or i + 1 != len(words):
            return None
        groups += [ipv4 >> 16, ipv4 & 0xFFFF]
    return groups


def parse_ipv6(text):
    """Its 128 bits as a number, or None. A "::" stands for one group of zeros or more."""
    sides = text.split("::")
    if len(sides) > 2:
        return None
    groups = [parse_groups(side, i + 1 == len(sides)) for i, side in enumerate(sides)]
    if None in groups:
        return None
    n_groups = sum(map(len, groups))
    if len(sides) == 2 and n_groups <= 7:
        head, tail = groups
        all_groups = head + [0] * (8 - n_groups) + tail
    elif len(sides) == 1 and n_groups == 8:
        (all_groups,) = groups
    else:
        return None
    value = 0
    for group in all_groups:
        value = value << 16 | group
    return value


def parse_address(text):
    """(family, bits as a number), or None."""
    ipv4 = parse_ipv4(text)
    if ipv4 is not None:
        return 4, ipv4
    ipv6 = parse_ipv6(text)
    return None if ipv6 is None else (6, ipv6)


class Network:
    """All addresses of a family that share some first bits."""

    def __init__(self, family, bits, length):
        self.family = family
        self.shift = BITS[family] - length
        self.prefix = bits >> self.shift

    def holds(self, text):
        """Is this text an address, and in the network?"""
        address = parse_address(text)
        if address is None:
            return False
        family, bits = address
        return family == self.family and bits >> self.shift == self.prefix


def parse_network(text):
    """The network that a text is, or None."""
    address_text, slash, length_text = text.partition("/")
    address = parse_address(address_text)
    if address is None:
        return None
    family, bits = address
    if not slash:
        return Network(family, bits, BITS[family])
    if not LENGTH.fullmatch(length_text) or int(length_text) > BITS[family]:
        return None
    return Network(family, bits, int(length_text))
