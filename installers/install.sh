#!/bin/sh
# Installs this project's programs; `--help` says how. Any POSIX shell will do.
#
# Everything below is one brace group, and the work is in main(), called from its last line but
# one: a download that was cut short runs nothing.
{
# >>> settings: all that scripts/render-installers fills in
app='footfall'
name='Footfall'
prefix='FOOTFALL'
release='v0.1.0'
download_url='https://footfall.example/dl'
artifact='footfall-{platform}.tar.gz'
binaries='footfall'
optional_binaries='footfall-collector'
sha256sums=''
minisign_key=''
modify_path='no'
footfall_app='footfall'
footfall_name='Footfall'
footfall_prefix='FOOTFALL'
footfall_release='v0.1.0'
footfall_endpoint=''
footfall_privacy_url=''
footfall_shim_url=''
footfall_shims=''
footfall_ci='
CI
CONTINUOUS_INTEGRATION
BUILD_NUMBER
GITHUB_ACTIONS
GITLAB_CI
CIRCLECI
TRAVIS
TF_BUILD
APPVEYOR
BUILDKITE
CODEBUILD_BUILD_ARN
BITBUCKET_COMMIT
DRONE
TEAMCITY_VERSION
CIRRUS_CI
SEMAPHORE
GITEA_ACTIONS
VELA
PROW_JOB_ID
JENKINS_URL
HUDSON_URL
BITRISE_IO
BUDDY_WORKSPACE_ID
CM_BUILD_ID
HARNESS_BUILD_ID
SCREWDRIVER
WOODPECKER
XCS
CI_XCODE_PROJECT
'
# <<< settings

[ -z "${ZSH_VERSION-}" ] || emulate sh

# >>> footfall telemetry: one install_start and one outcome for each run, see the notice it prints
# It reads the footfall_* settings, must stand outside of functions (some shells forget a trap
# that is set in one), and never fails, prints or waits, save for its one line of notice.
#   footfall_start ${1+"$@"}     where installing begins
#   footfall_succeeded           at success, before the last line is printed
#   footfall_cleanup             yours to define below: what to tidy up on every way out
footfall_state=off # off, running, stating, stated
footfall_base=

# shellcheck disable=SC2317 # it is called from a trap
footfall_cleanup() { :; }

# Reads a variable's value as shim/spec/optout.tsv does: none, yes, no or odd in $footfall_word.
footfall_read() {
    footfall_word=$1
    while :; do
        case $footfall_word in
        " "* | "	"* | "
"*) footfall_word=${footfall_word#?} ;;
        *" " | *"	" | *"
") footfall_word=${footfall_word%?} ;;
        *) break ;;
        esac
    done
    case $footfall_word in
    "") footfall_word=none ;;
    0 | [Nn] | [Ff] | [Nn][Oo] | [Oo][Ff][Ff] | [Ff][Aa][Ll][Ss][Ee]) footfall_word=no ;;
    1 | [Yy] | [Tt] | [Oo][Nn] | [Yy][Ee][Ss] | [Tt][Rr][Uu][Ee]) footfall_word=yes ;;
    [Ee][Nn][Aa][Bb][Ll][Ee] | [Ee][Nn][Aa][Bb][Ll][Ee][Dd]) footfall_word=yes ;;
    *) footfall_word=odd ;;
    esac
}

footfall_read_variable() {
    eval "footfall_read \"\${$1-}\""
}

# Is this continuous integration, and nobody said that it may count?
footfall_in_ci() {
    footfall_read "${FOOTFALL_ALLOW_CI-}"
    [ "$footfall_word" != yes ] || return 1
    footfall_read "${CI-}"
    case $footfall_word in
    no) return 1 ;;
    yes | odd) return 0 ;;
    esac
    for footfall_variable in $footfall_ci; do
        [ "$footfall_variable" != CI ] || continue
        eval "footfall_word=\${$footfall_variable-}"
        [ -z "$footfall_word" ] || return 0
    done
    return 1
}

# Has this machine's administrator, or this user earlier, switched telemetry off?
footfall_switched_off() {
    [ ! -e "/etc/$footfall_app/no-telemetry" ] && [ ! -e /etc/footfall/no-telemetry ] || return 0
    footfall_read_variable "${footfall_prefix}_TELEMETRY"
    [ "$footfall_word" != yes ] || return 1
    footfall_choice=${HOME-}/.$footfall_app/telemetry
    [ -e "$footfall_choice" ] || [ -h "$footfall_choice" ] || return 1
    footfall_word=
    if [ -f "$footfall_choice" ] && [ ! -h "$footfall_choice" ] && [ -r "$footfall_choice" ]; then
        read -r footfall_word <"$footfall_choice"
    fi
    footfall_read "$footfall_word"
    [ "$footfall_word" != yes ]
}

# The contract's gates, as far as they can be asked without the shim; the shim asks them again.
footfall_allowed() {
    for footfall_argument in ${1+"$@"}; do
        [ "$footfall_argument" != --no-telemetry ] || return 1
    done
    for footfall_variable in FOOTFALL_NO_TELEMETRY DO_NOT_TRACK NO_TELEMETRY \
        "${footfall_prefix}_NO_TELEMETRY" "${footfall_prefix}_DEV"; do
        footfall_read_variable "$footfall_variable"
        case $footfall_word in yes | odd) return 1 ;; esac
    done
    footfall_read_variable "${footfall_prefix}_TELEMETRY"
    case $footfall_word in no | odd) return 1 ;; esac
    case $footfall_release in dev | 0.0.0-dev | *-dirty) return 1 ;; esac
    [ -n "${FOOTFALL_ENDPOINT:-$footfall_endpoint}" ] || return 1
    ! footfall_in_ci && ! footfall_switched_off
}

