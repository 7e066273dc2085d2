#!/bin/sh
# Run every check that a commit must pass besides the tests, then report the failed ones.
cd "$(dirname "$0")/.." || exit 1
PATH="$PWD/.venv/bin:$PATH"
export PATH
failed=""

run() {
    name=$1
    shift
    printf '== %s\n' "$name"
    "$@" || failed="$failed, $name"
}

no_addresses() {
    # A lock that names a registry ties every user to it, and may contain its password.
    ! grep -nE '://|^ *--?(index-url|extra-index-url|find-links|i|f)\b' requirements.lock scripts/uv.txt &&
        ! find . -path ./.venv -prune -o -path ./.tools -prune -o \
            \( -name uv.lock -o -name pylock.toml \) -print | xargs -r git ls-files | grep .
}

run "style" ruff check .
run "format" ruff format --check .
run "types" basedpyright
run "layers" lint-imports
run "texts fit" gateway phrases check
run "locks without addresses" no_addresses

if [ -n "$failed" ]; then
    printf 'check: failed: %s\n' "${failed#, }" >&2
    exit 1
fi
printf 'check: all is well\n'
