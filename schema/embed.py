#!/usr/bin/env python3
"""Turns files of schema/ into C, so that the server carries them in itself.

    embed.py migrations OUT.c FILE.sql...   migrations[], one for each file, by the number that its name begins with
    embed.py asset OUT.c NAME FILE          the bytes of FILE as NAME[], and their number as NAME_size
"""

import os
import re
import sys

BYTES_PER_LINE = 16


def escape(line):
    """One line of text as the inside of a C string literal. Question marks are escaped against trigraphs."""
    plain = {b"\\"[0]: "\\\\", b'"'[0]: '\\"', b"?"[0]: "\\?", b"\n"[0]: "\\n", b"\t"[0]: "\\t"}
    return "".join(plain.get(c) or (chr(c) if 0x20 <= c < 0x7F else "\\%03o" % c) for c in line)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, origins, lines):
    names = ", ".join(os.path.basename(origin) for origin in origins)
    with open(path, "w", encoding="ascii", newline="\n") as file:
        file.write("/* Made by embed.py from %s; changes belong there. */\n" % names)
        file.writelines(line + "\n" for line in lines)


def number_of(path):
    match = re.match(r"([0-9]{4})-[a-z0-9-]+\.sql$", os.path.basename(path))
    if not match:
        sys.exit("embed.py: %s: a migration is named like 0002-what-it-does.sql" % path)
    return int(match.group(1))


def embed_migrations(out, *paths):
    paths = sorted(paths, key=number_of)
    if not paths or [number_of(path) for path in paths] != list(range(1, len(paths) + 1)):
        sys.exit("embed.py: migrations are numbered 1, 2, 3 ... without a gap")

    lines = ['#include "store/schema.h"', ""]
    for path in paths:
        lines.append("static const char text_%d[] =" % number_of(path))
        lines += ['        "%s"' % escape(line) for line in read(path).splitlines(keepends=True)] or ['        ""']
        lines[-1] += ";"
        lines.append("")
    lines.append("const Migration migrations[] = {")
    lines += ["        { %d, text_%d }," % (number_of(path), number_of(path)) for path in paths]
    lines += ["};", "const size_t n_migrations = %d;" % len(paths)]
    write(out, paths, lines)


def embed_asset(out, name, path):
    data = read(path)
    lines = ["#include <stddef.h>", ""]
    lines += ["extern const unsigned char %s[];" % name, "extern const size_t %s_size;" % name, ""]
    lines.append("const unsigned char %s[] = {" % name)
    for at in range(0, len(data), BYTES_PER_LINE):
        lines.append("        " + " ".join("%d," % c for c in data[at : at + BYTES_PER_LINE]))
    # C knows no empty array, so that a byte beyond the end stands behind every asset.
    lines += ["        0,", "};", "const size_t %s_size = %d;" % (name, len(data))]
    write(out, [path], lines)


def main(arguments):
    if len(arguments) >= 3 and arguments[0] == "migrations":
        embed_migrations(*arguments[1:])
    elif len(arguments) == 4 and arguments[0] == "asset":
        embed_asset(*arguments[1:])
    else:
        sys.exit(__doc__)


main(sys.argv[1:])
