#!/usr/bin/env python3
"""Makes the vectors that every implementation of docs/gray-release.md is checked with.

    make-vectors.py > tests/data/gray-vectors.json

What a table below says of a condition is written by hand, from the specification, and the answers of evaluate.py must
agree with it. Buckets, and the random cases at the end, are what evaluate.py says.
"""

import sys
from decimal import Decimal

import generate
from evaluate import bucket_of, evaluate
from generate import Chance, dumps, percent
from rules import BUCKETS, check, read_rules

STABLE = 1
GRAY = 2
SEED = 4
N_RANDOM_RULE_SETS = 275
ASKERS_PER_RULE_SET = 4
RULES_CHARACTERS_MAX = 600  # of a random rule set, so that the file stays small


def case(name, rules, unit="unit-1", tags=None, salt="5a17", stable=STABLE):
    tags = tags or {}
    expected = evaluate(read_rules(rules), salt, stable, unit, tags)
    return {
        "name": name,
        "salt": salt,
        "rules": rules,
        "stable": stable,
        "unit": unit,
        "tags": tags,
        "expected": expected,
    }


def everyone(match=None, version=GRAY):
    """A rule that gives one version to all that it holds for."""
    result = {"split": [{"version": version, "weight": 100}]}
    return result if match is None else {"match": match, **result}


class Written(Decimal):
    """A number that goes into the file exactly as it is written here."""

    def __new__(cls, text):
        self = super().__new__(cls, text)
        self.text = text
        return self

    def __str__(self):
        return self.text


def arms(*pairs):
    return [{"version": version, "weight": weight} for version, weight in pairs]


# Conditions: what holds and what does not, by hand. None stands for no tag.

LONG = "x" * 256
MANY = [f"v{i}" for i in range(1024)]

TEXT_CONDITIONS = [
    (["canary"], ["canary"], [None, "", "Canary", "CANARY", "canar", "canaryy", " canary", "canary ", "canary\n"]),
    (["eu", "us"], ["eu", "us"], [None, "eu,us", "e", "eus", "EU"]),
    ([""], [""], [None, " ", "a"]),
    (["a", "a"], ["a"], [None, "aa"]),
    ([LONG], [LONG], [None, LONG[1:]]),
    (["é"], ["é"], [None, "e", "e\u0301", "É", "Ã©"]),
    (["e\u0301"], ["e\u0301"], ["é", "e"]),
    (["日本", "\U0001f600"], ["日本", "\U0001f600"], ["日", "日本語", "\U0001f601"]),
    (["\u007f", "\u0001", "\t"], ["\u007f", "\u0001", "\t"], ["", " "]),
    (["1"], ["1"], ["1.0", "01", "+1", "true"]),
    ({"in": ["canary"]}, ["canary"], [None, "", "other"]),
    ({"in": ["a", "b", "c"]}, ["a", "b", "c"], [None, "d", "ab"]),
    ({"in": ["eu*", "e.", "[a]"]}, ["eu*", "e.", "[a]"], ["eu-1", "eu", "a"]),
    ({"not_in": ["canary"]}, [None, "", "Canary", "canary "], ["canary"]),
    ({"not_in": ["a", "b"]}, [None, "c", "ab", ""], ["a", "b"]),
    ({"not_in": [""]}, [None, " ", "a"], [""]),
    ({"not_in": ["é"]}, [None, "e\u0301", "e"], ["é"]),
    ({"prefix": "eu-"}, ["eu-", "eu-1", "eu--"], [None, "", "eu", "EU-1", "us-1", " eu-1", "xeu-1"]),
    ({"prefix": ["eu-", "us-"]}, ["eu-1", "us-1"], [None, "eu", "as-1"]),
    ({"prefix": ""}, ["", "a", "日"], [None]),
    ({"prefix": ["z", ""]}, ["", "a"], [None]),
    ({"prefix": "e"}, ["e", "e\u0301", "eu"], [None, "é", "E"]),
    ({"prefix": "日"}, ["日", "日本"], ["本日", "旦"]),
    ({"prefix": LONG}, [LONG], [LONG[1:]]),
    ({"prefix": ["abc", "ab"]}, ["ab", "abd", "abc"], ["a", "ba"]),
    ({"prefix": "*"}, ["*", "*a"], ["a", ""]),
    ({"exists": True}, ["", "a", "false"], [None]),
    ({"exists": False}, [None], ["", "a", "false"]),
    ({"exists": True, "not_in": ["a"]}, ["", "b"], [None, "a"]),
    ({"exists": False, "not_in": ["a"]}, [None], ["a", "b"]),
    ({"exists": False, "in": ["a"]}, [], [None, "a", "b"]),
    ({"in": ["eu-1", "us-1"], "prefix": "eu"}, ["eu-1"], [None, "us-1", "eu"]),
    ({"prefix": ["eu", "us"], "not_in": ["eu-1"]}, ["eu-2", "us-1", "eu"], [None, "eu-1", "as"]),
    ({"in": ["a"], "not_in": ["a"]}, [], [None, "a", "b"]),
    ({"in": ["1.2.3", "10.0.0.1"], "semver": ">=1.0.0"}, ["1.2.3"], [None, "10.0.0.1", "1.2.4"]),
    ({"semver": "1.0.0", "cidr": "::/0"}, [], [None, "1.0.0", "::1"]),
]

