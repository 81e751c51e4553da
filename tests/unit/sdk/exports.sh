#!/bin/sh
# The shared library shows the names in client-sdk/libconfer.symbols, and no others: exports.sh LIBRARY LIST
set -eu
shown=$(nm -D --defined-only "$1" | awk '{print $3}' | LC_ALL=C sort)

echo 1..2
if [ "$shown" = "$(cat "$2")" ]; then
        echo 'ok 1 - the library shows exactly the names in the list'
else
        echo 'not ok 1 - the library shows exactly the names in the list'
        echo "$shown" | diff "$2" - | sed 's/^/# /'
fi
if readelf -d "$1" | grep -q 'SONAME.*\[libconfer\.so\.0\]'; then
        echo 'ok 2 - its soname is libconfer.so.0'
else
        echo 'not ok 2 - its soname is libconfer.so.0'
fi
