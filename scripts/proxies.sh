#!/bin/sh
# Provide Debian's nginx and Caddy, with which the examples of deploy/ are tested. The script never fails:
# without one of them it says that its tests are skipped. NO_PROXIES=1 leaves the search out.
cd "$(dirname "$0")/.." || exit 1
[ -n "${NO_PROXIES:-}" ] && exit 0
. scripts/debian.sh

is_here() {
    command -v "$1" >/dev/null 2>&1 && return
    [ -x "/usr/sbin/$1" ] || [ -x ".tools/debian/usr/sbin/$1" ] || [ -x ".tools/debian/usr/bin/$1" ]
}

for package in nginx caddy; do
    is_here "$package" && continue
    missing=$package
    skipped="the tests of deploy/$package are"
    cure="on Debian, apt-get install $package"
    (unpack "$package")
done
exit 0
