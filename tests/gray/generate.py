#!/usr/bin/env python3
"""Random rule sets, units and tags: valid ones, of a small world, so that much holds and much nearly does.

    generate.py SEED N_RULE_SETS N_ASKERS

Each line is {"salt", "rules", "stable", "askers": [{"unit", "tags", "expected"}]}, with the answer of
evaluate.py for each asker. The same seed gives the same lines, with any version of Python.
"""

import json
import sys
from decimal import Decimal

from evaluate import evaluate
from rules import BUCKETS, read_rules

VERSIONS_MAX = 6  # The versions that rules and `stable` name are 1 to 6: fewer than rules may name.
MASK = (1 << 64) - 1


class Chance:
    """splitmix64: small, and ours, since the choices of Python's own generator change with its version."""

    def __init__(self, seed):
        self.state = seed

    def bits(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        value = self.state
        value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & MASK
        value = (value ^ value >> 27) * 0x94D049BB133111EB & MASK
        return value ^ value >> 31

    def below(self, n):
        return self.bits() % n

    def between(self, first, last):
        return first + self.below(last - first + 1)

    def one_in(self, n):
        return self.below(n) == 0

    def pick(self, options):
        return options[self.below(len(options))]

    def some(self, options, n):
        """`n` different ones of them, in any order."""
        left = list(options)
        return [left.pop(self.below(len(left))) for _ in range(min(n, len(left)))]


def dumps(value):
    """JSON without blanks, in which a Decimal is the number that it is."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{dumps(name)}:{dumps(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(dumps, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def percent(thousandths):
    """A weight as the rules write it: 10500 is 10.5."""
    whole, rest = divmod(thousandths, 1000)
    return Decimal(thousandths).scaleb(-3).normalize() if rest else whole


# Texts.

WORDS = [
    "", "a", "A", "ab", "abc", "b", "canary", "Canary", "canary ", "eu", "eu-1", "eu-10", "eu-2", "us",
    "us-1", "é", "e\u0301", "日本", "日本語", "日", "\U0001f600", "a:b", "a,b", "a b", "%2e", "\"", "\\", "\u007f",
    "ÿ", "10", "9",
]  # fmt: skip


def text(chance):
    return chance.pick(WORDS)


def texts_condition(chance):
    texts = chance.some(WORDS, chance.between(1, 12 if chance.one_in(8) else 4))
    kind = chance.below(6)
    if kind == 0:
        return texts
    if kind == 1:
        return {"in": texts}
    if kind == 2:
        return {"not_in": texts}
    if kind == 3:
        return {"prefix": texts if chance.one_in(2) else texts[0]}
    if kind == 4:
        return {"exists": chance.one_in(2)}
    return {"prefix": texts[:2], "not_in": texts[2:] or ["eu-1"], "exists": not chance.one_in(4)}


# Versions.

NUMBERS = [
    "0",
    "0",
    "1",
    "1",
    "2",
    "3",
    "9",
    "10",
    "4294967296",
    "18446744073709551616",
    "99999999999999999999999",
]
PRE_RELEASES = [
    "0", "1", "2", "10", "a", "A", "alpha", "alpha.1", "alpha.1.0", "alpha.beta", "beta", "beta.2", "beta.11",
    "rc.1", "rc.1.x", "-", "--1", "0a", "1-1", "99999999999999999999", "99999999999999999998.a", "rc",
]  # fmt: skip
BUILDS = ["", "+1", "+001", "+build.5", "+-.-", "+a.b.c"]


def version(chance):
    core = ".".join(chance.pick(NUMBERS) if chance.one_in(4) else str(chance.below(4)) for _ in range(3))
    pre_release = "-" + chance.pick(PRE_RELEASES) if chance.one_in(3) else ""
    return core + pre_release + (chance.pick(BUILDS) if chance.one_in(4) else "")


def version_value(chance):
    """A version, or what only looks like one."""
    value = version(chance)
    if not chance.one_in(6):
        return value
    return chance.pick(
        [
            "v" + value,
            " " + value,
            value + " ",
            "0" + value,
            value + ".0",
            value[:-1],
            value + "-",
            value + "+",
            "=" + value,
        ]
    )


def semver_condition(chance):
    signs = ["", "=", ">", ">=", ">=", "<", "<=", "^", "^", "~", "~"]
    comparators = [
        chance.pick(signs) + version(chance) for _ in range(1 if chance.one_in(2) else chance.between(1, 3))
    ]
    blanks = " " * chance.between(1, 2)
    edge = " " if chance.one_in(8) else ""
    return {"semver": edge + blanks.join(comparators) + edge}


# Addresses.


def ipv4_text(bits):
    return ".".join(str(octet) for octet in bits.to_bytes(4, "big"))


def ipv6_text(chance, bits):
    groups = [bits >> shift & 0xFFFF for shift in range(112, -1, -16)]
    words = [f"{group:x}" for group in groups]
    if chance.one_in(3):
        words = [word.zfill(4).upper() for word in words]
    if chance.one_in(4):
        words[6:] = [ipv4_text(bits & 0xFFFFFFFF)]
    zeros = [i for i, group in enumerate(groups[:6]) if group == 0]
    if zeros and chance.one_in(2):
        start = end = zeros[0]
        while end < 6 and groups[end] == 0:
            end += 1
        return ":".join(words[:start]) + "::" + ":".join(words[end:])
    return ":".join(words)


def address_bits(chance, n_bits):
    """Few networks, so that addresses meet; any bits below."""
    base = {
        32: [0x0A000000, 0xC0A80100, 0xFFFFFF00],
        128: [0, 0xFFFF << 32, 0x20010DB8 << 96, 0xFE80 << 112],
    }[n_bits]
    return chance.pick(base) ^ chance.below(1 << chance.between(1, n_bits))


def address(chance):
    if chance.one_in(2):
        return ipv4_text(address_bits(chance, 32)), 32
    return ipv6_text(chance, address_bits(chance, 128)), 128


def address_value(chance):
    """An address, or what only looks like one."""
    value, _ = address(chance)
    if not chance.one_in(6):
        return value
    return chance.pick(
        [
            value + "/32",
            " " + value,
            value + ".",
            value + ":",
            "[" + value + "]",
            value + "%eth0",
            "0" + value,
            value[:-1],
        ]
    )


def network(chance):
    value, n_bits = address(chance)
    return value if chance.one_in(4) else f"{value}/{chance.between(0, n_bits)}"


def cidr_condition(chance):
    networks = [network(chance) for _ in range(chance.between(1, 4))]
    return {"cidr": networks[0] if chance.one_in(3) else networks}


# Rules.

TAGS = {
    "ring": (texts_condition, text),
    "region": (texts_condition, text),
    "user.tier-2": (texts_condition, text),
    "app_version": (semver_condition, version_value),
    "sdk": (semver_condition, version_value),
    "address": (cidr_condition, address_value),
    "proxy": (cidr_condition, address_value),
}


def condition(chance, name):
    result = TAGS[name][0](chance)
    if isinstance(result, dict) and chance.one_in(8):
        result["not_in"] = ["nobody"]
    return result


def match(chance):
    return {name: condition(chance, name) for name in chance.some(TAGS, chance.pick([0, 1, 1, 1, 2, 2, 3]))}


def split(chance):
    """Arms of any weights; often with edges in the thousandths, now and then nothing or everything."""
    n_arms = chance.pick([1, 1, 1, 2, 2, 3, 5])
    edges = sorted(
        chance.pick([chance.below(BUCKETS + 1), 1000 * chance.below(101), BUCKETS, BUCKETS])
        for _ in range(n_arms)
    )
    weights = [end - start for start, end in zip([0] + edges, edges)]
    return [{"version": chance.between(1, VERSIONS_MAX), "weight": percent(weight)} for weight in weights]


def rule(chance):
    result = {"split": split(chance)}
    conditions = match(chance)
    return {"match": conditions, **result} if conditions or chance.one_in(2) else result


def rules(chance):
    return [rule(chance) for _ in range(chance.pick([1, 1, 2, 3, 4, 5, 8]))]


def salt(chance):
    return (
        f"{chance.bits():016x}"
        if not chance.one_in(8)
        else chance.pick(["s", "é", "日本語", "x" * 256, "a\u001fb"])
    )


def unit(chance):
    """Also none, in both its forms."""
    if chance.one_in(10):
        return chance.pick([None, ""])
    if chance.one_in(6):
        return chance.pick(WORDS[1:]) * chance.between(1, 9)
    return f"{chance.pick(['orders', 'web', 'user:', 'a'])}-{chance.below(1 << chance.between(1, 40))}"


def tags(chance):
    names = [name for name in TAGS if not chance.one_in(4)]
    return {name: TAGS[name][1](chance) for name in names}


def rule_set(chance, n_askers):
    result = {"salt": salt(chance), "rules": rules(chance), "stable": chance.between(1, VERSIONS_MAX)}
    compiled = read_rules(result["rules"])
    result["askers"] = []
    for _ in range(n_askers):
        asker = {"unit": unit(chance), "tags": tags(chance)}
        asker["expected"] = evaluate(compiled, result["salt"], result["stable"], **asker)
        result["askers"].append(asker)
    return result


def main():
    seed, n_rule_sets, n_askers = map(int, sys.argv[1:])
    sys.stdout.reconfigure(encoding="utf-8")
    chance = Chance(seed)
    for _ in range(n_rule_sets):
        print(dumps(rule_set(chance, n_askers)))


if __name__ == "__main__":
    main()
