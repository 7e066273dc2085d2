# For browser.sh and kannel.sh (`. scripts/debian.sh`): fetch a Debian package, or say what is left out without it.
# Needs: $package, $missing (what is not here), $skipped (which tests then), $cure (how to have them).

left_out() {
    printf '\n!! No %s here (%s): %s LEFT OUT.\n' "$missing" "$1" "$skipped" >&2
    printf '!! To run them: %s\n\n' "$cure" >&2
    exit 0
}

fetch() {
    refused=.tools/no-$package
    [ "$(id -u)" = 0 ] || left_out "and only root can install one"
    command -v apt-get >/dev/null 2>&1 || left_out "and no apt-get to install one"
    # A machine without a network should not wait for it at every run.
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