MANY_CONDITIONS = [
    (MANY, ["v0", "v512", "v1023"], [None, "v1024", "v", "v01x"]),
    ({"not_in": MANY}, [None, "v1024"], ["v0", "v1023"]),
    ({"prefix": MANY}, ["v0", "v1024", "v999x"], [None, "v", "vx"]),
]

BIG = "99999999999999999999999999999999999999999999999999"
BIGGER = "100000000000000000000000000000000000000000000000000"

NO_VERSIONS = [
    "", " ", "1", "1.2", "1.2.", "1.2.3.4", "v1.2.3", "V1.2.3", "=1.2.3", "01.2.3", "1.02.3", "1.2.03", "1.2.3-",
    "1.2.3+", "1.2.3-+b", "1.2.3-a..b", "1.2.3-.a", "1.2.3-a.", "1.2.3-01", "1.2.3-a.01", "1.2.3+a+b", "1.2.3+a..b",
    "1.2.3-a_b", "1.2.3+a_b", " 1.2.3", "1.2.3 ", "1.2.3\n", "1. 2.3", "1,2,3", "-1.2.3", "+1.2.3", "1.-2.3", "1.2.x",
    "1.2.*", "a.b.c", "1.2.3-é", "١.٢.٣", "1.2.３", "1e0.2.3", "0x1.2.3", "1.2.3 - 2.0.0", ">=1.2.3", "..", "1..3",
    "00.0.0", "1.2.3-00", "latest", "1.2.3\t", "1.2.3\u00a0", "1.2.3/4",
]  # fmt: skip

ANY_VERSIONS = [
    "0.0.0", "0.0.0-0", "1.2.3", "1.2.3-a", "1.2.3-0", "1.2.3--", "1.2.3---", "1.2.3-0a", "1.2.3-a-b.c-d", "1.2.3+001",
    "1.2.3-a+b", "1.2.3+-", "1.2.3+a-b.0.00", "1.2.3-0-0", "1.2.3-A.B", f"{BIG}.{BIG}.{BIG}", f"1.2.3-{BIG}",
    "18446744073709551616.0.0", "0.0.0-" + "a" * 250, "1.2.3-1a.00a.-1",
]  # fmt: skip

# From the lowest precedence to the highest.
ORDER = [
    "0.0.0-0", "0.0.0", "0.0.1-9.a", "0.0.1", "0.9.9", "0.10.0", "1.0.0-0", "1.0.0-2", "1.0.0-10", f"1.0.0-{BIG}",
    f"1.0.0-{BIGGER}", f"1.0.0-{BIGGER}.0", "1.0.0--", "1.0.0--1", "1.0.0-0a", "1.0.0-A", "1.0.0-Z", "1.0.0-a",
    "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.1.0", "1.0.0-alpha.2", "1.0.0-alpha.beta", "1.0.0-alpha-1",
    "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1-0", "1.0.1", "1.2.0", "1.10.0",
    "2.0.0", "10.0.0", "4294967295.0.0", "4294967296.0.0", "9223372036854775807.0.0", "9223372036854775808.0.0",
    "18446744073709551615.0.0", "18446744073709551616.0.0", f"{BIG}.0.0", f"{BIGGER}.0.0",
]  # fmt: skip

