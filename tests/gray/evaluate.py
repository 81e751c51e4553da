#!/usr/bin/env python3
"""The evaluation of gray releases, written from docs/gray-release.md alone, to compare every other one with.

    evaluate.py < CASES

Each line is {"salt", "rules", "stable", "unit", "tags"}, and is answered by the line
{"version", "gray", "rule", "bucket", "reason"}, or by {"refused": PATH} where the rules are wrong.

Plain rather than quick. It takes units, tags and salts as they come: their limits are for others to check.
"""

import json
import sys

from murmur3 import murmur3_x86_32
from rules import BUCKETS, Fault, read_json, read_rules


def bucket_of(salt, unit):
    return murmur3_x86_32(salt.encode() + b"\x1f" + unit.encode()) % BUCKETS


def first_that_holds(rules, tags):
    """The index of the rule that decides, or None."""
    for i, rule in enumerate(rules):
        if all(condition(tags.get(name)) for name, condition in rule.match):
            return i
    return None


def choose_arm(split, bucket):
    """The version of the arm that chooses, or None. `bucket` is None without a unit."""
    if bucket is None:
        return split[0][2] if len(split) == 1 and split[0][:2] == (0, BUCKETS) else None
    return next((version for start, end, version in split if start <= bucket < end), None)


def answer(version, gray, rule, bucket, reason):
    return {"version": version, "gray": gray, "rule": rule, "bucket": bucket, "reason": reason}


def evaluate(rules, salt, stable, unit=None, tags=None):
    """What a unit gets. `rules` come from read_rules(); None is no gray release."""
    if rules is None:
        return answer(stable, False, None, None, "no_gray_release")
    index = first_that_holds(rules, tags or {})
    if index is None:
        return answer(stable, False, None, None, "no_match")
    bucket = bucket_of(salt, unit) if unit else None
    version = choose_arm(rules[index].split, bucket)
    if version is not None:
        return answer(version, True, index, bucket, "arm")
    return answer(stable, False, index, bucket, "no_unit" if bucket is None else "outside_split")


def answer_line(line):
    case = dict(read_json(line))
    rules = case["rules"]
    try:
        compiled = None if rules is None else read_rules(rules)
    except Fault as fault:
        return {"refused": fault.field}
    tags = dict(case.get("tags") or {})
    return evaluate(compiled, case["salt"], case["stable"], case.get("unit"), tags)


def main():
    sys.stdin.reconfigure(encoding="utf-8")
    for line in sys.stdin:
        print(json.dumps(answer_line(line), separators=(",", ":")))


if __name__ == "__main__":
    main()
