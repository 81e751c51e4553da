"""Semantic versions as of semver.org 2.0.0, and ranges of them."""

import re

COMPARATORS_MAX = 16

NUMBER = "(?:0|[1-9][0-9]*)"
PRE_IDENTIFIER = f"(?:{NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
BUILD_IDENTIFIER = "[0-9A-Za-z-]+"

VERSION = re.compile(
    rf"({NUMBER})\.({NUMBER})\.({NUMBER})"
    rf"(?:-({PRE_IDENTIFIER}(?:\.{PRE_IDENTIFIER})*))?"
    rf"(?:\+{BUILD_IDENTIFIER}(?:\.{BUILD_IDENTIFIER})*)?"
)
COMPARATOR = re.compile(r"(>=|<=|>|<|=|\^|~|)(.*)", re.DOTALL)


def identifier_key(identifier):
    """Numeric identifiers come by value and before all others, which come byte by byte."""
    return (0, int(identifier), "") if identifier.isdigit() else (1, 0, identifier)


class Version:
    """One version. `key` orders it by precedence."""

    def __init__(self, core, pre_release):
        self.core = core
        identifiers = pre_release.split(".") if pre_release else []
        self.key = (core, not pre_release, [identifier_key(one) for one in identifiers])


def parse_version(text):
    """The version that a text is, or None."""
    match = VERSION.fullmatch(text)
    if not match:
        return None
    major, minor, patch, pre_release = match.groups()
    return Version((int(major), int(minor), int(patch)), pre_release)


def caret_width(core):
    """How many of the numbers must be the same: up to the first that is not 0."""
    return next((i + 1 for i, number in enumerate(core) if number), 3)


def same_numbers(version, bound, n):
    return version.core[:n] == bound.core[:n]


HOLDS = {
    "": lambda version, bound: version.key == bound.key,
    "=": lambda version, bound: version.key == bound.key,
    ">": lambda version, bound: version.key > bound.key,
    ">=": lambda version, bound: version.key >= bound.key,
    "<": lambda version, bound: version.key < bound.key,
    "<=": lambda version, bound: version.key <= bound.key,
    "^": lambda version, bound: version.key >= bound.key
    and same_numbers(version, bound, caret_width(bound.core)),
    "~": lambda version, bound: version.key >= bound.key and same_numbers(version, bound, 2),
}


class Range:
    """Comparators, all of which must hold."""

    def __init__(self, comparators):
        self.comparators = comparators

    def holds(self, text):
        """Is this text a version, and in the range?"""
        version = parse_version(text)
        return version is not None and all(HOLDS[sign](version, bound) for sign, bound in self.comparators)


def parse_range(text):
    """The range that a text is, or None."""
    comparators = []
    for word in filter(None, text.split(" ")):
        sign, rest = COMPARATOR.fullmatch(word).groups()
        comparators.append((sign, parse_version(rest)))
    if not 1 <= len(comparators) <= COMPARATORS_MAX:
        return None
    if any(bound is None for _, bound in comparators):
        return None
    return Range(comparators)