# Names the machine as the shims are named: kernel and machine, whatever the shell was built for.
footfall_find_platform() {
    footfall_suffix=
    footfall_pid=$$
    # shellcheck disable=SC2046 # two words are what is wanted
    set -- $(uname -sm 2>/dev/null)
    case ${1-} in
    Darwin)
        [ "$(sysctl -n hw.optional.arm64 2>/dev/null)" != 1 ] || set -- macos aarch64
        set -- macos "$2"
        ;;
    MINGW* | MSYS* | CYGWIN*)
        footfall_suffix=.exe
        # The shim is a Windows program and watches Windows' own process number.
        { read -r footfall_pid <"/proc/$$/winpid"; } 2>/dev/null || :
        # uname -sm ends with the machine; Cygwin puts more before it.
        while [ $# -gt 1 ]; do shift; done
        set -- windows "${1-}"
        ;;
    Linux) set -- linux "${2-}" ;;
    *[A-Z]*) set -- "$(printf '%s' "$1" | tr '[:upper:]' '[:lower:]' 2>/dev/null)" "${2-}" ;;
    esac
    case ${2-} in
    amd64 | x64) set -- "$1" x86_64 ;;
    arm64) set -- "$1" aarch64 ;;
    armv7* | armv8l) set -- "$1" armv7 ;;
    i[3-6]86 | x86 | i86pc) set -- "$1" i686 ;;
    esac
    footfall_platform=${1-unknown}-${2-unknown}
}

# Can the shim be had here? A build for this machine, something to fetch it, something to check it.
footfall_available() {
    footfall_find_platform
    footfall_sum=
    for footfall_item in $footfall_shims; do
        case $footfall_item in "$footfall_platform="*) footfall_sum=${footfall_item#*=} ;; esac
    done
    [ -n "$footfall_sum" ] || return 1
    { command -v curl || command -v wget || command -v fetch; } >/dev/null 2>&1 || return 1
    { command -v sha256sum || command -v shasum || command -v openssl || command -v sha256; } \
        >/dev/null 2>&1
}

# When this process began, as the kernel counts: with its number that names it for good. Empty where
# it is not to be had.
footfall_read_birth() {
    footfall_birth=
    { read -r footfall_word <"/proc/$$/stat"; } 2>/dev/null || return 0
    # shellcheck disable=SC2086 # the words behind the program's name, which may have any in it
    set -- ${footfall_word##*") "}
    [ $# -lt 20 ] || { shift 19 && footfall_birth=$1; }
}

# A private folder: $footfall_base is its name, and of those made later elsewhere. Named before it is
# made, so that a signal finds it.
footfall_make_folder() {
    { read -r footfall_word </proc/sys/kernel/random/uuid; } 2>/dev/null ||
        footfall_word=$(mktemp -u XXXXXXXXXXXX 2>/dev/null) || return 1
    footfall_base=footfall.$footfall_word
    for footfall_place in "${TMPDIR:-/tmp}" /tmp "${XDG_RUNTIME_DIR:-/var/tmp}"; do
        case $footfall_place in /*) ;; *) continue ;; esac
        footfall_folder=$footfall_place/$footfall_base
        mkdir -m 700 "$footfall_folder" 2>/dev/null && return 0
    done
    footfall_base=
    return 1
}

# In a process of its own: a closed pipe is for the installer to trip over, with the event on its
# way, and zsh turns an unprintable line into the status of all.
footfall_print_notice() {
    (
        trap - EXIT
        trap '' PIPE
        printf '%s\n' "$footfall_name sends one anonymous event when this install starts and one when \
it ends ($footfall_privacy_url). To switch that off: curl ... | ${footfall_prefix}_NO_TELEMETRY=1 \
sh, or: curl ... | sh -s -- --no-telemetry" >&2
    )
}

# Runs a function on its own: no descriptor of ours, so that nobody's pipe waits for it, no
# signal of our terminal, and not our child, so that a `wait` in the installer passes it by.
footfall_detach() {
    (
        trap '' HUP INT QUIT PIPE TERM
        trap - EXIT
        set +eu
        (
            exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
            footfall_close_more
            "$1"
        ) &
    ) </dev/null >/dev/null 2>&1
}

# Those of two digits and more, which bash lets a script have: a lock that it holds by one is free when
# it ends.
footfall_close_more() {
    [ -n "${BASH_VERSION-}" ] || return 0
    for footfall_descriptor in /dev/fd/*; do
        case ${footfall_descriptor##*/} in
        [0-9] | *[!0-9]*) ;;
        *) eval "exec ${footfall_descriptor##*/}>&-" ;;
        esac
    done
}

