#!/usr/bin/env python3
"""Turns files into C, so that the server carries them in itself.

    embed.py migrations OUT.c FILE.sql...   migrations[], one for each file, by the number that its name begins with
    embed.py asset OUT.c NAME FILE          the bytes of FILE as NAME[], and their number as NAME_size
    embed.py page OUT.c [DIRECTORY]         page_files[] of server/api/page.h, compressed: index.html as "/", and what
                                            lies in assets/, by names that have a hash in them
"""

import gzip
import hashlib
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


def bytes_of(name, data):
    """The definition of an array of bytes."""
    lines = ["const unsigned char %s[] = {" % name]
    for at in range(0, len(data), BYTES_PER_LINE):
        lines.append("        " + " ".join("%d," % c for c in data[at : at + BYTES_PER_LINE]))
    # C knows no empty array, so that a byte beyond the end stands behind every asset.
    return lines + ["        0,", "};"]


def embed_asset(out, name, path):
    data = read(path)
    lines = ["#include <stddef.h>", ""]
    lines += ["extern const unsigned char %s[];" % name, "extern const size_t %s_size;" % name, ""]
    lines += bytes_of(name, data)
    lines.append("const size_t %s_size = %d;" % (name, len(data)))
    write(out, [path], lines)


MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


def page_paths(directory):
    """The files of a page, as pairs of the path in a URL and the path on disk."""
    assets = os.path.join(directory, "assets")
    yield "/", os.path.join(directory, "index.html")
    for name in sorted(os.listdir(assets)):
        yield "/assets/" + name, os.path.join(assets, name)


def embed_page(out, directory=None):
    paths = list(page_paths(directory)) if directory else []
    lines, rows = ['#include "api/page.h"', ""], []
    for number, (url, path) in enumerate(paths):
        plain = read(path)
        data = gzip.compress(plain, 9, mtime=0)
        lines += ["static " + line if line.startswith("const") else line for line in bytes_of("file_%d" % number, data)]
        media_type = MEDIA_TYPES[os.path.splitext(path)[1]]
        row = (url, media_type, hashlib.sha256(plain).hexdigest()[:16], number, len(data), str(url != "/").lower())
        rows.append('        { "%s", "%s", "\\"%s\\"", file_%d, %d, %s },' % row)
    # C knows no empty array, so that a row beyond the end stands behind the last file.
    lines += ["const PageFile page_files[] = {"] + rows + ["        { 0 },", "};"]
    lines.append("const size_t n_page_files = %d;" % len(rows))
    write(out, [path for _, path in paths], lines)


def main(arguments):
    if len(arguments) >= 3 and arguments[0] == "migrations":
        embed_migrations(*arguments[1:])
    elif len(arguments) == 4 and arguments[0] == "asset":
        embed_asset(*arguments[1:])
    elif len(arguments) in (2, 3) and arguments[0] == "page":
        embed_page(*arguments[1:])
    else:
        sys.exit(__doc__)


main(sys.argv[1:])
