#!/bin/sh
# Make sure of a Kannel, the real SMS gateway that one test talks through. Never fails: without it that test is
# skipped, and this says so. GATEWAY_NO_KANNEL=1 leaves the search out.
cd "$(dirname "$0")/.." || exit 1
[ -n "${GATEWAY_NO_KANNEL:-}" ] && exit 0
refused=.tools/no-kannel

command -v bearerbox >/dev/null 2>&1 && exit 0
[ -x /usr/sbin/bearerbox ] && exit 0

left_out() {
    printf '\n!! No Kannel here (%s): the test through a real SMS gateway is LEFT OUT.\n' "$1" >&2
    printf '!! To run it on Debian: apt-get install kannel\n\n' >&2
    exit 0
}

[ "$(id -u)" = 0 ] || left_out "and only root can install one"
command -v apt-get >/dev/null 2>&1 || left_out "and no apt-get to install one"
# A machine without a network should not wait for it at every run.
[ -n "$(find "$refused" -mmin -720 2>/dev/null)" ] && left_out "apt-get could not install one today"

printf 'fetching kannel for the test through a real SMS gateway ...\n' >&2
DEBIAN_FRONTEND=noninteractive
export DEBIAN_FRONTEND
mkdir -p .tools
if apt-get update >.tools/kannel.log 2>&1 </dev/null &&
    apt-get install -y --no-install-recommends kannel >>.tools/kannel.log 2>&1 </dev/null; then
    rm -f "$refused"
else
    : >"$refused"
    left_out "apt-get could not install one, see .tools/kannel.log"
fi