SEMVER_CONDITIONS = [
    ("=1.2.3", ["1.2.3", "1.2.3+b"], [None, "1.2.4", "1.2.3-a", "1.2.2"]),
    ("1.2.3", ["1.2.3", "1.2.3+b.1"], ["1.2.3-0", "1.2.30", "11.2.3"]),
    ("1.2.3+a", ["1.2.3", "1.2.3+b"], ["1.2.3-a"]),
    ("=1.2.3-rc.1+a", ["1.2.3-rc.1", "1.2.3-rc.1+c"], ["1.2.3", "1.2.3-rc.2", "1.2.3-rc.1.0", "1.2.3-rc"]),
    (">1.2.3", ["1.2.4", "1.3.0-a", "2.0.0-0", "1.2.4-0", "10.0.0"], ["1.2.3", "1.2.3+z", "1.2.3-z", "1.2.2"]),
    (">=1.2.3", ["1.2.3", "1.2.3+a", "1.2.4-0", "1.10.0"], ["1.2.3-rc.1", "1.2.2", "0.9.9"]),
    ("<1.2.3", ["1.2.2", "1.2.3-0", "0.0.0-0", "1.1.99"], ["1.2.3", "1.2.3+a", "1.2.4-0"]),
    ("<=1.2.3", ["1.2.3", "1.2.3+a", "1.2.3-rc.1", "0.0.0"], ["1.2.4-0", "1.2.4", "1.3.0"]),
    (">=2.1.0", ["2.2.0-rc.1", "2.1.0", "3.0.0-a"], ["2.1.0-rc.1", "2.0.9"]),
    ("<2.0.0", ["2.0.0-rc.1", "1.9.9"], ["2.0.0", "2.0.0+a", "2.0.1-a"]),
    ("^1.2.3", ["1.2.3", "1.2.4", "1.9.0", "1.2.4-rc.1", "1.99.0-a"], ["2.0.0-rc.1", "2.0.0", "1.2.3-rc.1", "1.2.2", "0.2.3"]),
    ("^1.2.3-rc.2", ["1.2.3-rc.2", "1.2.3-rc.10", "1.2.3", "1.3.0-a"], ["1.2.3-rc.1", "2.0.0-a", "2.0.0"]),
    ("^1.0.0", ["1.0.0", "1.99.99"], ["1.0.0-rc", "0.99.99", "2.0.0-0"]),
    ("^0.2.3", ["0.2.3", "0.2.99", "0.2.4-a"], ["0.3.0-a", "0.3.0", "0.2.3-a", "0.2.2", "1.2.3"]),
    ("^0.2.0", ["0.2.0", "0.2.1-0"], ["0.2.0-0", "0.3.0-0", "0.1.9"]),
    ("^0.0.3", ["0.0.3", "0.0.3+a"], ["0.0.4-a", "0.0.4", "0.0.3-a", "0.0.2", "0.1.3"]),
    ("^0.0.3-b", ["0.0.3-b", "0.0.3-c", "0.0.3"], ["0.0.3-a", "0.0.4-c"]),
    ("^0.0.0", ["0.0.0"], ["0.0.1-0", "0.0.1", "0.0.0-0", "0.1.0", "1.0.0"]),
    (f"^{BIG}.0.0", [f"{BIG}.0.1", f"{BIG}.{BIG}.0"], [f"{BIGGER}.0.0", f"{BIG}.0.0-a", "9.0.0"]),
    ("~1.2.3", ["1.2.3", "1.2.99", "1.2.4-a"], ["1.3.0-a", "1.3.0", "1.2.3-a", "1.2.2", "2.2.3"]),
    ("~1.2.3-rc.1", ["1.2.3-rc.1", "1.2.3-rc.1.1", "1.2.3"], ["1.2.3-rc.0", "1.2.3-rc", "1.3.0-a"]),
    ("~0.0.0", ["0.0.0", "0.0.99"], ["0.0.0-0", "0.1.0-0"]),
    ("~0.2.3", ["0.2.3", "0.2.4"], ["0.3.0-0", "0.2.2"]),
    (">=1.0.0 <2.0.0", ["1.0.0", "1.99.0", "2.0.0-rc.1"], ["2.0.0", "1.0.0-a", "0.9.9"]),
    (">1.0.0-a <1.0.0-c", ["1.0.0-b", "1.0.0-a.0"], ["1.0.0-a", "1.0.0-c", "1.0.0"]),
    ("  >=1.0.0   <=1.0.0  ", ["1.0.0"], ["1.0.1", "0.9.9"]),
    (">2.0.0 <1.0.0", [], ["1.5.0", "3.0.0", "0.1.0"]),
    ("^1.0.0 ~1.2.0 >1.2.3", ["1.2.4", "1.2.99"], ["1.2.3", "1.3.0"]),
    (" ".join([">=1.0.0"] * 15 + ["<=1.5.0"]), ["1.0.0", "1.5.0"], ["1.5.1", "0.9.0"]),
    (f">={BIG}.0.0", [f"{BIG}.0.0", f"{BIGGER}.0.0"], ["18446744073709551616.0.0", "9.9.9"]),
    (f"<1.0.0-{BIGGER}", [f"1.0.0-{BIG}", "1.0.0-9"], [f"1.0.0-{BIGGER}", "1.0.0-a", "1.0.0"]),
    (">=0.0.0-0", ANY_VERSIONS, [None, *NO_VERSIONS]),
]

NO_ADDRESSES = [
    "", " ", "10", "10.1", "10.1.2", "10.1.2.", "10.1.2.3.", "10.1.2.3.4", ".1.2.3", "10..2.3", "10.1.2.256", "10.1.2.999",
    "10.1.2.0003", "010.1.2.3", "10.1.2.03", "10.1.2.00", "0x0a.1.2.3", "10.1.2.-3", "10.1.2.+3", "10.1.2.3 ", " 10.1.2.3",
    "10.1.2.3/32", "10.1.2.3/0", "10.1.2.3:80", "10.1.2.3\n", "10.1.2.a", "10,1,2,3", "167838211", "10.1.2.３", "localhost",
    "10.1.2.3%eth0", "[10.1.2.3]",
    ":", ":::", "1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:", ":1:2:3:4:5:6:7", "1::2::3", "::1::", ":::1",
    "1:::2", "12345::", "00001::", "g::", "::g", "::1/128", "[::1]", "::1%lo", "::1%", "fe80::1%eth0", ":: 1", " ::1",
    "::1 ", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1:2:3:4::5:6:7:8", "1:2:3:4:5:6:7::8", "::1.2.3", "::1.2.3.4.5",
    "::1.2.3.256", "::01.2.3.4", "::1.2.3.4:5", "1.2.3.4::", "1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4:5:1.2.3.4",
    "::ffff:1.2.3.4/96", "::ffff:1.2.3", "::-1", "::+1", "::0x1", "1:2:3:4:5:6:7::1.2.3.4", "1:2:3:4:5:6:1.2.3",
]  # fmt: skip

