"""Rules that are refused, and the path of the fault, written by hand from the specification."""

from decimal import Decimal

from conditions import NO_ADDRESSES


def arms(*pairs):
    return [{"version": version, "weight": weight} for version, weight in pairs]


def everyone():
    return {"split": arms((2, 100))}


ALL = arms((2, 100))
NO_TEXT = [
    None,
    True,
    1,
    {},
    ["a"],
    "x" * 257,
    "é" * 128 + "x",
]  # NUL is left out: many readers of JSON refuse it before

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

EIGHT = {"split": arms(*((version, 1) for version in range(1, 9)))}

TOO_MANY_VERSIONS = [
    ([{"split": arms(*((version, 1) for version in range(1, 10)))}], "rules[0].split[8].version"),
    ([EIGHT, {"split": arms((9, 100))}], "rules[1].split[0].version"),
    ([EIGHT, {"split": arms((1, 50), (9, 0))}], "rules[1].split[1].version"),
    ([EIGHT, EIGHT, everyone(), {"split": arms((8, 1), (1, 1), (12, 1))}], "rules[3].split[2].version"),
    ([{"split": arms((version, 100))} for version in range(20, 29)], "rules[8].split[0].version"),
    ([{"split": arms((version, 1), (7, 1))} for version in range(20, 28)], "rules[7].split[0].version"),
]

