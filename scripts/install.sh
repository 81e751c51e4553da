# What Confer needs from Debian, and how to get what is missing. Sourced by ./start and ./test.
#
# Each line: a way to tell whether it is there, and the package that brings it. A command that somebody brought from
# elsewhere (a newer Node, say) is left alone.

BUILD_NEEDS='
command gcc             gcc
command g++             g++
command pkg-config      pkg-config
command meson           meson
command ninja           ninja-build
command python3         python3
command node            nodejs
command npm             npm
header  stdio.h         libc6-dev
header  h2o.h           libh2o-evloop-dev
header  wslay/wslay.h   libwslay-dev
header  sqlite3.h       libsqlite3-dev
header  jansson.h       libjansson-dev
header  yaml.h          libyaml-dev
header  libxml2/libxml/parser.h libxml2-dev
header  openssl/evp.h   libssl-dev
header  curl/curl.h     libcurl4-openssl-dev
header  hiredis/hiredis.h libhiredis-dev
header  valijson/validator.hpp libvalijson-dev
header  nlohmann/json.hpp nlohmann-json3-dev
header  re2/re2.h       libre2-dev
header  libwebsockets.h libwebsockets-dev
'

TEST_NEEDS='
command sqlite3         sqlite3
command curl            curl
command man             man-db
command groff           groff
command clang-tidy      clang-tidy
command clang-format    clang-format
command cppcheck        cppcheck
command openssl         openssl
command faketime        faketime
command valgrind        valgrind
command redis-server    redis-server
command redis-cli       redis-tools
command etcd            etcd-server
command etcdctl         etcd-client
header  cmocka.h        libcmocka-dev
library libasan.so      libasan8
file    /usr/share/json-schema-test-suite/tests/draft7 json-schema-test-suite
command chromium        chromium
file    /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc fonts-noto-cjk
'

say() {
        printf '%s: %s\n' "$(basename "$0")" "$*" >&2
}

die() {
        say "$*"
        exit 1
}

is_there() { # KIND NAME
        case "$1" in
        command) command -v "$2" >/dev/null 2>&1 ;;
        header) [ -e "/usr/include/$2" ] || [ -e "/usr/local/include/$2" ] || compgen -G "/usr/include/*-linux-*/$2" >/dev/null ;;
        file) [ -e "$2" ] ;;
        library) [ "$(gcc -print-file-name="$2" 2>/dev/null)" != "$2" ] ;;
        esac
}

missing_packages() { # NEEDS
        local kind name package

        while read -r kind name package; do
                [ -z "$kind" ] || is_there "$kind" "$name" || printf '%s ' "$package"
        done <<<"$1"
}

as_root() {
        if [ "$(id -u)" = 0 ]; then
                "$@"
        elif command -v sudo >/dev/null 2>&1; then
                sudo ${CI:+-n} "$@"
        else
                die "this needs root or sudo: $*"
        fi
}

install_missing() { # NEEDS
        local packages

        packages=$(missing_packages "$1")
        [ -n "$packages" ] || return 0

        command -v apt-get >/dev/null 2>&1 || die "these Debian packages are missing, and there is no apt-get: $packages"
        say "installing from Debian: $packages"
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update </dev/null
        # shellcheck disable=SC2086 # a list of words
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $packages </dev/null >&2
}

check_missing() { # NEEDS
        local packages

        packages=$(missing_packages "$1")
        [ -z "$packages" ] || die "--no-install was given, but these Debian packages are missing: $packages"
}

# Configures a build directory once; later calls keep what it has.
configure() { # DIRECTORY OPTION...
        local directory=$1

        shift
        [ -e "$directory/build.ninja" ] || meson setup "$directory" "$@" >&2
}
