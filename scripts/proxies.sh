#!/bin/sh
# Make sure of the nginx and the Caddy of Debian, in front of which the examples of deploy/ are tested. Never fails:
# without one its tests are skipped, and this says so. NO_PROXIES=1 leaves the search out.
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
