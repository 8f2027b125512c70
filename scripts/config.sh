# shellcheck shell=sh
# A project's configuration, KEY=value lines, as render-installers, render-hooks and disclose read it.
# Who sources it sets $program, $here and $root, and has a function usage.
config='' work=''

die() { # TEXT [STATUS]
    printf '%s: %s\n' "$program" "$1" >&2
    exit "${2:-1}"
}

wrong_usage() {
    printf '%s: %s\n' "$program" "$1" >&2
    usage >&2
    exit 2
}

# Checks $config and leaves its values in $work, a folder that goes when the script ends.
read_config() {
    [ -r "$config" ] && [ ! -d "$config" ] || die "cannot read $config; name a file of KEY=value lines with --config"
    work=$(mktemp -d "${TMPDIR:-/tmp}/$program.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    awk -v program="$program" -v file="$config" -f "$here/render-config.awk" "$config" >"$work/config" || exit 1
}

value() { awk -F '\t' -v key="$1" '$1 == key { print $3 }' "$work/config"; }
line() { awk -F '\t' -v key="$1" '$1 == key { print $2 }' "$work/config"; }
complain() { die "$config:$(line "$1"): $1: $2"; } # KEY TEXT

# A path in the configuration is seen from the configuration's folder, or else from here.
find_path() { # KEY: the path in $found
    found=$(value "$1")
    case $found in
    /*) ;;
    *) [ ! -e "$(dirname "$config")/$found" ] || found=$(dirname "$config")/$found ;;
    esac
    [ -e "$found" ] || complain "$1" "there is no $found; build it first, or correct the path"
}

# NAME=CHECKSUM lines for the artefacts, into $work/sha256sums.
list_artifacts() {
    : >"$work/sha256sums"
    [ -n "$(value SHA256SUMS)" ] && [ -n "$(value ARTIFACT)" ] || return 0
    find_path SHA256SUMS
    [ -f "$found" ] || complain SHA256SUMS "$found is no file; name the list that sha256sum prints"
    awk -v artifact="$(value ARTIFACT)" -v release="$(value RELEASE)" \
        -f "$here/render-sums.awk" "$found" | LC_ALL=C sort >"$work/sha256sums"
    [ -s "$work/sha256sums" ] || complain SHA256SUMS \
        "$found lists no file called $(value ARTIFACT); correct ARTIFACT (line $(line ARTIFACT)) or the list"
}