# Runs a function that ends in exec, and kills the program when it takes too many seconds. Should it
# take more than a moment, the function $footfall_meanwhile is run beside it.
footfall_meanwhile=:
footfall_within() {
    footfall_limit=$1
    shift
    ( "$@" ) &
    footfall_child=$!
    (
        sleep 0.3 || sleep 1 || exit
        "$footfall_meanwhile"
        while [ "$footfall_limit" -gt 0 ]; do
            sleep 1 || exit
            footfall_limit=$((footfall_limit - 1))
        done
        kill -s KILL "$footfall_child"
    ) &
    footfall_guard=$!
    umask # without it posh's wait goes on reading the options of the builtin before it
    wait "$footfall_child"
    footfall_result=$?
    kill -s KILL "$footfall_guard"
    return "$footfall_result"
}

footfall_fetch() {
    set -- "${FOOTFALL_SHIM_URL:-$footfall_shim_url}/footfall-$footfall_platform$footfall_suffix"
    case $1 in
    https://*) footfall_protocol='=https' ;;
    http://127.0.0.1[:/]* | http://localhost[:/]* | http://"[::1]"[:/]*) footfall_protocol='=http,https' ;;
    *) exit 1 ;;
    esac
    if command -v curl; then
        exec curl -fsSL --proto "$footfall_protocol" --connect-timeout 10 -o "$footfall_program" "$1"
    elif command -v wget; then
        exec wget -q -O "$footfall_program" "$1"
    fi
    exec fetch -q -o "$footfall_program" "$1"
}

footfall_matches() {
    if command -v sha256sum; then
        footfall_word=$(sha256sum <"$footfall_program")
    elif command -v shasum; then
        footfall_word=$(shasum -a 256 <"$footfall_program")
    elif command -v openssl; then
        footfall_word=$(openssl dgst -sha256 -r <"$footfall_program")
    else
        footfall_word=$(sha256 <"$footfall_program")
    fi
    [ "${footfall_word%% *}" = "$footfall_sum" ]
}

footfall_run_shim() {
    footfall_event=$1
    shift
    exec "$footfall_program" emit "$footfall_event" --app "$footfall_app" \
        --endpoint "$footfall_endpoint" --release "$footfall_release" --method shell \
        --platform "$footfall_platform" --run "$footfall_run" "$@"
}

