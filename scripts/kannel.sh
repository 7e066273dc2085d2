#!/bin/sh
# Provide Kannel, the real SMS gateway that one test uses. The script never fails: without Kannel it
# says that the test is skipped. NO_KANNEL=1 leaves the search out.
cd "$(dirname "$0")/.." || exit 1
[ -n "${NO_KANNEL:-}" ] && exit 0
. scripts/debian.sh

command -v bearerbox >/dev/null 2>&1 && exit 0
[ -x /usr/sbin/bearerbox ] && exit 0

package=kannel
missing=Kannel
skipped="the test through a real SMS gateway is"
cure="on Debian, apt-get install kannel"
fetch
