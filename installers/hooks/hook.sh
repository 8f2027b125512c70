# >>> footfall telemetry: counts first installs, see @PRIVACY_URL@
# footfall_start stands where the package's own work begins, footfall_succeeded where it has
# succeeded. Neither fails, waits, or prints more than one line of notice. A script that ends without
# footfall_succeeded, in whatever way, is reported as a failure by the shim, which watches it.
footfall_app='@APP@'
footfall_name='@NAME@'
footfall_release='@RELEASE@'
footfall_endpoint='@ENDPOINT@'
footfall_privacy_url='@PRIVACY_URL@'
footfall_shim='@SHIM@'
footfall_method='@METHOD@'
footfall_run=''

# The shim answers in a few milliseconds; a broken one is not waited for.
footfall_call() { # COMMAND EVENT [OPTION...]
    timeout -s KILL 5 "$footfall_shim" "$@" --app "$footfall_app" --endpoint "$footfall_endpoint" \
        --release "$footfall_release" --method "$footfall_method" --run "$footfall_run" \
        </dev/null 2>/dev/null
}

# Root's own id and settings, also where sudo has kept the home of its caller.
footfall_find_home() {
    # shellcheck disable=SC3067 # dash, bash and busybox have -O and -ef, and so has POSIX since 2024
    [ -O "${HOME-}" ] || HOME=~root
    export HOME
}

# sudo drops DO_NOT_TRACK; what its caller has saved with `footfall disable` is still there. Whose home
# no shell can name, as that of a user of a domain, may have said no.
footfall_declined_by_caller() {
    footfall_caller=${SUDO_USER:-${DOAS_USER-}}
    case $footfall_caller in '') return 1 ;; -* | *[!A-Za-z0-9._-]*) return 0 ;; esac
    footfall_choice='' footfall_word=''
    eval "footfall_choice=~$footfall_caller/.$footfall_app/telemetry"
    [ -e "$footfall_choice" ] || [ -h "$footfall_choice" ] || return 1
    [ -f "$footfall_choice" ] && [ ! -h "$footfall_choice" ] || return 0
    read -r footfall_word <"$footfall_choice" || :
    [ "$footfall_word" != on ]
}

# In a chroot somebody prepares a system for others, and so does a container that has neither an init
# system nor a terminal: an image build. FOOTFALL_ALLOW_CI lifts this, as it lifts the gate for CI.
footfall_in_image_build() {
    case ${FOOTFALL_ALLOW_CI-} in 1 | [Tt]rue | TRUE | [Yy]es | YES | [Oo]n | ON) return 1 ;; esac
    # shellcheck disable=SC3013
    [ / -ef /proc/1/root/. ] || return 0
    read -r footfall_init </proc/1/comm || return 0
    case $footfall_init in
    init | systemd | openrc-init | runit | s6-svscan | dinit | shepherd) return 1 ;;
    esac
    ! ( : </dev/tty ) 2>/dev/null
}

# The shim knows the gates and the environment; here is what only a package's script can know.
footfall_counts() {
    [ -x "$footfall_shim" ] || return 1
    ! footfall_in_image_build || return 1
    ! footfall_declined_by_caller || return 1
    footfall_find_home
    case $(footfall_call explain install_start --json) in *'"gate":'?'"none"'*) return 0 ;; esac
    return 1
}

footfall_emit() { # EVENT [OPTION...]
    ( set +eu; footfall_find_home; footfall_call emit "$@" >/dev/null ) || :
}

footfall_start() {
    footfall_run=$footfall_method.$$.$(date +%s) || :
    if ( set +eu; footfall_counts ) 2>/dev/null; then
        ( trap '' PIPE; printf '%s\n' "$footfall_name counts first installs anonymously \
($footfall_privacy_url). To switch that off: mkdir -p /etc/$footfall_app && touch /etc/$footfall_app/no-telemetry" >&2 ) || :
        footfall_emit install_start --watch "$$"
    else
        footfall_run=''
    fi
}

footfall_succeeded() {
    [ -z "$footfall_run" ] || footfall_emit install_complete
}
# <<< footfall telemetry