# The folders that may hold the shim, most wanted first: a temporary folder may be full or noexec.
footfall_choose_folder() {
    case $1 in
    1) footfall_here=$footfall_folder ;;
    2) footfall_here=${XDG_RUNTIME_DIR:+$XDG_RUNTIME_DIR/$footfall_base} ;;
    3) footfall_here=${HOME:+$HOME/.$footfall_app/$footfall_base} ;;
    4) footfall_here=${footfall_install_folder:+$footfall_install_folder/.$footfall_base} ;;
    esac
    footfall_program=$footfall_here/footfall$footfall_suffix
    case $footfall_here in /*) ;; *) return 1 ;; esac
}

footfall_make_chosen_folder() {
    [ "$1" != 1 ] || return 0
    # Root in somebody else's home leaves nothing there.
    if [ "$1" = 3 ] && [ -n "$(find "$HOME/." -prune -user "$(id -u)")" ]; then
        mkdir "${footfall_here%/*}"
    fi
    mkdir "$footfall_here"
}

# Puts the shim into the chosen folder and has it send the start. 0: done, 1: no use, 2: not here.
footfall_try_folder() {
    if [ -n "$footfall_copy" ]; then
        cp "$footfall_copy" "$footfall_program" || return 2
    else
        footfall_within 60 footfall_fetch
        case $? in
        0) footfall_matches || return 1 ;;
        3 | 23) return 2 ;; # wget's and curl's word for a file that cannot be written
        *) return 1 ;;
        esac
    fi
    chmod 700 "$footfall_program"
    footfall_meanwhile=footfall_go_on
    footfall_send_start
    footfall_result=$?
    footfall_meanwhile=:
    case $footfall_result in
    0) return 0 ;;
    126)
        rm -f "$footfall_folder/ready" "$footfall_folder/claimed" # on a busy machine, too early
        footfall_copy=$footfall_program
        return 2
        ;;
    *) return 1 ;;
    esac
}

# When the installer is gone, there is nobody to watch: it has stated its outcome or never will.
footfall_send_start() {
    if [ -e "$footfall_folder/install_complete" ] || [ -e "$footfall_folder/install_failed" ]; then
        footfall_within 10 footfall_run_shim install_start
    elif footfall_still_runs; then
        footfall_within 10 footfall_run_shim install_start --watch "$footfall_pid"
    else
        : >"$footfall_folder/install_failed"
        footfall_within 10 footfall_run_shim install_start
    fi
}

footfall_still_runs() {
    kill -0 "$$" || [ -d "/proc/$$" ] || return 1
    footfall_was=$footfall_birth
    footfall_read_birth
    [ "$footfall_birth" = "$footfall_was" ]
}

# The start takes its time, so the shim does run. Its watcher takes a second of silence after the
# installer's end for a failure: the outcome does not wait for the start.
footfall_go_on() {
    footfall_meanwhile=:
    ( : >"$footfall_folder/ready" )
    ( footfall_finish ) &
}

# Beside the real work: fetches the shim, has it send the start, and the outcome if that is known. A
# signal may have started it twice.
footfall_bring() {
    cd "$footfall_folder" || return 0
    umask 077
    ( set -C; : >begun ) || return 0
    footfall_copy=
    footfall_unusable=
    for footfall_turn in 1 2 3 4; do
        footfall_choose_folder "$footfall_turn" || continue
        footfall_make_chosen_folder "$footfall_turn" || continue
        footfall_try_folder
        footfall_result=$?
        if [ "$footfall_result" = 1 ]; then
            # It may have been Ctrl-C: posh undoes its being ignored for the programs it starts.
            sleep 1
            [ ! -e install_failed ] || { footfall_try_folder; footfall_result=$?; }
        fi
        [ "$footfall_result" != 0 ] || break
        footfall_unusable="$footfall_unusable $footfall_turn"
        [ "$footfall_result" = 2 ] || break
    done
    for footfall_turn in $footfall_unusable; do
        footfall_choose_folder "$footfall_turn"
        rm -f "$footfall_program"
        [ "$footfall_turn" = 1 ] || rmdir "$footfall_here"
    done
    ( : >"$footfall_folder/ready" )
    footfall_finish
    footfall_tidy_up started
}

# Has the outcome sent, once both the shim and the outcome are there. The installer and footfall_bring
# each put their half down before they look for the other's: one of them sees both, and when both do,
# the file `claimed` decides.
footfall_finish() {
    cd "$footfall_folder" || return 0
    footfall_restore
    for footfall_outcome in install_complete install_failed; do
        [ -e "$footfall_outcome" ] || continue
        [ -e ready ] || return 0
        ( set -C; : >claimed ) || return 0
        for footfall_turn in 1 2 3 4; do
            footfall_choose_folder "$footfall_turn" || continue
            [ ! -f "$footfall_program" ] || footfall_within 10 footfall_run_shim "$footfall_outcome"
        done
        footfall_tidy_up stated
        return 0
    done
}

# What the installer has exported since the start, to quiet the programs that it runs or to give them
# a home, is no choice of its user's: the outcome is sent as the start was.
footfall_remember() {
    footfall_home=${HOME-} footfall_temporary=${TMPDIR-} footfall_runtime=${XDG_RUNTIME_DIR-}
}

footfall_restore() {
    [ "${HOME-}" = "$footfall_home" ] || export HOME="$footfall_home"
    [ "${TMPDIR-}" = "$footfall_temporary" ] || export TMPDIR="$footfall_temporary"
    [ "${XDG_RUNTIME_DIR-}" = "$footfall_runtime" ] || export XDG_RUNTIME_DIR="$footfall_runtime"
    export FOOTFALL_ALLOW_CI=1
    unset FOOTFALL_NO_TELEMETRY DO_NOT_TRACK NO_TELEMETRY "${footfall_prefix}_NO_TELEMETRY" "${footfall_prefix}_DEV"
    footfall_read_variable "${footfall_prefix}_TELEMETRY"
    [ "$footfall_word" = yes ] || unset "${footfall_prefix}_TELEMETRY"
}

# Called when the start is through and when the outcome is: the one that is last tidies up.
footfall_tidy_up() {
    cd /
    ( : >"$footfall_folder/$1" )
    [ -e "$footfall_folder/started" ] && [ -e "$footfall_folder/stated" ] || return 0
    for footfall_turn in 4 3 2 1; do
        footfall_choose_folder "$footfall_turn" || continue
        [ "$footfall_turn" = 1 ] || [ -f "$footfall_program" ] || continue
        rm -rf "$footfall_here"
    done
}

# The first process of a container takes all others with it when it ends, and so does its child:
# there alone the outcome is waited for, one second at most.
footfall_linger() {
    case $$:${PPID-} in 1:* | *:1) ;; *) return 0 ;; esac
    footfall_turn=0
    while [ -e "$footfall_folder" ] && [ "$footfall_turn" -lt 10 ]; do
        sleep 0.1 || footfall_turn=10
        footfall_turn=$((footfall_turn + 1))
    done 2>/dev/null
}

footfall_state_outcome() {
    # With traps of its own for a function, zsh takes back what a trap in it has set, and never ends.
    [ -z "${ZSH_VERSION-}" ] || { emulate -L sh && setopt no_local_traps; }
    case $footfall_state in
    running) footfall_said=$1 && footfall_state=stating ;;
    stating) ;; # a signal has come in between, and this is its trap
    *) return 0 ;;
    esac
    ( : >"$footfall_folder/$footfall_said" ) 2>/dev/null || :
    if [ -e "$footfall_folder/ready" ]; then
        footfall_detach footfall_finish || :
    elif [ ! -e "$footfall_folder/begun" ]; then
        footfall_detach footfall_bring || : # a signal may have ended it before it ignored signals
    fi
    footfall_state=stated
    footfall_linger
}

footfall_start() {
    [ -z "${ZSH_VERSION-}" ] || { emulate -L sh && setopt no_local_traps; }
    [ "$footfall_state" = off ] || return 0
    footfall_ifs=
    case ${IFS-usual} in
    usual | ' '?'
') ;; # a blank, a tab, the end of a line
    *)
        ( unset IFS ) 2>/dev/null || return 0 # somebody insists on it
        footfall_ifs=x$IFS
        unset IFS
        ;;
    esac
    if footfall_allowed ${1+"$@"} && footfall_available && footfall_make_folder; then
        footfall_run=${FOOTFALL_RUN:-$footfall_base.$$}
        footfall_remember
        footfall_read_birth
        footfall_print_notice || :
        footfall_state=running
        footfall_detach footfall_bring || :
    fi
    [ -z "$footfall_ifs" ] || IFS=${footfall_ifs#x}
}

footfall_succeeded() {
    footfall_state_outcome install_complete
}

# On every way out. The status stays what it was: a trap on EXIT that does not exit keeps it, and
# after a signal the shell dies of that same signal.
footfall_leave() { # [SIGNAL STATUS]
    trap - EXIT
    trap '' HUP INT QUIT PIPE TERM
    set +eu
    # A signal may have come before there was anybody to see to the folder.
    [ "$footfall_state" != off ] || [ -z "$footfall_base" ] || rm -rf "$footfall_folder"
    footfall_state_outcome install_failed
    footfall_cleanup
    [ -n "${1-}" ] || return 0
    trap - "$1"
    kill -s "$1" "$$"
    exit "$2"
}

trap footfall_leave EXIT
trap 'footfall_leave HUP 129' HUP
trap 'footfall_leave INT 130' INT
trap 'footfall_leave QUIT 131' QUIT
trap 'footfall_leave PIPE 141' PIPE
trap 'footfall_leave TERM 143' TERM
# when pasted: # Where your installer reads its options, above: --no-telemetry) FOOTFALL_NO_TELEMETRY=1 ;;
# when pasted: footfall_start ${1+"$@"}
# when pasted: # Put `footfall_succeeded` where your installer has succeeded, before its last line of output.
# <<< footfall telemetry

usage() {
    # No here-document: some shells need a temporary file for it, and a ksh93 whose script ends in one hangs.
    printf '%s\n' "Installs $name: $binaries.

    curl -fsSL URL/install.sh | sh
    curl -fsSL URL/install.sh | sh -s -- [OPTION...]

  --version TAG        install this release            (${prefix}_VERSION; now: $release)
  --dir FOLDER         install into this folder        (${prefix}_INSTALL_DIR; now: $folder)
  --modify-path        put the folder on PATH in the shells' start-up files
  --no-modify-path     only say how to do that         (${prefix}_NO_MODIFY_PATH=1)
  -y, --yes            yes to all there is to ask: the same as --modify-path
  --dry-run            say what would be done, and do nothing
  --uninstall          remove the programs and the lines on PATH
  --no-telemetry       send no event                   (${prefix}_NO_TELEMETRY=1, DO_NOT_TRACK=1)
  -q, --quiet          print errors alone
  -v, --verbose        print each step
  -h, --help           print this

${prefix}_DOWNLOAD_URL names another place to download from."
}

say() { case $loudness in quiet) ;; *) printf '%s\n' "$@" ;; esac; }
detail() { case $loudness in verbose) printf '%s\n' "$@" ;; esac; }

fail() {
    printf '%s%s: error:%s %s\n' "$red" "$app" "$plain" "$1" >&2
    shift
    for line in ${1+"$@"}; do
        printf '  %s\n' "$line" >&2
    done
    exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

need() {
    has "$1" || fail "$1 is needed and not here" "install the package that has it, such as: $2"
}

choose_colours() {
    red='' plain=''
    if [ -t 2 ] && [ -z "${NO_COLOR-}" ] && [ "${TERM:-dumb}" != dumb ]; then
        red=$(printf '\033[1;31m') plain=$(printf '\033[0m')
    fi
}

read_environment() {
    eval "pinned=\${${prefix}_VERSION-}"
    eval "folder=\${${prefix}_INSTALL_DIR-}"
    eval "mirror=\${${prefix}_DOWNLOAD_URL-}"
    eval "path_is_theirs=\${${prefix}_NO_MODIFY_PATH-}"
    folder=${folder:-${HOME:+$HOME/.local/bin}}
    download_url=${mirror:-$download_url}
    [ -z "$path_is_theirs" ] || modify_path=no
}

need_value() { # OPTION VALUE EXAMPLE
    [ -n "$2" ] || fail "$1 needs a value" "for example: $1 $3"
}

read_arguments() {
    while [ $# -gt 0 ]; do
        case $1 in
        --version) need_value "$1" "${2-}" v1.2.3 && pinned=$2 && shift ;;
        --version=*) pinned=${1#*=} && need_value --version "$pinned" v1.2.3 ;;
        --dir) need_value "$1" "${2-}" "\$HOME/bin" && folder=$2 && shift ;;
        --dir=*) folder=${1#*=} && need_value --dir "$folder" "\$HOME/bin" ;;
        --modify-path) modify_path=yes ;;
        -y | --yes) [ -n "$path_is_theirs" ] || modify_path=yes ;;
        --no-modify-path) modify_path=no ;;
        --dry-run) only_say=yes ;;
        --uninstall) action=uninstall ;;
        --no-telemetry) ;; # the telemetry block looks for it by itself
        -q | --quiet) loudness=quiet ;;
        -v | --verbose) loudness=verbose ;;
        -h | --help) wants_help=yes ;;
        *) fail "unknown option: $1" "--help lists those there are" ;;
        esac
        shift
    done
    [ "$only_say" = no ] || action=describe_$action
    [ "$wants_help" = no ] || action=usage
}

choose_release() {
    [ -z "$pinned" ] || [ "$pinned" = "$release" ] || {
        release=$pinned
        sha256sums='' # those baked in belong to another release
    }
    footfall_release=$release
    [ "$release" != latest ] || footfall_release=unknown
    footfall_install_folder=$folder
}

check_settings() {
    [ -n "$folder" ] || fail "HOME is not set, so there is no folder to install into" \
        "name one with --dir FOLDER or ${prefix}_INSTALL_DIR"
    case $folder in /*) ;; *) folder=$PWD/$folder ;; esac
    case $folder in ?*/) folder=${folder%/} ;; esac
    case $release in
    *[!A-Za-z0-9._+-]*) fail "no release can be called $release" "name a tag, such as v1.2.3" ;;
    esac
}