CIDR_CONDITIONS = [
    ("10.0.0.0/8", ["10.0.0.0", "10.1.2.3", "10.255.255.255"], [None, "9.255.255.255", "11.0.0.0", "::10.1.2.3", "::ffff:10.1.2.3"]),
    ("10.1.2.3/8", ["10.0.0.0", "10.255.255.255"], ["11.1.2.3"]),
    ("0.0.0.0/0", ["0.0.0.0", "255.255.255.255", "127.0.0.1"], [None, "::", "::ffff:1.2.3.4"]),
    ("255.255.255.255/0", ["0.0.0.0", "1.2.3.4"], ["::1"]),
    ("1.2.3.4", ["1.2.3.4"], ["1.2.3.5", "1.2.3.40", "::1.2.3.4"]),
    ("1.2.3.4/32", ["1.2.3.4"], ["1.2.3.5", "1.2.3.3"]),
    ("1.2.3.4/31", ["1.2.3.4", "1.2.3.5"], ["1.2.3.6", "1.2.3.3"]),
    ("1.2.3.4/30", ["1.2.3.4", "1.2.3.7"], ["1.2.3.8", "1.2.3.3"]),
    ("128.0.0.0/1", ["128.0.0.0", "255.0.0.1"], ["127.255.255.255", "0.0.0.0"]),
    ("192.168.16.0/20", ["192.168.16.0", "192.168.31.255"], ["192.168.32.0", "192.168.15.255"]),
    ("172.16.0.0/12", ["172.16.0.0", "172.31.255.255"], ["172.32.0.0", "172.15.255.255"]),
    ("100.64.0.0/10", ["100.127.255.255"], ["100.128.0.0", "100.63.255.255"]),
    ("203.0.113.128/25", ["203.0.113.128", "203.0.113.255"], ["203.0.113.127"]),
    ("203.0.113.128/23", ["203.0.112.0", "203.0.113.255"], ["203.0.114.0", "203.0.111.255"]),
    (["10.0.0.0/8", "192.168.0.0/16"], ["10.0.0.1", "192.168.3.4"], ["192.169.0.0", "172.16.0.1", None]),
    (["10.0.0.0/8", "2001:db8::/32", "::1"], ["10.0.0.1", "2001:db8::5", "::1", "0:0:0:0:0:0:0:1"], ["::2", "11.0.0.0"]),
    ("::/0", ["::", "::1", "1:2:3:4:5:6:7:8", "::1.2.3.4", "FFFF:ffff:FFFF:ffff:FFFF:ffff:255.255.255.255"], [None, "1.2.3.4"]),
    ("::1", ["::1", "0:0:0:0:0:0:0:1", "0000:0000:0000:0000:0000:0000:0000:0001", "0::1", "::0:1", "::0.0.0.1"], ["::", "1::", "::2", "0.0.0.1"]),
    ("::", ["::", "0::", "::0", "0:0:0:0:0:0:0:0", "::0.0.0.0"], ["::1", "0.0.0.0"]),
    ("2001:db8::/32", ["2001:db8::", "2001:DB8:ffff::1", "2001:0db8:0:0:1::"], ["2001:db9::", "2001:db7:ffff::"]),
    ("2001:db8::/33", ["2001:db8:7fff::"], ["2001:db8:8000::"]),
    ("2001:db8:0:8000::/49", ["2001:db8:0:8000::1", "2001:db8:0:ffff::"], ["2001:db8:0:0::", "2001:db8:8000::"]),
    ("2001:db8::/127", ["2001:db8::", "2001:db8::1"], ["2001:db8::2"]),
    ("2001:db8::/128", ["2001:db8::"], ["2001:db8::1"]),
    ("2001:db8::/64", ["2001:db8::ffff:ffff:ffff:ffff"], ["2001:db8:0:1::"]),
    ("2001:db8::/65", ["2001:db8::7fff:ffff:ffff:ffff"], ["2001:db8::8000:0:0:0"]),
    ("8000::/1", ["8000::", "ffff::"], ["7fff::", "::"]),
    ("fe80::1:2/10", ["fe80::", "febf::1"], ["fec0::", "fe7f::"]),
    ("::ffff:0:0/96", ["::ffff:1.2.3.4", "::FFFF:102:304", "0:0:0:0:0:ffff:0.0.0.0"], ["1.2.3.4", "::1.2.3.4", "::fffe:1.2.3.4"]),
    ("::ffff:10.0.0.0/104", ["::ffff:10.1.2.3", "::ffff:a01:203"], ["::ffff:11.0.0.0", "10.1.2.3"]),
    ("1:2:3:4:5:6:7:8", ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:0.7.0.8", "0001:0002:3:4:5:6:7:8"], ["1:2:3:4:5:6:7:9"]),
    ("1:2:3:4:5:6:7::", ["1:2:3:4:5:6:7:0", "1:2:3:4:5:6:7::"], ["1:2:3:4:5:6:7:8"]),
    ("::2:3:4:5:6:7:8", ["0:2:3:4:5:6:7:8", "::2:3:4:5:6:7:8"], ["1:2:3:4:5:6:7:8"]),
    ("1::8", ["1:0:0:0:0:0:0:8", "1::0:8", "1::0.0.0.8"], ["1::80", "1::8:0"]),
    ("1:2::7:8/128", ["1:2:0:0:0:0:7:8", "1:2::0:0.7.0.8"], ["1:2::8"]),
    (["0.0.0.0/0", "::/0"], ["0.0.0.0", "::"], [None, *NO_ADDRESSES]),
]


def condition_cases(kind, tag, table):
    """A case for each value of a table, judged by the hand that wrote it."""
    for condition, good, bad in table:
        rules = [everyone({tag: condition})]
        shown = dumps(condition)
        for value, holds in [(value, True) for value in good] + [(value, False) for value in bad]:
            tags = {} if value is None else {tag: value}
            shown_value = "no tag" if value is None else shorten(dumps(value))
            verb = "holds for" if holds else "fails"
            made = case(f"{kind}: {shorten(shown)} {verb} {shown_value}", rules, tags=tags)
            assert made["expected"]["gray"] == holds, made
            yield made


def shorten(text):
    return text if len(text) <= 60 else text[:28] + "…" + text[-28:]


def order_cases():
    """Each version against its neighbours and a distant one, by every sign of order."""
    holds = {"<": lambda i, j: i < j, "<=": lambda i, j: i <= j, ">": lambda i, j: i > j, ">=": lambda i, j: i >= j}
    holds["="] = lambda i, j: i == j
    n = len(ORDER)
    for i, value in enumerate(ORDER):
        for j, sign in ((i - 1, ">"), (i, ">="), (i + 1, "<"), ((i * 17 + 5) % n, "<="), (i + 1, "="), (i, "<")):
            if not 0 <= j < n:
                continue
            rules = [everyone({"v": {"semver": sign + ORDER[j]}})]
            truth = holds[sign](i, j)
            name = f"precedence: {shorten(value)} is {'' if truth else 'not '}{sign}{shorten(ORDER[j])}"
            made = case(name, rules, tags={"v": value})
            assert made["expected"]["gray"] == truth, made
            yield made


# Which rule decides.


def rule_cases():
    ring, region = {"ring": ["canary"]}, {"region": ["eu"]}
    two = [everyone(ring, 2), everyone(region, 3)]
    for tags, version in [
        ({"ring": "canary"}, 2), ({"region": "eu"}, 3), ({"ring": "canary", "region": "eu"}, 2), ({}, 1),
        ({"ring": "x", "region": "eu"}, 3), ({"ring": "eu", "region": "canary"}, 1),
    ]:  # fmt: skip
        yield decided(f"rules: the first of two that holds for {dumps(tags)}", two, tags, version)

    both = [everyone({**ring, **region})]
    for tags, version in [
        ({"ring": "canary", "region": "eu"}, 2), ({"ring": "canary"}, 1), ({"region": "eu"}, 1), ({}, 1),
        ({"ring": "canary", "region": "us"}, 1), ({"region": "eu", "ring": "canary", "other": "x"}, 2),
    ]:  # fmt: skip
        yield decided(f"match: all of two for {dumps(tags)}", both, tags, version)

    for match in (None, {}):
        for tags in ({}, {"ring": "x"}):
            yield decided(f"match: {dumps(match)} holds for {dumps(tags)}", [everyone(match)], tags, 2)

    empty_first = [{"match": ring, "split": arms((2, 0))}, everyone(None, 3)]
    yield decided("rules: a rule that decides for nobody ends the search", empty_first, {"ring": "canary"}, 1)
    yield decided("rules: and others get the next", empty_first, {}, 3)
    yield decided("rules: nothing after one for everyone is looked at", [everyone(None, 2), everyone(None, 3)], {}, 2)
    yield decided("rules: an arm of the stable version is gray all the same", [everyone(None, 1)], {}, 1)
    yield decided("match: a name of all kinds of bytes", [everyone({"a-b_c.9": ["x"]})], {"a-b_c.9": "x"}, 2)
    yield decided("match: a name of one byte", [everyone({"-": ["x"]})], {"-": "x"}, 2)
    name = "n" * 64
    yield decided("match: a name of 64 bytes", [everyone({name: ["x"]})], {name: "x"}, 2)
    yield decided("match: names are told apart by their last byte", [everyone({name: ["x"]})], {name[1:] + "m": "x"}, 1)

    tags = {f"tag{i}": f"v{i}" for i in range(32)}
    full = [everyone({tag: [value] for tag, value in tags.items()})]
    yield decided("match: 32 conditions", full, tags, 2)
    yield decided("match: 32 conditions of which the last fails", full, {**tags, "tag31": "x"}, 1)
    yield decided("match: 32 conditions, the tags the other way round", full, dict(reversed(tags.items())), 2)

    many = [everyone({"n": [str(i)]}, 2 + i % 4) for i in range(64)]
    for i in (0, 1, 31, 62, 63):
        yield decided(f"rules: number {i} of 64", many, {"n": str(i)}, 2 + i % 4)
    yield decided("rules: none of 64", many, {"n": "64"}, 1)


def decided(name, rules, tags, version):
    made = case(name, rules, tags=tags)
    assert made["expected"]["version"] == version, made
    return made


# Buckets and slices.


TENS = ["10", "10.0", "10.000", "10.0000000", "1e1", "1E1", "1E+1", "1.0e+01", "0.1e2", "1000e-2", "100E-1"]
NOTHINGS = ["0", "0.0", "0.000", "-0", "-0.0", "0e5", "0E-9"]
OTHER_WEIGHTS = ["0.001", "1e-3", "0.010", "1", "99.999", "33.333", "100", "100.0", "1e2", "0.1e3", "100000e-3"]


def slice_cases():
    salt = "edges"
    for i in range(60):
        unit = f"edge-{i}"
        bucket = bucket_of(salt, unit)
        if not 1 <= bucket < BUCKETS - 1:
            continue
        rest = BUCKETS - bucket
        for name, before, arm, chosen in [
            ("is where the slice begins", bucket, rest, True),
            ("is the first of a slice of one", bucket, 1, True),
            ("is the last of the slice", bucket - 1, 2, True),
            ("is one beyond the slice", bucket - 1, 1, False),
            ("is one before the slice", bucket + 1, rest - 1, False),
        ]:
            split = arms((2, percent(before)), (3, percent(arm)))
            made = case(f"slices: bucket {bucket} {name}", [{"split": split}], unit, salt=salt)
            assert (made["expected"]["version"] == 3) == chosen and made["expected"]["bucket"] == bucket, made
            yield made
        for weight, chosen in ((bucket, False), (bucket + 1, True)):
            made = case(f"slices: bucket {bucket} and a first arm of {weight}", [{"split": arms((2, percent(weight)))}], unit, salt=salt)
            assert made["expected"]["gray"] == chosen, made
            yield made


def unit_of(salt, bucket):
    """The first unit of this bucket."""
    i = 0
    while bucket_of(salt, f"u{i}") != bucket:
        i += 1
    return f"u{i}"


def end_cases():
    """The ends of the line."""
    salt = "ends"
    first, last = unit_of(salt, 0), unit_of(salt, BUCKETS - 1)
    for weight, chosen in ((0, ()), (1, (first,)), (BUCKETS - 1, (first,)), (BUCKETS, (first, last))):
        for unit in (first, last):
            name = f"slices: {'the first' if unit is first else 'the last'} bucket and a weight of {weight}"
            made = case(name, [{"split": arms((2, percent(weight)))}], unit, salt=salt)
            assert made["expected"]["gray"] == (unit in chosen), made
            yield made
    for unit, version in ((first, 2), (last, 3)):
        split = arms((2, Decimal("0.001")), (4, Decimal("99.998")), (3, Decimal("0.001")))
        made = case("slices: a thousandth at each end", [{"split": split}], unit, salt=salt)
        assert made["expected"]["version"] == version, made
        yield made


def weight_cases():
    unit = next(unit for unit in (f"w{i}" for i in range(100)) if bucket_of("5a17", unit) < 10000)
    for text in (*TENS, *NOTHINGS, *OTHER_WEIGHTS):
        yield case(f"weights: {text}", [{"split": arms((2, Written(text)))}], unit)

    sixteen = arms(*((2 + i % 4, Decimal("6.25")) for i in range(16)))
    thirds = arms((2, Decimal("33.333")), (3, Decimal("33.333")), (4, Decimal("33.334")))
    tenths = arms(*((2 + i, Decimal("0.1")) for i in range(5)))
    gaps = arms((2, 0), (3, 50), (4, 0), (5, 50), (6, 0))
    same = arms((2, 20), (3, 20), (2, 20))
    for name, split in (("16 arms", sixteen), ("thirds", thirds), ("tenths", tenths), ("empty arms", gaps), ("a version twice", same)):
        for i in range(30):
            yield case(f"weights: {name}", [{"split": split}], f"{name} {i}")
    for i in range(40):
        yield case("weights: 5", [{"split": arms((2, 5))}], f"user:{i}")


def unit_cases():
    """Units and salts of all lengths and bytes."""
    half = [{"split": arms((2, 50))}]
    for n in range(1, 18):
        yield case(f"units: {n} bytes", half, "0123456789abcdefg"[:n])
        yield case(f"salts: {n} bytes", half, "u", salt="0123456789abcdefg"[:n])
    for unit in ("é", "e\u0301", "日本語", "\U0001f600", " ", "\u001f", "a\u001fb", "\n", "\u007f", "ÿ", "%00", "\"", "x" * 127, "x" * 128, "é" * 64):
        yield case(f"units: {shorten(dumps(unit))}", half, unit)
        yield case(f"salts: {shorten(dumps(unit))}", half, "u", salt=unit)
    yield case("salts: 256 bytes", half, "u", salt="s" * 256)
    yield case("salts: 256 bytes of UTF-8", half, "u", salt="é" * 128)
    for salt, unit in (("a", "bc"), ("ab", "c"), ("a\u001fb", "c"), ("a", "b\u001fc")):
        yield case(f"units: {dumps(unit)} with the salt {dumps(salt)}", half, unit, salt=salt)
    for i in range(20):
        yield case("salts: the same unit", half, "unit-1", salt=f"{i:016x}")


def no_unit_cases():
    for unit in (None, ""):
        shown = "no unit" if unit is None else "an empty unit"
        for name, split, reason in [
            ("a single arm of 100", arms((2, 100)), "arm"),
            ("a single arm of 100, otherwise written", arms((2, Decimal("1e2"))), "arm"),
            ("a single arm of the stable version", arms((1, 100)), "arm"),
            ("a single arm below 100", arms((2, Decimal("99.999"))), "no_unit"),
            ("a single arm of 0", arms((2, 0)), "no_unit"),
            ("two arms, one of 100", arms((2, 100), (3, 0)), "no_unit"),
            ("two arms, the last of 100", arms((3, 0), (2, 100)), "no_unit"),
            ("two arms of one version", arms((2, 50), (2, 50)), "no_unit"),
        ]:
            made = case(f"{shown}: {name}", [{"split": split}], unit)
            assert made["expected"]["reason"] == reason and made["expected"]["bucket"] is None, made
            yield made
        later = [{"match": {"ring": ["canary"]}, "split": arms((2, 50))}, everyone(None, 3)]
        yield case(f"{shown}: a rule that takes a unit decides", later, unit, {"ring": "canary"})
        yield case(f"{shown}: and is passed over where it does not hold", later, unit)
        yield case(f"{shown}: no rule holds", later[:1], unit)


def random_cases():
    chance = Chance(SEED)
    n_made = 0
    while n_made < N_RANDOM_RULE_SETS:
        rule_set = generate.rule_set(chance, ASKERS_PER_RULE_SET)
        askers = rule_set.pop("askers")
        if len(dumps(rule_set["rules"])) > RULES_CHARACTERS_MAX:
            continue
        n_made += 1
        for asker in askers:
            yield {"name": f"random {n_made}", **rule_set, **asker}


def cases():
    yield from condition_cases("texts", "tag", TEXT_CONDITIONS)
    yield from condition_cases("many texts", "tag", MANY_CONDITIONS)
    yield from condition_cases("versions", "v", [({"semver": one}, good, bad) for one, good, bad in SEMVER_CONDITIONS])
    yield from order_cases()
    yield from condition_cases("networks", "ip", [({"cidr": one}, good, bad) for one, good, bad in CIDR_CONDITIONS])
    yield from rule_cases()
    yield from slice_cases()
    yield from end_cases()
    yield from weight_cases()
    yield from unit_cases()
    yield from no_unit_cases()
    yield from random_cases()


# What is refused, and the path of the fault, by hand.

ALL = arms((2, 100))
NO_TEXT = [None, True, 1, {}, ["a"], "x" * 257, "é" * 128 + "x"]  # NUL is left out: many readers of JSON refuse it before

BAD_RULES = [
    *((bad, "rules") for bad in (None, True, 1, "rules", {}, [], {"split": ALL}, [everyone()] * 65)),
    *(([bad], "rules[0]") for bad in (None, True, 1, "rule", [], ALL)),
    ([everyone(), None], "rules[1]"),
    ([everyone()] * 63 + [[]], "rules[63]"),
    ([{}], "rules[0].split"),
    ([{"match": {}}], "rules[0].split"),
    ([{**everyone(), "Split": ALL}], "rules[0].Split"),
    ([{**everyone(), "weight": 5}], "rules[0].weight"),
    ([{**everyone(), "name": "mine"}], "rules[0].name"),
    ([{**everyone(), "": 1}], "rules[0]."),
    ([everyone(), {**everyone(), "version": 2}], "rules[1].version"),
]

BAD_SPLITS = [
    *((bad, "") for bad in (None, True, 100, "all", {}, [], {"version": 2, "weight": 100}, arms(*[(2, 1)] * 17))),
    *(([bad], "[0]") for bad in (None, True, 2, "2", [], [2, 100])),
    ([{"weight": 5}], "[0].version"),
    ([{"version": 2}], "[0].weight"),
    ([{"version": 2, "weight": 5, "wieght": 5}], "[0].wieght"),
    ([{"version": 2, "weight": 5, "match": {}}], "[0].match"),
    *(([{"version": bad, "weight": 5}], "[0].version") for bad in (None, True, "2", 0, -1, Decimal("1.5"), [2], {}, "", -5)),
    *(([{"version": 2, "weight": bad}], "[0].weight") for bad in (None, True, False, "5", "", [], {}, [5])),
    *(
        ([{"version": 2, "weight": bad}], "[0].weight")
        for bad in (-1, 101, 1000000, Decimal("-0.001"), Decimal("100.001"), Decimal("1e3"), Decimal("-1e1"), Decimal("100.1"))
    ),
    *(
        ([{"version": 2, "weight": bad}], "[0].weight")
        for bad in (Decimal("0.0001"), Decimal("10.0005"), Decimal("1e-4"), Decimal("33.3333"), Decimal("99.9999"), Decimal("50.00001"))
    ),
    (arms((2, 50), (3, -1)), "[1].weight"),
    (arms((2, 50), (3, 10), (4, "x")), "[2].weight"),
    (arms((2, 50), (0, 10)), "[1].version"),
    (arms(*[(2, 1)] * 15, (2, 101)), "[15].weight"),
    (arms((2, 100), (3, Decimal("0.001"))), ""),
    (arms((2, 60), (3, 60)), ""),
    (arms((2, Decimal("33.334")), (3, Decimal("33.334")), (4, Decimal("33.334"))), ""),
    (arms(*[(2, 100)] * 16), ""),
    (arms(*[(2, 10)] * 11), ""),
]

BAD_MATCHES = [
    *((bad, "") for bad in (None, True, 1, "ring", [], [["ring", ["a"]]], {f"t{i}": ["a"] for i in range(33)})),
    *(({bad: ["a"]}, "." + bad) for bad in ("", "Ring", "a b", "a/b", "a:b", "é", "RING", "a\tb", "n" * 65, "a*", "tag?", "a,b")),
    ({"good": ["a"], "Bad": ["a"]}, ".Bad"),
    *(({"t": bad}, ".t") for bad in (None, True, 1, "a", {}, [], ["a"] * 1025)),
    *(({"t": ["a", bad]}, ".t[1]") for bad in NO_TEXT),
    ({"t": [*["a"] * 1023, 5]}, ".t[1023]"),
    *(({"t": {bad: ["a"]}}, ".t." + bad) for bad in ("like", "IN", "", "regex", "notin", "not", "equals", "in ")),
    ({"t": {"in": ["a"], "like": "b"}}, ".t.like"),
    ({"t": {"in": ["a"], "not_in": ["b"], "prefix": "a", "semver": "1.0.0", "cidr": "::", "exists": True, "x": 1}}, ".t.x"),
    ({"good": ["a"], "t": {"exists": 1}}, ".t.exists"),
]

BAD_RANGES = [
    "", " ", "   ", "1", "1.2", "1.x", "*", "x", "1.2.x", "v1.2.3", ">=v1.2.3", "1.2.3.4", "01.2.3", ">", ">=", "^", "~", "=",
    "> 1.2.3", ">= 1.2.3", "^ 1.2.3", "==1.2.3", "=>1.2.3", "=<1.2.3", "!=1.2.3", "<>1.2.3", "><1.2.3", "^^1.2.3", "~>1.2.3",
    ">=1.2.3,<2.0.0", ">=1.2.3 || 1.0.0", "1.0.0 - 2.0.0", ">=1.2.3 <", "1.2.3-", "1.2.3+", "1.2.3-01", ">=1.2.3\t<2.0.0",
    "\t1.2.3", "1.2.3\n", "1.2.3\u00a0", ">=1.2.3 nonsense", "≥1.2.3", "^1.2", "~1", " ".join(["1.0.0"] * 17), "latest",
]  # fmt: skip

BAD_NETWORKS = [
    *NO_ADDRESSES[:12], "010.1.2.3", "10.1.2.03/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/00", "10.0.0.0/-1",
    "10.0.0.0/+8", "10.0.0.0/8 ", " 10.0.0.0/8", "10.0.0.0 /8", "10.0.0.0/ 8", "10.0.0.0/8/8", "10.0.0.0/255.0.0.0", "10.0.0.0/8x",
    "10.0.0.0/0x8", "10.0.0.0/1e1", "10.0.0.0/8.0", "10/8", "10.0.0.0/100", "10.0.0.0/4294967304", "/8", "/", "::/", "::/129",
    "::/064", "::/-1", "::/999", "::/18446744073709551680", "fe80::1%eth0", "fe80::1%eth0/64", "[::1]", "[::]/0", ":::/0", "1::2::3/64", "1:2:3:4:5:6:7/64",
    "1:2:3:4:5:6:7:8:9", "::g/64", "12345::/16", "1.2.3.4::/64", "::1.2.3/128", "1:2:3:4:5:6:7::8", "localhost", "10.0.0.0\\8",
    "10.0.0.0-10.0.0.9", "10.0.0.*", "１0.0.0.0/8",
]  # fmt: skip


def bad_operands():
    """(operator, operand, what is added to the path)."""
    for name in ("in", "not_in"):
        yield from ((name, bad, "") for bad in (None, True, 1, "a", {}, [], ["a"] * 1025))
        yield from ((name, ["a", "b", bad], "[2]") for bad in NO_TEXT)
    yield from (("prefix", bad, "") for bad in (None, True, 1, {}, [], ["a"] * 1025, "x" * 257))
    yield from (("prefix", ["a", bad], "[1]") for bad in NO_TEXT)
    yield from (("semver", bad, "") for bad in (None, True, 1, {}, [], ["1.2.3"], "1.0.0" + " " * 252, *BAD_RANGES))
    yield from (("cidr", bad, "") for bad in (None, True, 1, {}, [], ["10.0.0.0/8"] * 1025, *BAD_NETWORKS))
    yield from (("cidr", ["::/0", bad], "[1]") for bad in (None, True, 1, {}, ["10.0.0.0/8"], "", "10.0.0.0/33", "x" * 257))
    yield from (("exists", bad, "") for bad in (None, 0, 1, "true", "", [], {}, [True]))


def refusals():
    yield from BAD_RULES
    for i, (split, path) in enumerate(BAD_SPLITS):
        at = i % 3
        yield [everyone()] * at + [{"split": split}], f"rules[{at}].split{path}"
    for i, (match, path) in enumerate(BAD_MATCHES):
        at = i % 2
        yield [everyone()] * at + [{"match": match, "split": ALL}], f"rules[{at}].match{path}"
    for name, operand, path in bad_operands():
        yield [everyone({"t": {name: operand}})], f"rules[0].match.t.{name}{path}"


def refused_case(rules, field):
    found = check(rules)
    assert found == field, (rules, found, field)
    return {"name": f"{field}: {shorten(dumps(rules))}", "rules": rules, "field": field}


def lines(items):
    return ",\n".join(map(dumps, items))


def main():
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    refused = [refused_case(rules, field) for rules, field in refusals()]
    print(f'{{"cases": [\n{lines(cases())}\n],\n"refused": [\n{lines(refused)}\n]}}')


if __name__ == "__main__":
    main()
