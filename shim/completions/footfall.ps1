# PowerShell completion for footfall: dot-source it in $PROFILE. The words are checked against the option table by a test.
Register-ArgumentCompleter -Native -CommandName footfall -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $send = '--app', '--endpoint', '--release', '--method', '--platform', '--run', '--cacert', '--deadline',
        '--no-telemetry', '--allow-ci', '--consent', '--help'
    $events = 'install_start', 'install_complete', 'install_failed'
    $given = @($commandAst.CommandElements | ForEach-Object { "$_" })
    $words = switch ($given[1]) {
        'emit' { $events + $send + '--watch', '--watch-limit', '--strict' }
        'run' { $send + '--' }
        'explain' { $events + $send + '--json' }
        'id' { '--app', '--reset', '--help' }
        'forget' { '--app', '--endpoint', '--cacert', '--deadline', '--erase-endpoint', '--help' }
        { $_ -in 'enable', 'disable' } { '--app', '--help' }
        default { 'emit', 'run', 'explain', 'id', 'forget', 'enable', 'disable', '--help', '--version' }
    }
    $words | Where-Object { $_ -like "$wordToComplete*" } | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterName', $_)
    }
}
