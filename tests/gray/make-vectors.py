#!/usr/bin/env python3
"""Makes the vectors that every implementation of docs/gray-release.md is checked with.

    make-vectors.py > tests/data/gray-vectors.json

What conditions.py, faults.py and the tables below say is written by hand, from the specification, and evaluate.py
must agree with it. Buckets, and the random cases at the end, are what evaluate.py says.
"""

import sys
from decimal import Decimal

import generate
from conditions import CIDR_CONDITIONS, MANY_CONDITIONS, ORDER, SEMVER_CONDITIONS, TEXT_CONDITIONS
from evaluate import bucket_of, evaluate
from faults import refusals
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
    holds = {
        "<": lambda i, j: i < j,
        "<=": lambda i, j: i <= j,
        ">": lambda i, j: i > j,
        ">=": lambda i, j: i >= j,
    }
    holds["="] = lambda i, j: i == j
    n = len(ORDER)
    for i, value in enumerate(ORDER):
        for j, sign in (
            (i - 1, ">"),
            (i, ">="),
            (i + 1, "<"),
            ((i * 17 + 5) % n, "<="),
            (i + 1, "="),
            (i, "<"),
        ):
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
    yield decided(
        "rules: nothing after one for everyone is looked at", [everyone(None, 2), everyone(None, 3)], {}, 2
    )
    yield decided("rules: an arm of the stable version is gray all the same", [everyone(None, 1)], {}, 1)
    yield decided("match: a name of all kinds of bytes", [everyone({"a-b_c.9": ["x"]})], {"a-b_c.9": "x"}, 2)
    yield decided("match: a name of one byte", [everyone({"-": ["x"]})], {"-": "x"}, 2)
    name = "n" * 64
    yield decided("match: a name of 64 bytes", [everyone({name: ["x"]})], {name: "x"}, 2)
    yield decided(
        "match: names are told apart by their last byte", [everyone({name: ["x"]})], {name[1:] + "m": "x"}, 1
    )

    tags = {f"tag{i}": f"v{i}" for i in range(32)}
    full = [everyone({tag: [value] for tag, value in tags.items()})]
    yield decided("match: 32 conditions", full, tags, 2)
    yield decided("match: 32 conditions of which the last fails", full, {**tags, "tag31": "x"}, 1)
    yield decided("match: 32 conditions, the tags the other way round", full, dict(reversed(tags.items())), 2)

    many = [everyone({"n": [str(i)]}, 2 + i % 4) for i in range(64)]
    for i in (0, 1, 31, 62, 63):
        yield decided(f"rules: number {i} of 64", many, {"n": str(i)}, 2 + i % 4)
    yield decided("rules: none of 64", many, {"n": "64"}, 1)

    eight = [everyone({"n": [str(i)]}, 1 + i % 8) for i in range(16)]
    for i in (0, 7, 8, 15):
        yield decided(f"rules: number {i} of 16 with 8 versions", eight, {"n": str(i)}, 1 + i % 8)


def decided(name, rules, tags, version):
    made = case(name, rules, tags=tags)
    assert made["expected"]["version"] == version, made
    return made


# Buckets and slices.


TENS = ["10", "10.0", "10.000", "10.0000000", "1e1", "1E1", "1E+1", "1.0e+01", "0.1e2", "1000e-2", "100E-1"]
NOTHINGS = ["0", "0.0", "0.000", "-0", "-0.0", "0e5", "0E-9"]
OTHER_WEIGHTS = [
    "0.001",
    "1e-3",
    "0.010",
    "1",
    "99.999",
    "33.333",
    "100",
    "100.0",
    "1e2",
    "0.1e3",
    "100000e-3",
]


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
            made = case(
                f"slices: bucket {bucket} and a first arm of {weight}",
                [{"split": arms((2, percent(weight)))}],
                unit,
                salt=salt,
            )
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
    for name, split in (
        ("16 arms", sixteen),
        ("thirds", thirds),
        ("tenths", tenths),
        ("empty arms", gaps),
        ("a version twice", same),
    ):
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
    for unit in (
        "é",
        "e\u0301",
        "日本語",
        "\U0001f600",
        " ",
        "\u001f",
        "a\u001fb",
        "\n",
        "\u007f",
        "ÿ",
        "%00",
        '"',
        "x" * 127,
        "x" * 128,
        "é" * 64,
    ):
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
    yield from condition_cases(
        "versions", "v", [({"semver": one}, good, bad) for one, good, bad in SEMVER_CONDITIONS]
    )
    yield from order_cases()
    yield from condition_cases(
        "networks", "ip", [({"cidr": one}, good, bad) for one, good, bad in CIDR_CONDITIONS]
    )
    yield from rule_cases()
    yield from slice_cases()
    yield from end_cases()
    yield from weight_cases()
    yield from unit_cases()
    yield from no_unit_cases()
    yield from random_cases()


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
