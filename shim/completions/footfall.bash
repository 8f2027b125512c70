# bash completion for footfall; the words are checked against the option table by a test.
_footfall() {
    local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} words=
    local event='install_start install_complete install_failed'
    local send='--app --endpoint --release --method --platform --run --cacert --deadline --no-telemetry --allow-ci --consent --help'
    case ${COMP_WORDS[COMP_CWORD - 1]} in
    --cacert) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
    --method) words='shell powershell deb rpm apk pacman brew npm pip scoop choco winget other' ;;
    --consent) words='opt-in' ;;
    --app | --endpoint | --release | --platform | --run | --deadline | --watch-limit | --erase-endpoint) return ;;
    *)
        if ((COMP_CWORD == 1)); then
            words='emit run explain id forget enable disable --help --version'
        else
            case $command in
            emit) words="$event $send --watch --watch-limit --strict" ;;
            run) words="$send --" ;;
            explain) words="$event $send --json" ;;
            id) words='--app --reset --help' ;;
            forget) words='--app --endpoint --cacert --deadline --erase-endpoint --help' ;;
            enable | disable) words='--app --help' ;;
            esac
        fi
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _footfall footfall