BAD_SPLITS = [
    *(
        (bad, "")
        for bad in (None, True, 100, "all", {}, [], {"version": 2, "weight": 100}, arms(*[(2, 1)] * 17))
    ),
    *(([bad], "[0]") for bad in (None, True, 2, "2", [], [2, 100])),
    ([{"weight": 5}], "[0].version"),
    ([{"version": 2}], "[0].weight"),
    ([{"version": 2, "weight": 5, "wieght": 5}], "[0].wieght"),
    ([{"version": 2, "weight": 5, "match": {}}], "[0].match"),
    *(
        ([{"version": bad, "weight": 5}], "[0].version")
        for bad in (None, True, "2", 0, -1, Decimal("1.5"), [2], {}, "", -5)
    ),
    *(([{"version": 2, "weight": bad}], "[0].weight") for bad in (None, True, False, "5", "", [], {}, [5])),
    *(
        ([{"version": 2, "weight": bad}], "[0].weight")
        for bad in (
            -1,
            101,
            1000000,
            Decimal("-0.001"),
            Decimal("100.001"),
            Decimal("1e3"),
            Decimal("-1e1"),
            Decimal("100.1"),
        )
    ),
    *(
        ([{"version": 2, "weight": bad}], "[0].weight")
        for bad in (
            Decimal("0.0001"),
            Decimal("10.0005"),
            Decimal("1e-4"),
            Decimal("33.3333"),
            Decimal("99.9999"),
            Decimal("50.00001"),
        )
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
    *(
        (bad, "")
        for bad in (None, True, 1, "ring", [], [["ring", ["a"]]], {f"t{i}": ["a"] for i in range(33)})
    ),
    *(
        ({bad: ["a"]}, "." + bad)
        for bad in ("", "Ring", "a b", "a/b", "a:b", "é", "RING", "a\tb", "n" * 65, "a*", "tag?", "a,b")
    ),
    ({"good": ["a"], "Bad": ["a"]}, ".Bad"),
    *(({"t": bad}, ".t") for bad in (None, True, 1, "a", {}, [], ["a"] * 1025)),
    *(({"t": ["a", bad]}, ".t[1]") for bad in NO_TEXT),
    ({"t": [*["a"] * 1023, 5]}, ".t[1023]"),
    *(
        ({"t": {bad: ["a"]}}, ".t." + bad)
        for bad in ("like", "IN", "", "regex", "notin", "not", "equals", "in ")
    ),
    ({"t": {"in": ["a"], "like": "b"}}, ".t.like"),
    (
        {
            "t": {
                "in": ["a"],
                "not_in": ["b"],
                "prefix": "a",
                "semver": "1.0.0",
                "cidr": "::",
                "exists": True,
                "x": 1,
            }
        },
        ".t.x",
    ),
    ({"good": ["a"], "t": {"exists": 1}}, ".t.exists"),
]

BAD_RANGES = [
    "", " ", "   ", "1", "1.2", "1.x", "*", "x", "1.2.x", "v1.2.3", ">=v1.2.3", "1.2.3.4", "01.2.3", ">",
    ">=", "^", "~", "=", "> 1.2.3", ">= 1.2.3", "^ 1.2.3", "==1.2.3", "=>1.2.3", "=<1.2.3", "!=1.2.3",
    "<>1.2.3", "><1.2.3", "^^1.2.3", "~>1.2.3", ">=1.2.3,<2.0.0", ">=1.2.3 || 1.0.0", "1.0.0 - 2.0.0",
    ">=1.2.3 <", "1.2.3-", "1.2.3+", "1.2.3-01", ">=1.2.3\t<2.0.0", "\t1.2.3", "1.2.3\n", "1.2.3\u00a0",
    ">=1.2.3 nonsense", "≥1.2.3", "^1.2", "~1", " ".join(["1.0.0"] * 17), "latest",
]  # fmt: skip

BAD_NETWORKS = [
    *NO_ADDRESSES[:12], "010.1.2.3", "10.1.2.03/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/00",
    "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8 ", " 10.0.0.0/8", "10.0.0.0 /8", "10.0.0.0/ 8", "10.0.0.0/8/8",
    "10.0.0.0/255.0.0.0", "10.0.0.0/8x", "10.0.0.0/0x8", "10.0.0.0/1e1", "10.0.0.0/8.0", "10/8",
    "10.0.0.0/100", "10.0.0.0/4294967304", "/8", "/", "::/", "::/129", "::/064", "::/-1", "::/999",
    "::/18446744073709551680", "fe80::1%eth0", "fe80::1%eth0/64", "[::1]", "[::]/0", ":::/0", "1::2::3/64",
    "1:2:3:4:5:6:7/64", "1:2:3:4:5:6:7:8:9", "::g/64", "12345::/16", "1.2.3.4::/64", "::1.2.3/128",
    "1:2:3:4:5:6:7::8", "localhost", "10.0.0.0\\8", "10.0.0.0-10.0.0.9", "10.0.0.*", "１0.0.0.0/8",
]  # fmt: skip


def bad_operands():
    """(operator, operand, what is added to the path)."""
    for name in ("in", "not_in"):
        yield from ((name, bad, "") for bad in (None, True, 1, "a", {}, [], ["a"] * 1025))
        yield from ((name, ["a", "b", bad], "[2]") for bad in NO_TEXT)
    yield from (("prefix", bad, "") for bad in (None, True, 1, {}, [], ["a"] * 1025, "x" * 257))
    yield from (("prefix", ["a", bad], "[1]") for bad in NO_TEXT)
    yield from (
        ("semver", bad, "") for bad in (None, True, 1, {}, [], ["1.2.3"], "1.0.0" + " " * 252, *BAD_RANGES)
    )
    yield from (("cidr", bad, "") for bad in (None, True, 1, {}, [], ["10.0.0.0/8"] * 1025, *BAD_NETWORKS))
    yield from (
        ("cidr", ["::/0", bad], "[1]")
        for bad in (None, True, 1, {}, ["10.0.0.0/8"], "", "10.0.0.0/33", "x" * 257)
    )
    yield from (("exists", bad, "") for bad in (None, 0, 1, "true", "", [], {}, [True]))


def refusals():
    yield from BAD_RULES
    yield from TOO_MANY_VERSIONS
    for i, (split, path) in enumerate(BAD_SPLITS):
        at = i % 3
        yield [everyone()] * at + [{"split": split}], f"rules[{at}].split{path}"
    for i, (match, path) in enumerate(BAD_MATCHES):
        at = i % 2
        yield [everyone()] * at + [{"match": match, "split": ALL}], f"rules[{at}].match{path}"
    for name, operand, path in bad_operands():
        yield [{"match": {"t": {name: operand}}, "split": ALL}], f"rules[0].match.t.{name}{path}"
