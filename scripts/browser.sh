#!/bin/sh
# Make sure of a Chromium for the tests that click. Never fails: without one those tests are
# skipped, and this says so. GATEWAY_NO_BROWSER=1 leaves the search out.
cd "$(dirname "$0")/.." || exit 1
[ -n "${GATEWAY_NO_BROWSER:-}" ] && exit 0
refused=.tools/no-browser

for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
for cache in "${PLAYWRIGHT_BROWSERS_PATH:-}" "${HOME:-/nonexistent}/.cache/ms-playwright" \
    "${HOME:-/nonexistent}/Library/Caches/ms-playwright"; do
    for found in "$cache"/chromium*/chrome-*/*; do
        [ -x "$found" ] && [ -f "$found" ] && exit 0
    done
done

left_out() {
    printf '\n!! No Chromium here (%s): the browser tests are LEFT OUT.\n' "$1" >&2
    printf '!! To run them: install chromium, or .venv/bin/playwright install chromium\n\n' >&2
    exit 0
}

[ "$(id -u)" = 0 ] || left_out "and only root can install one"
command -v apt-get >/dev/null 2>&1 || left_out "and no apt-get to install one"
# A machine without a network should not wait for it at every run.
[ -n "$(find "$refused" -mmin -720 2>/dev/null)" ] && left_out "apt-get could not install one today"

printf 'fetching chromium for the browser tests ...\n' >&2
DEBIAN_FRONTEND=noninteractive
export DEBIAN_FRONTEND
mkdir -p .tools
if apt-get update >.tools/browser.log 2>&1 </dev/null &&
    apt-get install -y --no-install-recommends chromium >>.tools/browser.log 2>&1 </dev/null; then
    rm -f "$refused"
else
    : >"$refused"
    left_out "apt-get could not install one, see .tools/browser.log"
fi