# The machine the programs must be built for. The kernel's word is not enough: a 64-bit kernel may
# carry a 32-bit system, and a translated shell on a Mac says x86_64.
find_platform() {
    kernel=$(uname -s) machine=$(uname -m)
    case $kernel in
    Linux) kernel=linux ;;
    Darwin) kernel=macos ;;
    FreeBSD | OpenBSD | NetBSD | DragonFly) kernel=$(printf '%s' "$kernel" | tr '[:upper:]' '[:lower:]') ;;
    MINGW* | MSYS* | CYGWIN*) kernel=windows ;;
    esac
    case $machine in
    x86_64 | amd64) machine=x86_64 ;;
    aarch64 | arm64) machine=aarch64 ;;
    armv[78]*) machine=armv7 ;;
    i[3-6]86) machine=i686 ;;
    esac
    if [ "$kernel" = macos ] && [ "$(sysctl -n hw.optional.arm64 2>/dev/null)" = 1 ]; then
        machine=aarch64
    elif [ "$kernel" = linux ] && has_32_bit_programs; then
        case $machine in
        x86_64) machine=i686 ;;
        aarch64) machine=armv7 ;;
        esac
    fi
    platform=$kernel-$machine
}

# The fifth byte of an ELF file is 1 for 32 bits.
has_32_bit_programs() {
    [ -r /proc/self/exe ] && has od || return 1
    case $(od -An -tx1 -j4 -N1 /proc/self/exe 2>/dev/null) in *01*) return 0 ;; esac
    return 1
}

