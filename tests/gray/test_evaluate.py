#!/usr/bin/env python3
"""What can be known of the script from elsewhere: published hashes, semver.org's own examples, the system's reading
of addresses; and what the vectors cannot hold."""

import ipaddress
import json
import socket
import subprocess
import sys
import unittest
from decimal import Decimal
from pathlib import Path

from evaluate import answer_line, evaluate
from generate import Chance, dumps, percent
from murmur3 import murmur3_x86_32
from network import parse_address, parse_network
from rules import check, read_json, read_rules
from semver import parse_range, parse_version

HERE = Path(__file__).parent

# Published test vectors of the algorithm: data, seed, hash.
HASHES = [
    (b"", 0, 0),
    (b"", 1, 0x514E28B7),
    (b"", 0xFFFFFFFF, 0x81F16F39),
    (b"\xff\xff\xff\xff", 0, 0x76293B50),
    (b"\x21\x43\x65\x87", 0, 0xF55B516B),
    (b"\x21\x43\x65\x87", 0x5082EDEE, 0x2362F9DE),
    (b"\x21\x43\x65", 0, 0x7E4A8634),
    (b"\x21\x43", 0, 0xA0F7B07A),
    (b"\x21", 0, 0x72661CF4),
    (b"\0\0\0\0", 0, 0x2362F9DE),
    (b"\0\0\0", 0, 0x85F0B427),
    (b"\0\0", 0, 0x30F4C306),
    (b"\0", 0, 0x514E28B7),
    (b"aaaa", 0x9747B28C, 0x5A97808A),
    (b"Hello, world!", 0x9747B28C, 0x24884CBA),
    ("ππππππππ".encode(), 0x9747B28C, 0xD58063C1),
    (b"The quick brown fox jumps over the lazy dog", 0x9747B28C, 0x2FA826CD),
]

PRECEDENCE_OF_SEMVER_ORG = [
    "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11",
    "1.0.0-rc.1", "1.0.0", "2.0.0", "2.1.0", "2.1.1",
]  # fmt: skip


class Murmur3Test(unittest.TestCase):
    def test_published_hashes(self):
        for data, seed, expected in HASHES:
            self.assertEqual(murmur3_x86_32(data, seed), expected, data)


class SemverTest(unittest.TestCase):
    def test_precedence_of_semver_org(self):
        keys = [parse_version(text).key for text in PRECEDENCE_OF_SEMVER_ORG]
        self.assertEqual(keys, sorted(keys))
        self.assertEqual(len(keys), len(set(map(repr, keys))))

    def test_build_metadata_is_not_looked_at(self):
        self.assertEqual(parse_version("1.0.0+a").key, parse_version("1.0.0+b").key)

    def test_all_comparators_must_hold(self):
        versions = parse_range(" >=1.0.0  <2.0.0 ")
        self.assertTrue(versions.holds("1.5.0"))
        self.assertFalse(versions.holds("2.0.0"))
        self.assertFalse(versions.holds("0.9.0"))


class NetworkTest(unittest.TestCase):
    def random_address(self, chance):
        """Mostly an address of some shape, and often one that is a little wrong."""
        groups = [f"{chance.below(1 << chance.between(1, 17)):x}" for _ in range(chance.between(1, 8))]
        if chance.one_in(3):
            groups.append(".".join(str(chance.below(300)) for _ in range(4)))
        if chance.one_in(2):
            groups.insert(chance.below(len(groups) + 1), "")
        return chance.pick(["", "", "", ":"]) + ":".join(groups) + chance.pick(["", "", "", ":"])

    def test_addresses_are_read_as_the_system_reads_them(self):
        chance = Chance(1)
        n_addresses = 0
        for _ in range(20000):
            text = self.random_address(chance)
            family = socket.AF_INET6 if ":" in text else socket.AF_INET
            try:
                expected = int.from_bytes(socket.inet_pton(family, text), "big")
            except OSError:
                expected = None
            found = parse_address(text)
            self.assertEqual(found and found[1], expected, text)
            n_addresses += expected is not None
        self.assertGreater(n_addresses, 2000)

    def test_networks_are_those_of_ipaddress(self):
        chance = Chance(2)
        for _ in range(5000):
            kind, n_bits = chance.pick([(ipaddress.IPv4Address, 32), (ipaddress.IPv6Address, 128)])
            base, length = chance.bits() << n_bits // 2 & (1 << n_bits) - 1, chance.between(0, n_bits)
            text = f"{kind(base)}/{length}"
            asked = kind(base ^ chance.below(1 << chance.between(1, n_bits)))
            expected = asked in ipaddress.ip_network(text, strict=False)
            self.assertEqual(parse_network(text).holds(str(asked)), expected, (text, asked))


