# fish completion for footfall; the words are checked against the option table by a test.
set -l commands emit run explain id forget enable disable
set -l sends 'emit run explain'
complete -c footfall -f
complete -c footfall -n "not __fish_seen_subcommand_from $commands" -a "$commands"
complete -c footfall -n "not __fish_seen_subcommand_from $commands" -l version
complete -c footfall -l help
complete -c footfall -n "__fish_seen_subcommand_from $commands" -l app -x
complete -c footfall -n "__fish_seen_subcommand_from emit explain" -a "install_start install_complete install_failed"
complete -c footfall -n "__fish_seen_subcommand_from $sends forget" -l endpoint -x
complete -c footfall -n "__fish_seen_subcommand_from $sends forget" -l cacert -r -F
complete -c footfall -n "__fish_seen_subcommand_from $sends forget" -l deadline -x
complete -c footfall -n "__fish_seen_subcommand_from $sends" -l release -x
complete -c footfall -n "__fish_seen_subcommand_from $sends" -l method -x -a "shell powershell deb rpm apk pacman brew npm pip scoop choco winget other"
complete -c footfall -n "__fish_seen_subcommand_from $sends" -l platform -x
complete -c footfall -n "__fish_seen_subcommand_from $sends" -l run -x
complete -c footfall -n "__fish_seen_subcommand_from $sends" -l no-telemetry
complete -c footfall -n "__fish_seen_subcommand_from $sends" -l allow-ci
complete -c footfall -n "__fish_seen_subcommand_from $sends" -l consent -x -a opt-in
complete -c footfall -n "__fish_seen_subcommand_from emit" -l watch
complete -c footfall -n "__fish_seen_subcommand_from emit" -l watch-limit -x
complete -c footfall -n "__fish_seen_subcommand_from emit" -l strict
complete -c footfall -n "__fish_seen_subcommand_from explain" -l json
complete -c footfall -n "__fish_seen_subcommand_from id" -l reset
complete -c footfall -n "__fish_seen_subcommand_from forget" -l erase-endpoint -x