uses_musl() {
    case $(ldd --version 2>&1 || :) in *musl*) return 0 ;; *GNU* | *GLIBC*) return 1 ;; esac
    for loader in /lib/ld-musl-*; do
        [ ! -e "$loader" ] || return 0
    done
    return 1
}

# What may run here, best first; which of them exist, the list of checksums knows.
list_candidates() {
    case $platform in
    linux-*)
        if uses_musl; then
            candidates="$platform-musl $platform"
        else
            candidates="$platform-gnu $platform $platform-musl"
        fi
        ;;
    macos-aarch64) candidates="$platform macos-universal macos-x86_64" ;;
    macos-*) candidates="$platform macos-universal" ;;
    *) candidates=$platform ;;
    esac
}

replace() { # TEXT MARK VALUE: the result in $text
    text=$1
    while :; do
        case $text in
        *"$2"*) text=${text%%"$2"*}$3${text#*"$2"} ;;
        *) return 0 ;;
        esac
    done
}

artifact_for() { # PLATFORM: the file's name in $file
    replace "$artifact" '{platform}' "$1"
    replace "$text" '{release}' "$release"
    replace "$text" '{ext}' tar.gz
    file=$text
}

check_url() {
    case $1 in
    http://*@*) fail "a user name in a plain http address: $1" "leave it out" ;;
    https://*) protocol='=https' ;;
    http://127.0.0.1[:/]* | http://localhost[:/]* | http://"[::1]"[:/]*) protocol='=http,https' ;;
    *) fail "$1 is not https" "downloads come over https; plain http is for this machine alone" ;;
    esac
}

# Downloads run in the background and are waited for: a signal then ends the wait at once.
download() { # URL FILE
    check_url "$1"
    detail "downloading $1"
    if has curl; then
        bar=-s
        [ ! -t 2 ] || [ "$loudness" = quiet ] || bar=-#
        set -- curl -fSL "$bar" --proto "$protocol" --proto-redir "$protocol" --connect-timeout 10 \
            --speed-limit 1 --speed-time 20 --retry 2 --retry-max-time 20 -o "$2" "$1"
    elif has wget; then
        set -- wget -q -O "$2" "$1"
        # GNU wget tries twenty times when it is not told otherwise; busybox 1.35 crashes at -T. To http
        # it is sent on by a proxy that is not there, for it has no option to stay with https.
        case $(wget --version 2>/dev/null || :) in
        "GNU Wget"*)
            set -- "$@" -T 20 -t 2
            [ "$protocol" != '=https' ] || set -- env http_proxy=http://127.0.0.1:1 "$@"
            [ -n "${https_proxy-}" ] || set -- env no_proxy= "$@"
            ;;
        esac
    elif has fetch; then
        set -- fetch -q -T 20 -o "$2" "$1"
    else
        fail "curl, wget or fetch is needed and none is here" \
            "install one of them, such as: apt-get install curl ca-certificates"
    fi
    "$@" &
    job=$!
    downloaded=0
    umask >/dev/null # without it posh's wait goes on reading the options of the builtin before it
    wait "$job" || downloaded=$?
    job=''
    return "$downloaded"
}

