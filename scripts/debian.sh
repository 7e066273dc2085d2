# Functions for browser.sh, kannel.sh, machines.sh and proxies.sh (`. scripts/debian.sh`): fetch a
# Debian package, or say which tests are left out without it.
# Variables: $package, $missing (the missing program), $skipped (the tests left out) and $cure (the way
# to run them).

left_out() {
    printf '\n!! No %s here (%s): %s LEFT OUT.\n' "$missing" "$1" "$skipped" >&2
    printf '!! To run them: %s\n\n' "$cure" >&2
    exit 0
}

fetch() {
    refused=.tools/no-$package
    [ "$(id -u)" = 0 ] || left_out "and only root can install one"
    command -v apt-get >/dev/null 2>&1 || left_out "and no apt-get to install one"
    # A machine without a network should not wait for the network in every run.
    [ -n "$(find "$refused" -mmin -720 2>/dev/null)" ] && left_out "apt-get could not install one today"

    printf 'fetching %s for the tests ...\n' "$package" >&2
    DEBIAN_FRONTEND=noninteractive
    export DEBIAN_FRONTEND
    mkdir -p .tools
    if apt-get update >".tools/$package.log" 2>&1 </dev/null &&
        apt-get install -y --no-install-recommends "$package" >>".tools/$package.log" 2>&1 </dev/null; then
        rm -f "$refused"
    else
        : >"$refused"
        left_out "apt-get could not install one, see .tools/$package.log"
    fi
}

# Unpack Debian packages into .tools/debian without installing them. That needs no root, and no service
# starts. Where the machine has no package lists, the lists are kept in .tools.
unpack() {
    refused=.tools/no-$package
    command -v apt-get >/dev/null 2>&1 || left_out "and no apt-get to fetch one"
    command -v dpkg-deb >/dev/null 2>&1 || left_out "and no dpkg-deb to unpack one"
    [ -n "$(find "$refused" -mmin -720 2>/dev/null)" ] && left_out "apt-get could not fetch one today"

    printf 'fetching %s for the tests ...\n' "$package" >&2
    top=$PWD
    mkdir -p .tools/debian .tools/apt/lists/partial .tools/apt/cache/archives/partial ".tools/apt/$package"
    if (cd ".tools/apt/$package" && { apt-get download "$@" || downloaded_with_own_lists "$@"; }) \
        >".tools/$package.log" 2>&1 </dev/null && unpacked ".tools/apt/$package"; then
        rm -rf "$refused" .tools/apt
    else
        rm -rf .tools/apt
        : >"$refused"
        left_out "apt-get could not fetch one, see .tools/$package.log"
    fi
}

downloaded_with_own_lists() {
    apt_apart update && apt_apart download "$@"
}

apt_apart() {
    TMPDIR="$top/.tools/apt" apt-get -o "Dir::State::Lists=$top/.tools/apt/lists" -o "Dir::Cache=$top/.tools/apt/cache" \
        -o APT::Sandbox::User= "$@"
}

unpacked() {
    for file in "$1"/*.deb; do
        dpkg-deb -x "$file" .tools/debian || return 1
    done
}
