#!/bin/sh
# Provide a Chromium for the browser tests. The script never fails: without a Chromium it says that
# those tests are skipped. NO_BROWSER=1 leaves the search out.
cd "$(dirname "$0")/.." || exit 1
[ -n "${NO_BROWSER:-}" ] && exit 0
. scripts/debian.sh

for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
for cache in "${PLAYWRIGHT_BROWSERS_PATH:-}" "${HOME:-/nonexistent}/.cache/ms-playwright" \
    "${HOME:-/nonexistent}/Library/Caches/ms-playwright"; do
    for found in "$cache"/chromium*/chrome-*/*; do
        [ -x "$found" ] && [ -f "$found" ] && exit 0
    done
done

package=chromium
missing=Chromium
skipped="the browser tests are"
cure="install chromium, or .venv/bin/playwright install chromium"
fetch