fetch_checksums() {
    [ -z "$sha256sums" ] || return 0
    list=$download_url/$release/SHA256SUMS
    download "$list" "$work/SHA256SUMS" ||
        fail "could not download $list" "is there a release called $release? is the network up?"
    if [ -n "$minisign_key" ] && has minisign; then
        download "$list.minisig" "$work/SHA256SUMS.minisig" ||
            fail "could not download $list.minisig" "the list of checksums is not signed"
        minisign -Vqm "$work/SHA256SUMS" -P "$minisign_key" >/dev/null ||
            fail "the signature of $list is wrong" "nothing was installed"
    fi
    read_checksums <"$work/SHA256SUMS"
    [ -n "$sha256sums" ] || fail "$list is not a list of checksums" "is there a release called $release?"
}

# What sha256sum prints, also where it came by way of Windows, or names files as ./FILE.
read_checksums() {
    return_key=$(printf '\r')
    while read -r sum entry || [ -n "$sum" ]; do
        entry=${entry%"$return_key"} entry=${entry#\*} entry=${entry#./}
        case $sum:$entry in *[!0-9A-Fa-f]*:* | *:*[!A-Za-z0-9._+-]* | *:) continue ;; esac
        [ ${#sum} -ne 64 ] || sha256sums="$sha256sums $entry=$sum"
    done
}

choose_artifact() {
    list_candidates
    for candidate in $candidates; do
        artifact_for "$candidate"
        for item in $sha256sums; do
            [ "${item%=*}" != "$file" ] || {
                sum=${item##*=}
                case $sum in *[A-F]*) sum=$(printf '%s' "$sum" | tr A-F a-f) ;; esac
                return 0
            }
        done
    done
    known=''
    for item in $sha256sums; do
        known="$known ${item%=*}"
    done
    fail "there is no build of $name $release for $platform" "there are:${known:- none}"
}

sha256_of() {
    if has sha256sum; then
        actual=$(sha256sum <"$1")
    elif has shasum; then
        actual=$(shasum -a 256 <"$1")
    elif has openssl; then
        actual=$(openssl dgst -sha256 -r <"$1")
    elif has sha256; then
        actual=$(sha256 <"$1")
    else
        fail "nothing here can compute a SHA-256" "install sha256sum (coreutils), shasum (perl) or openssl"
    fi
    actual=${actual%% *}
}

fetch_artifact() {
    url=$download_url/$release/$file
    say "downloading $name $release for $platform"
    download "$url" "$work/$file" || fail "could not download $url" \
        "is there a release called $release? is the network up? is the disk full?"
    sha256_of "$work/$file"
    [ "$actual" = "$sum" ] || fail "the checksum of $url is wrong; nothing was installed" \
        "expected $sum" "received $actual"
    detail "checksum verified: $sum"
}

# What is unpacked belongs to whoever unpacks it, also to a root that may give nothing away (-o).
unpack() {
    mkdir "$work/unpacked"
    case $file in
    *.tar.gz | *.tgz)
        need gzip "apt-get install gzip"
        need tar "apt-get install tar"
        tar -xzof "$work/$file" -C "$work/unpacked"
        ;;
    *.tar.xz)
        need xz "apt-get install xz-utils"
        need tar "apt-get install tar"
        tar -xJof "$work/$file" -C "$work/unpacked"
        ;;
    *.zip)
        need unzip "apt-get install unzip"
        unzip -q "$work/$file" -d "$work/unpacked"
        ;;
    *) cp "$work/$file" "$work/unpacked/$binaries" ;;
    esac || fail "could not unpack $file" "is there room in ${TMPDIR:-/tmp}? TMPDIR names another folder"
}

cannot_write() {
    fail "cannot write to $folder" "choose a folder of yours: --dir FOLDER or ${prefix}_INSTALL_DIR"
}

# Where archives have their programs, and elsewhere if there is but one of that name: shells' completions
# are called like the program, too.
find_program() { # NAME: the file in $found, or nothing
    for place in "$work/unpacked" "$work/unpacked/bin" "$work/unpacked"/*/bin "$work/unpacked"/*; do
        found=$place/$1
        [ ! -f "$found" ] || return 0
    done
    found=$(find "$work/unpacked" -type f -name "$1")
    case $found in
    *"
"*) fail "$file holds more than one $1" "nothing was installed" ;;
    esac
}

# Each program is copied beside its place and then renamed into it: one that is running goes on
# with its old file, and nobody ever sees half of one.
install_programs() {
    mkdir -p "$folder" 2>/dev/null || cannot_write
    change=installed
    programs=''
    for binary in $binaries $optional_binaries; do
        find_program "$binary"
        if [ -z "$found" ]; then
            case " $optional_binaries " in *" $binary "*) continue ;; esac
            fail "$file holds no $binary" "nothing was installed"
        fi
        programs="$programs $binary"
        [ ! -d "$folder/$binary" ] || fail "$folder/$binary is a folder" "move it away, or choose another with --dir"
        [ ! -e "$folder/$binary" ] || change=upgraded
        cp "$found" "$folder/.$binary.$$" || cannot_write
        chmod 755 "$folder/.$binary.$$" || cannot_write
    done
    for binary in $programs; do
        mv -f "$folder/.$binary.$$" "$folder/$binary" || fail "cannot replace $folder/$binary"
        detail "$change $folder/$binary"
    done
}

# Calls a function for each start-up file that shells may read: those that are there, .profile, which
# login shells read, and that of the user's own shell if it reads another.
for_each_profile() { # FUNCTION
    zshrc=${ZDOTDIR:-$HOME}/.zshrc fish=${XDG_CONFIG_HOME:-$HOME/.config}/fish/config.fish
    for profile in "$HOME/.profile" "$HOME/.bashrc" "$HOME/.bash_profile" "$HOME/.bash_login" "$zshrc" "$fish"; do
        case ${SHELL-}:$profile in
        *:"$HOME/.profile" | */zsh:"$zshrc" | */fish:"$fish") ;;
        *) [ -f "$profile" ] || continue ;;
        esac
        "$1" "$profile"
    done
}

