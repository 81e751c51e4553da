#!/usr/bin/env python3
"""Do weights mean what they say? Asked of 100,000 units, and of both evaluations: the script's, and the C code's.

CONFER_GRAY_TOOL names the program tests/lib/gray-tool.c; without it, the C code is not asked. Salts and units are
fixed, so that the outcome is always the same.
"""

import functools
import itertools
import json
import os
import subprocess
import unittest
from statistics import NormalDist
from unittest import mock

from evaluate import bucket_of, evaluate
from rules import read_json, read_rules

STABLE = 1
GRAY = 2
UNITS = [f"user:{i}" for i in range(100000)]
SALTS = ["5eed0000c0ffee01", "5eed0000c0ffee02", "a", "b"]

# Within so many standard deviations lie 99.9 % of what chance makes; by the central limit theorem, which is exact
# enough for thousands of units on either side.
DEVIATIONS_MAX = NormalDist().inv_cdf(1 - 0.001 / 2)

# The chi-squared distribution of one degree of freedom is that of a squared normal deviate.
CHI_SQUARED_MAX = DEVIATIONS_MAX**2


def first_arm(weight):
    return [{"split": [{"version": GRAY, "weight": weight}]}]


def chi_squared(n_both, n_first, n_second, n_all):
    """Of the table of two by two: in the one or not, in the other or not."""
    cells = [
        (n_both, n_first * n_second),
        (n_first - n_both, n_first * (n_all - n_second)),
        (n_second - n_both, (n_all - n_first) * n_second),
        (n_all - n_first - n_second + n_both, (n_all - n_first) * (n_all - n_second)),
    ]
    return sum((found - product / n_all) ** 2 / (product / n_all) for found, product in cells)


class Statistics:
    """The tests; `choose(salt, rules)` is the set of the units that get the gray version."""

    @classmethod
    def setUpClass(cls):
        cls.chosen = {}

    def choose_once(self, salt, percent):
        key = salt, percent
        if key not in self.chosen:
            self.chosen[key] = self.choose(salt, first_arm(percent))
        return self.chosen[key]

    def check_share(self, chosen, percent):
        share = percent / 100
        expected = len(UNITS) * share
        deviation = (expected * (1 - share)) ** 0.5
        self.assertLessEqual(abs(len(chosen) - expected), DEVIATIONS_MAX * deviation, f"{percent} %")

    def test_a_ramp_up_and_down_includes_and_keeps_to_its_shares(self):
        for salt in SALTS:
            low = self.choose_once(salt, 5)
            high = self.choose_once(salt, 50)
            low_again = self.choose(salt, first_arm(5))
            for chosen, percent in ((low, 5), (high, 50), (low_again, 5)):
                self.check_share(chosen, percent)
            self.assertLess(low, high, "who was in at 5 % is in at 50 %")
            self.assertEqual(low_again, low, "who is in at 5 % is who was in before")

    def test_each_step_of_a_ramp_only_adds(self):
        before = set()
        for percent in (0, 0.01, 1, 5, 50, 99.99, 100):
            chosen = self.choose_once(SALTS[0], percent)
            self.assertLessEqual(before, chosen, f"{percent} %")
            before = chosen
        self.assertEqual(len(before), len(UNITS))

    def test_gray_releases_of_other_salts_choose_independently(self):
        for percents in ((50, 50), (5, 50), (5, 5)):
            for salts in itertools.combinations(SALTS, 2):
                first, second = (self.choose_once(*one) for one in zip(salts, percents))
                found = chi_squared(len(first & second), len(first), len(second), len(UNITS))
                self.assertLessEqual(found, CHI_SQUARED_MAX, (salts, percents))

    def test_gray_releases_of_the_same_salt_do_not(self):
        first, second = (self.choose_once(SALTS[0], percent) for percent in (5, 50))
        found = chi_squared(len(first & second), len(first), len(second), len(UNITS))
        self.assertGreater(found, CHI_SQUARED_MAX)


class ScriptTest(Statistics, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The steps of a ramp ask for the same buckets, and the hash is what takes the time.
        cls.enterClassContext(mock.patch("evaluate.bucket_of", functools.cache(bucket_of)))

    def choose(self, salt, rules):
        compiled = read_rules(read_json(json.dumps(rules)))
        return {unit for unit in UNITS if evaluate(compiled, salt, STABLE, unit)["version"] == GRAY}


@unittest.skipUnless("CONFER_GRAY_TOOL" in os.environ, "CONFER_GRAY_TOOL does not name the tool")
class ToolTest(Statistics, unittest.TestCase):
    units = "".join(f"{unit}\n" for unit in UNITS)

    def choose(self, salt, rules):
        command = [os.environ["CONFER_GRAY_TOOL"], salt, json.dumps(rules)]
        output = subprocess.run(
            command, input=self.units, stdout=subprocess.PIPE, text=True, check=True
        ).stdout
        return {unit for unit, version in zip(UNITS, output.split(), strict=True) if version == str(GRAY)}


if __name__ == "__main__":
    unittest.main()
