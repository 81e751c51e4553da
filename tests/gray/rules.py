"""The rules of a gray release: read from JSON, checked, and ready to be evaluated.

Numbers with a fraction or an exponent must have been read as Decimal, so that weights are exact: read_json()
does so.
"""

import json
import re
from decimal import Decimal
from types import SimpleNamespace

from network import parse_network
from semver import parse_range

RULES_MAX = 64
CONDITIONS_MAX = 32
ARMS_MAX = 16
VERSIONS_MAX = 8
VERSION_MAX = (1 << 63) - 1
VALUES_MAX = 1024
TEXT_BYTES_MAX = 256
BUCKETS = 100000

TAG_NAME = re.compile("[a-z0-9_.-]{1,64}")


class Fault(Exception):
    """What is wrong, and the path of it: `rules[2].split[0].weight`."""

    def __init__(self, field, problem):
        super().__init__(f"{field}: {problem}")
        self.field = field


class Members(list):
    """The members of a JSON object in their order, as pairs, so that one that stands twice shows."""


def read_json(text):
    """A JSON text; objects become Members."""

    def refuse(constant):
        raise ValueError(f"{constant} is no JSON")

    return json.loads(text, object_pairs_hook=Members, parse_float=Decimal, parse_constant=refuse)


def members_of(value, field):
    """The members of an object as a dict."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, Members):
        raise Fault(field, "must be an object")
    members = dict(value)
    for name in members:
        if sum(1 for other, _ in value if other == name) > 1:
            raise Fault(f"{field}.{name}", "stands twice")
    return members


def elements_of(value, field, n_max):
    if not isinstance(value, list) or isinstance(value, Members):
        raise Fault(field, "must be an array")
    if not 1 <= len(value) <= n_max:
        raise Fault(field, f"must have 1 to {n_max} elements")
    return value


def only_members(members, field, known, required):
    for name in members:
        if name not in known:
            raise Fault(f"{field}.{name}", "is not known")
    for name in required:
        if name not in members:
            raise Fault(f"{field}.{name}", "is missing")


def is_text(value):
    """Up to 256 bytes of UTF-8 without NUL; a lone surrogate is no UTF-8."""
    if not isinstance(value, str) or "\0" in value:
        return False
    try:
        return len(value.encode()) <= TEXT_BYTES_MAX
    except UnicodeEncodeError:
        return False


def read_text(value, field):
    if not is_text(value):
        raise Fault(field, "must be a text of up to 256 bytes without NUL")
    return value


def read_texts(value, field):
    elements = elements_of(value, field, VALUES_MAX)
    return [read_text(element, f"{field}[{i}]") for i, element in enumerate(elements)]


def read_text_or_texts(value, field):
    """Pairs of a text and its path."""
    if isinstance(value, str):
        return [(read_text(value, field), field)]
    return [(text, f"{field}[{i}]") for i, text in enumerate(read_texts(value, field))]


# A condition is a function of the tag's value, None when it is not there.


def read_in(operand, field):
    values = frozenset(read_texts(operand, field))
    return lambda tag: tag is not None and tag in values


def read_not_in(operand, field):
    values = frozenset(read_texts(operand, field))
    return lambda tag: tag is None or tag not in values


def read_prefix(operand, field):
    prefixes = tuple(text.encode() for text, _ in read_text_or_texts(operand, field))
    return lambda tag: tag is not None and tag.encode().startswith(prefixes)


def read_semver(operand, field):
    version_range = parse_range(read_text(operand, field))
    if version_range is None:
        raise Fault(field, "must be a range of versions")
    return lambda tag: tag is not None and version_range.holds(tag)


def read_cidr(operand, field):
    networks = []
    for text, path in read_text_or_texts(operand, field):
        network = parse_network(text)
        if network is None:
            raise Fault(path, "must be a network")
        networks.append(network)
    return lambda tag: tag is not None and any(network.holds(tag) for network in networks)


def read_exists(operand, field):
    if not isinstance(operand, bool):
        raise Fault(field, "must be true or false")
    return lambda tag: (tag is not None) == operand


OPERATORS = {
    "in": read_in,
    "not_in": read_not_in,
    "prefix": read_prefix,
    "semver": read_semver,
    "cidr": read_cidr,
    "exists": read_exists,
}


def read_condition(value, field):
    if isinstance(value, list) and not isinstance(value, Members):
        return read_in(value, field)
    operators = members_of(value, field)
    if not operators:
        raise Fault(field, "must have an operator")
    only_members(operators, field, OPERATORS, [])
    tests = [OPERATORS[name](operand, f"{field}.{name}") for name, operand in operators.items()]
    return lambda tag: all(test(tag) for test in tests)


def read_match(value, field):
    """Pairs of a tag's name and its condition."""
    members = members_of(value, field)
    if len(members) > CONDITIONS_MAX:
        raise Fault(field, f"must have up to {CONDITIONS_MAX} members")
    for name in members:
        if not TAG_NAME.fullmatch(name):
            raise Fault(f"{field}.{name}", "is no name of a tag")
    return [(name, read_condition(condition, f"{field}.{name}")) for name, condition in members.items()]


def is_number(value):
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def read_weight(value, field):
    """In thousandths of a percent."""
    if not is_number(value) or not 0 <= value <= 100:
        raise Fault(field, "must be a number from 0 to 100")
    rounded = Decimal(value).quantize(Decimal("0.001"))
    if rounded != value:
        raise Fault(field, "must have up to three decimals")
    return int(rounded * 1000)


def read_version(value, field, versions, named):
    """`named` are those that were read before; this one is added."""
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= VERSION_MAX:
        raise Fault(field, f"must be a whole number from 1 to {VERSION_MAX}")
    if versions is not None and value not in versions:
        raise Fault(field, "is no version of the config")
    named.add(value)
    if len(named) > VERSIONS_MAX:
        raise Fault(field, f"is one more than the {VERSIONS_MAX} different versions of all rules")
    return value


def read_split(value, field, versions, named):
    """Slices of the line of buckets: (from, to, version)."""
    slices = []
    at = 0
    for i, arm in enumerate(elements_of(value, field, ARMS_MAX)):
        path = f"{field}[{i}]"
        members = members_of(arm, path)
        only_members(members, path, ("version", "weight"), ("version", "weight"))
        version = read_version(members["version"], f"{path}.version", versions, named)
        weight = read_weight(members["weight"], f"{path}.weight")
        slices.append((at, at + weight, version))
        at += weight
    if at > BUCKETS:
        raise Fault(field, "the weights must be 100 at most together")
    return slices


def read_rule(value, field, versions, named):
    members = members_of(value, field)
    only_members(members, field, ("match", "split"), ("split",))
    return SimpleNamespace(
        match=read_match(members.get("match", {}), f"{field}.match"),
        split=read_split(members["split"], f"{field}.split", versions, named),
    )


def read_rules(value, versions=None):
    """
    The rules, compiled; raises Fault at the first that is wrong.

    `versions` are those that exist, where that is to be checked.
    """
    elements = elements_of(value, "rules", RULES_MAX)
    named = set()
    return [read_rule(rule, f"rules[{i}]", versions, named) for i, rule in enumerate(elements)]


def check(value, versions=None):
    """The path of what is wrong with the rules, or None."""
    try:
        read_rules(value, versions)
    except Fault as fault:
        return fault.field
    return None