# Somebody's last line may lack its end.
begin_line() { [ -z "$(tail -c 1 "$1")" ] || printf '\n' >>"$1"; }

add_line() { # FILE
    [ "$1" != "$fish" ] || mkdir -p "${1%/*}" 2>/dev/null || :
    LC_ALL=C grep -qsxF "$line" "$1" || ( begin_line "$1" && printf '%s\n' "$line" >>"$1" ) 2>/dev/null || {
        say "could not write to $1"
        return 0
    }
    changed="$changed $1"
}

# The rest of the file stays as it is, to the byte, or all of it does.
remove_line() { # FILE
    LC_ALL=C grep -qsxF "$line" "$1" || return 0
    LC_ALL=C grep -vxF "$line" "$1" >"$work/profile" 2>/dev/null || :
    before=$(wc -c <"$1") after=$(wc -c <"$work/profile") length=$(printf '%s\n' "$line" | wc -c)
    [ -z "$(tail -c 1 "$1")" ] || before=$((before + 1)) # grep ends what is the last line then
    if [ $((before - after)) -ne $((length)) ] || ! ( cat "$work/profile" >"$1" ) 2>/dev/null; then
        say "could not change $1; this line of it is without use now:" "    $line"
    fi
}

on_path() { case :${PATH-}: in *":$folder:"*) return 0 ;; esac; return 1; }

put_on_path() {
    ! on_path || return 0
    advice="export PATH=\"$folder:\$PATH\""
    changed=''
    case $folder in *[\"\$\`\\]*) modify_path=no ;; esac
    if [ "$modify_path" = yes ] && [ -n "${HOME-}" ]; then
        line="$advice # $app"
        for_each_profile add_line
    fi
    if [ -n "$changed" ]; then
        say "$folder is on the PATH of shells started from now on; for this one: $advice"
    else
        say "$folder is not on your PATH. To put it there:" "    $advice"
    fi
}

uninstall() {
    make_work_folder
    removed=''
    for binary in $binaries $optional_binaries; do
        [ ! -e "$folder/$binary" ] || {
            rm -f "$folder/$binary" || fail "cannot remove $folder/$binary"
            removed="$removed $binary"
        }
    done
    [ -n "$removed" ] || fail "there is no $name in $folder" "--dir names another folder"
    if [ -n "${HOME-}" ]; then
        line="export PATH=\"$folder:\$PATH\" # $app"
        for_each_profile remove_line
    fi
    say "removed$removed from $folder"
    [ ! -d "${HOME-}/.$app" ] || say "your settings are still in $HOME/.$app"
}

describe_uninstall() { say "would remove $binaries${optional_binaries:+ $optional_binaries} from $folder"; }

describe_install() {
    artifact_for "$platform"
    [ -z "$sha256sums" ] || choose_artifact
    say "would install $binaries of $name $release for $platform"
    say "from $download_url/$release/$file"
    say "into $folder"
}

footfall_cleanup() {
    [ -z "$job" ] || kill "$job" 2>/dev/null
    [ -n "$work" ] || return 0
    rm -rf "$work"
    for binary in $binaries $optional_binaries; do
        rm -f "$folder/.$binary.$$"
    done
}

# Named before it is made, so that a signal finds it.
make_work_folder() {
    work=$(mktemp -u "${TMPDIR:-/tmp}/$app-install.XXXXXXXX") || work=''
    [ -n "$work" ] && mkdir -m 700 "$work" && return
    fail "cannot create a temporary folder" "TMPDIR names another place than ${TMPDIR:-/tmp}"
}

install() {
    make_work_folder
    fetch_checksums
    choose_artifact
    fetch_artifact
    unpack
    install_programs
    footfall_succeeded
    say "$change$programs $release in $folder"
    put_on_path
}

# What is asked for comes first: a question for help is no install that starts.
main() {
    set -eu
    choose_colours
    read_environment
    action=install only_say=no wants_help=no
    read_arguments ${1+"$@"}
    choose_release
    [ "$action" != install ] || footfall_start ${1+"$@"}
    check_settings
    find_platform
    [ "$kernel" != windows ] || [ "$action" = usage ] || fail "this script is not for Windows" "in PowerShell: irm URL/install.ps1 | iex"
    "$action"
}

loudness=normal job='' work=''
main ${1+"$@"}
}