class RulesTest(unittest.TestCase):
    def refused(self, text):
        return check(read_json(text))

    def test_a_member_stands_once(self):
        arm = '{"version": 1, "weight": 1}'
        self.assertEqual(self.refused(f'[{{"split": [{arm}], "split": [{arm}]}}]'), "rules[0].split")
        self.assertEqual(
            self.refused(f'[{{"match": {{"a": ["x"], "a": ["y"]}}, "split": [{arm}]}}]'), "rules[0].match.a"
        )
        self.assertEqual(
            self.refused('[{"split": [{"version": 1, "weight": 1, "weight": 1}]}]'),
            "rules[0].split[0].weight",
        )

    def test_texts_have_no_nul(self):
        for text in (
            '["a\\u0000"]',
            '{"prefix": "\\u0000"}',
            '{"cidr": "::\\u0000"}',
            '{"semver": "1.0.0\\u0000"}',
        ):
            rules = f'[{{"match": {{"a": {text}}}, "split": [{{"version": 1, "weight": 1}}]}}]'
            self.assertTrue(self.refused(rules).startswith("rules[0].match.a"), text)

    def test_weights_are_exact(self):
        for text, is_good in [
            ("100.000000000000000000000000000000", True),
            ("100.000000000000000000000000000001", False),
            ("0.00099999999999999999999999999999", False),
            ("1e-1000000", False),
            ("1e1000000", False),
            ("0e1000000", True),
            ("33.3330", True),
        ]:
            found = self.refused(f'[{{"split": [{{"version": 1, "weight": {text}}}]}}]')
            self.assertEqual(found, None if is_good else "rules[0].split[0].weight", text)

    def test_versions_have_63_bits(self):
        for version, field in ((2**63 - 1, None), (2**63, "rules[0].split[0].version")):
            self.assertEqual(check([{"split": [{"version": version, "weight": 1}]}]), field)

    def test_versions_are_whole_and_exist(self):
        rules = [{"split": [{"version": 3, "weight": 1}]}]
        self.assertIsNone(check(rules, {3}))
        self.assertEqual(check(rules, {1, 2}), "rules[0].split[0].version")
        rules[0]["split"][0]["version"] = Decimal("3.0")
        self.assertEqual(check(rules), "rules[0].split[0].version")


class EvaluateTest(unittest.TestCase):
    def test_no_gray_release(self):
        expected = {"version": 7, "gray": False, "rule": None, "bucket": None, "reason": "no_gray_release"}
        self.assertEqual(evaluate(None, None, 7, "unit"), expected)

    def test_a_line_is_answered(self):
        rules = '[{"split": [{"version": 9, "weight": 1e2}]}]'
        line = f'{{"salt": "s", "rules": {rules}, "stable": 1, "unit": null, "tags": {{}}}}'
        expected = {"version": 9, "gray": True, "rule": 0, "bucket": None, "reason": "arm"}
        self.assertEqual(answer_line(line), expected)
        self.assertEqual(answer_line(line.replace("split", "spilt")), {"refused": "rules[0].spilt"})

    def test_units_are_divided_by_their_weights(self):
        rules = read_rules([{"split": [{"version": 2, "weight": 30}, {"version": 3, "weight": 20}]}])
        found = [evaluate(rules, "salt", 1, f"unit-{i}")["version"] for i in range(10000)]
        for version, share in ((1, 0.5), (2, 0.3), (3, 0.2)):
            self.assertAlmostEqual(found.count(version) / len(found), share, delta=0.02)


class VectorsTest(unittest.TestCase):
    def test_the_file_is_what_make_vectors_makes(self):
        made = subprocess.run(
            [sys.executable, HERE / "make-vectors.py"], stdout=subprocess.PIPE, check=True
        ).stdout
        kept = (HERE.parent / "data" / "gray-vectors.json").read_bytes()
        self.assertTrue(
            made == kept, "tests/gray/make-vectors.py makes another file than tests/data/gray-vectors.json"
        )
        self.assertLess(len(kept), 1500000)

    def test_the_file_is_as_documented(self):
        vectors = json.loads((HERE.parent / "data" / "gray-vectors.json").read_bytes())
        self.assertEqual(list(vectors), ["cases", "refused"])
        self.assertGreaterEqual(len(vectors["cases"]), 2500)
        self.assertGreaterEqual(len(vectors["refused"]), 200)
        for one in vectors["cases"]:
            self.assertEqual(list(one), ["name", "salt", "rules", "stable", "unit", "tags", "expected"])
        for one in vectors["refused"]:
            self.assertEqual(list(one), ["name", "rules", "field"])

    def test_numbers_are_written_as_they_are(self):
        self.assertEqual(
            dumps([percent(10500), percent(1), percent(100000), percent(0)]), "[10.5,0.001,100,0]"
        )


if __name__ == "__main__":
    unittest.main()
