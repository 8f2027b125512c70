# Installs this project's programs; --help says how. For Windows PowerShell 5.1 and PowerShell 7, on
# Windows, Linux and macOS.
#
# All of it is one statement, so that a download that was cut short runs nothing; its inner block
# keeps variables and preferences to itself; and nothing here says `exit`, which would close the
# window of whoever typed `irm ... | iex`.
if ($true) { & {
# >>> settings: all that scripts/render-installers fills in
$app = 'footfall'
$name = 'Footfall'
$prefix = 'FOOTFALL'
$release = 'v0.1.0'
$download_url = 'https://footfall.example/dl'
$artifact = 'footfall-{platform}.tar.gz'
$binaries = 'footfall'
$optional_binaries = 'footfall-collector'
$sha256sums = ''
$minisign_key = ''
$modify_path = 'no'
$footfall_app = 'footfall'
$footfall_name = 'Footfall'
$footfall_prefix = 'FOOTFALL'
$footfall_release = 'v0.1.0'
$footfall_endpoint = ''
$footfall_privacy_url = ''
$footfall_shim_url = ''
$footfall_shims = ''
$footfall_ci = ''
# <<< settings

# >>> footfall telemetry: one install_start and one outcome for each run, see the notice it prints
# It reads the $footfall_* settings and never fails, nor prints, save for its one line of notice.
#   Enter-Footfall $args      where installing begins
#   Complete-Footfall         at success, before the last line is printed
#   Exit-Footfall             first of all in a `finally` around the whole
$footfall = @{ state = 'off'; platform = '' } # off, running, stated; and what the shim is called with
$footfall_install_folder = '' # yours to fill in: one more place where a program may run

# Reads a variable's value as shim/spec/optout.tsv does: none, yes, no or odd. Words are compared
# byte by byte, not as the user's language does.
function Read-FootfallValue([string]$Value) {
    $word = $Value.Trim([char[]]" `t`n`v`f`r").ToLowerInvariant()
    if ($word -eq '') { return 'none' }
    if ([Array]::IndexOf(('0', 'false', 'no', 'off', 'n', 'f'), $word) -ge 0) { return 'no' }
    if ([Array]::IndexOf(('1', 'true', 'yes', 'on', 'y', 't', 'enable', 'enabled'), $word) -ge 0) { return 'yes' }
    return 'odd'
}

function Read-FootfallVariable([string]$Variable) {
    return Read-FootfallValue ([Environment]::GetEnvironmentVariable($Variable))
}

# Is this continuous integration, and nobody said that it may count?
function Test-FootfallCi {
    if ((Read-FootfallVariable 'FOOTFALL_ALLOW_CI') -eq 'yes') { return $false }
    switch (Read-FootfallVariable 'CI') {
        'no' { return $false }
        'none' { break }
        default { return $true }
    }
    foreach ($variable in -split $footfall_ci) {
        if ($variable -ne 'CI' -and [Environment]::GetEnvironmentVariable($variable)) { return $true }
    }
    return $false
}

# Has this machine's administrator, or this user earlier, switched telemetry off?
function Test-FootfallSwitchedOff {
    $windows = [IO.Path]::DirectorySeparatorChar -eq '\'
    $machine = if ($windows) { $env:ProgramData } else { '/etc' }
    $owner = if ($windows) { $env:USERPROFILE } else { $env:HOME }
    foreach ($folder in $footfall_app, 'footfall') {
        $switch = "$machine/$folder/no-telemetry"
        if ([IO.File]::Exists($switch) -or [IO.Directory]::Exists($switch)) { return $true }
    }
    if ((Read-FootfallVariable "${footfall_prefix}_TELEMETRY") -eq 'yes' -or -not $owner) { return $false }
    $choice = [IO.FileInfo]"$owner/.$footfall_app/telemetry"
    $kind = [int]$choice.Attributes
    if ($kind -eq -1) { return $false } # there is none
    # A link is somebody else's file. What has no length may be a FIFO: opening it would wait.
    if ($kind -band ([IO.FileAttributes]::Directory -bor [IO.FileAttributes]::ReparsePoint)) { return $true }
    if ($choice.Length -eq 0 -or $choice.Length -gt 256) { return $true }
    return (Read-FootfallValue ([IO.File]::ReadAllText($choice.FullName))) -ne 'yes'
}

# The contract's gates, as far as they can be asked without the shim; the shim asks them again.
function Test-FootfallAllowed([object[]]$Arguments) {
    foreach ($argument in $Arguments) {
        if ("$argument" -match '^--?no-?telemetry\b') { return $false }
    }
    foreach ($variable in 'FOOTFALL_NO_TELEMETRY', 'DO_NOT_TRACK', 'NO_TELEMETRY',
        "${footfall_prefix}_NO_TELEMETRY", "${footfall_prefix}_DEV") {
        if (@('yes', 'odd') -contains (Read-FootfallVariable $variable)) { return $false }
    }
    if (@('no', 'odd') -contains (Read-FootfallVariable "${footfall_prefix}_TELEMETRY")) { return $false }
    if ($footfall_release -match '^(dev|0\.0\.0-dev|.*-dirty)$') { return $false }
    if (-not $footfall_endpoint -and -not $env:FOOTFALL_ENDPOINT) { return $false }
    return -not (Test-FootfallCi) -and -not (Test-FootfallSwitchedOff)
}

# Names the machine as the shims are named: by kernel and machine, whatever this process was built
# for. An emulated one is told another machine by its environment than the registry knows.
function Get-FootfallPlatform {
    if ($footfall.platform) { return $footfall.platform }
    if ([IO.Path]::DirectorySeparatorChar -eq '\') {
        $machine = $env:PROCESSOR_ARCHITEW6432
        if (-not $machine) {
            $key = 'HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Session Manager\Environment'
            $machine = [Microsoft.Win32.Registry]::GetValue($key, 'PROCESSOR_ARCHITECTURE', $null)
        }
        if (-not $machine) { $machine = $env:PROCESSOR_ARCHITECTURE }
        $kernel = 'windows'
    } else {
        $kernel, $machine = -split (uname -sm)
        $kernel = $kernel.ToLowerInvariant()
        if ($kernel -eq 'darwin') {
            $kernel = 'macos'
            if ((sysctl -n hw.optional.arm64) -eq '1') { $machine = 'aarch64' }
        }
    }
    switch -Regex ($machine) {
        '^(amd64|x64)$' { $machine = 'x86_64' }
        '^arm64$' { $machine = 'aarch64' }
        '^armv(7.*|8l)$' { $machine = 'armv7' }
        '^(i[3-6]86|x86|i86pc)$' { $machine = 'i686' }
    }
    $footfall.platform = "$kernel-$machine"
    return $footfall.platform
}

# The shim, sending one event; throws if it cannot be started.
function Open-FootfallShim([string]$Program, [string]$Words) {
    $start = [Diagnostics.ProcessStartInfo]::new($Program)
    $start.Arguments = "emit $Words --app $($footfall.app) --endpoint $($footfall.endpoint)" +
        " --release $($footfall.release) --method powershell --platform $($footfall.platform) $($footfall.run)"
    $start.WorkingDirectory = [IO.Path]::GetTempPath()
    $start.UseShellExecute = $false
    $start.CreateNoWindow = $true
    $start.RedirectStandardInput = $start.RedirectStandardOutput = $start.RedirectStandardError = $true
    return [Diagnostics.Process]::Start($start)
}

# Beside the real work, in a process of its own that is told the private folder: fetches the shim,
# has it send the start, and the outcome if that is known by then. The installer and this each put
# their half down (`install_complete` or `install_failed`, and `ready`) before they look for the
# other's: one of them sees both, and when both do, the file `claimed` decides. Started once more
# after that, it sees to the shim's end and removes what is left.
$footfall_helper = {
    $ErrorActionPreference = 'Stop'
    $folder = [IO.Path]::Combine([Environment]::CurrentDirectory, $args[0])
    $footfall = @{}
    foreach ($line in [IO.File]::ReadAllLines("$folder/settings")) {
        $key, $value = $line -split '=', 2
        $footfall[$key] = $value
    }

    function Clear-Folder([string[]]$Folders) {
        foreach ($each in $Folders) {
            for ($turn = 0; $turn -lt 150 -and [IO.Directory]::Exists($each); $turn++) {
                if ($turn -gt 0) { Start-Sleep -Milliseconds 100 }
                try { [IO.Directory]::Delete($each, $true) } catch { continue }
            }
        }
    }

    function Get-Outcome {
        foreach ($outcome in 'install_complete', 'install_failed') {
            if ([IO.File]::Exists("$folder/$outcome")) { return $outcome }
        }
    }

    # Did the shim end well? It gets ten seconds.
    function Test-End([Diagnostics.Process]$Process) {
        if ($Process.WaitForExit(10000)) { return $Process.ExitCode -eq 0 }
        $Process.Kill()
        return $false
    }

    # The shim's bytes; throws unless they are what was promised. A name server that says nothing
    # holds up the task alone, and this process ends without it.
    function Receive-Shim {
        $null = [Reflection.Assembly]::LoadWithPartialName('System.Net.Http')
        $protocols = [Net.ServicePointManager]::SecurityProtocol
        if ([int]$protocols -ne 0) { [Net.ServicePointManager]::SecurityProtocol = $protocols -bor 3072 }
        $client = New-Object Net.Http.HttpClient
        $client.MaxResponseContentBufferSize = 16MB
        $task = $client.GetByteArrayAsync($footfall.url)
        if (-not $task.Wait(60000)) { throw 'late' }
        $hash = [Security.Cryptography.SHA256]::Create().ComputeHash($task.Result)
        if ([BitConverter]::ToString($hash).Replace('-', '') -ne $footfall.sum) { throw 'not ours' }
        return , $task.Result
    }

    # Folders that may hold the shim, most wanted first: a temporary folder may be full or noexec.
    function Get-Place {
        $base = [IO.Path]::GetFileName($folder)
        $folder
        if ($footfall.suffix) { return }
        if ($env:XDG_RUNTIME_DIR) { "$env:XDG_RUNTIME_DIR/$base" }
        # Root in somebody else's home leaves nothing there.
        if ($env:HOME -and (find "$env:HOME/." -prune -user (id -u))) { "$env:HOME/.$($footfall.app)/$base" }
        if ([IO.Directory]::Exists($footfall.install)) { "$($footfall.install)/.$base" }
    }

    # When the installer is gone, there is nobody to watch: it has stated its outcome or never will.
    function Send-Start([string]$Program) {
        $watch = ''
        if (-not (Get-Outcome)) {
            try {
                $null = [Diagnostics.Process]::GetProcessById($footfall.pid)
                $watch = "--watch $($footfall.pid)"
            } catch { [IO.File]::WriteAllText("$folder/install_failed", '') }
        }
        return Test-End (Open-FootfallShim $Program "install_start $watch")
    }

    # Puts the shim where it can be run and has it send the start; its folder, or nothing.
    function Install-Shim {
        $bytes = Receive-Shim
        foreach ($place in Get-Place) {
            $program = "$place/footfall$($footfall.suffix)"
            try {
                $null = [IO.Directory]::CreateDirectory($place)
                [IO.File]::WriteAllBytes($program, $bytes)
                if (-not $footfall.suffix) { chmod 700 $place $program }
                if (Send-Start $program) { return $place }
            } catch { $null = $_ }
            if ($place -ne $folder) { Clear-Folder $place }
        }
    }

    $place = ''
    if ([IO.File]::Exists("$folder/claimed")) {
        $shim = [Diagnostics.Process]::GetProcesses() | Where-Object Id -EQ ([IO.File]::ReadAllText("$folder/claimed"))
        if ($shim) { $null = Test-End $shim }
        Clear-Folder ([IO.File]::ReadAllText("$folder/ready")), $folder
        return
    }
    try { $place = Install-Shim } catch { $null = $_ }
    if (-not $place) {
        Clear-Folder $folder
        return
    }
    # Never half a `ready`.
    [IO.File]::WriteAllText("$folder/ready.new", $place)
    [IO.File]::Move("$folder/ready.new", "$folder/ready")
    $outcome = Get-Outcome
    if (-not $outcome) { return }
    try { [IO.File]::Open("$folder/claimed", 'CreateNew').Dispose() } catch { return }
    $null = Test-End (Open-FootfallShim "$place/footfall$($footfall.suffix)" $outcome)
    Clear-Folder $place, $folder
}

# Starts the helper so that nobody waits for it: with no stream of ours, so that a pipe ends when
# we end; with no console or terminal of ours, so that neither Ctrl-C nor a closed window hits it.
function Invoke-FootfallHelper {
    $windows = [IO.Path]::DirectorySeparatorChar -eq '\'
    $shell = ''
    foreach ($file in 'pwsh', 'pwsh.exe', 'powershell.exe') {
        if ([IO.File]::Exists("$PSHOME/$file")) {
            $shell = [IO.Path]::Combine($PSHOME, $file)
            break
        }
    }
    if (-not $shell) { $shell = [Diagnostics.Process]::GetCurrentProcess().MainModule.FileName }
    $base = [IO.Path]::GetFileName($footfall.folder)
    $words = '-NoLogo -NoProfile -NonInteractive -Command' +
        " `"& ([scriptblock]::Create([IO.File]::ReadAllText('$base/helper.ps1'))) $base`""
    $start = [Diagnostics.ProcessStartInfo]::new()
    $start.WorkingDirectory = [IO.Path]::GetDirectoryName($footfall.folder) # itself, it could not be removed
    if ($windows) {
        # Only what the system's shell starts inherits no handle.
        $start.FileName = $shell
        $start.Arguments = $words
        $start.UseShellExecute = $true
        $start.WindowStyle = 'Hidden'
    } else {
        $start.FileName = '/bin/sh'
        $start.Arguments = '-c "trap \"\" HUP INT QUIT TERM' +
            '; exec </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-' +
            '; command -v setsid && set -- setsid \"$@\"' +
            '; command -v nice && set -- nice \"$@\"' +
            '; POWERSHELL_TELEMETRY_OPTOUT=1 POWERSHELL_UPDATECHECK=Off \"$@\" &"' +
            " sh `"$shell`" $words"
        $start.UseShellExecute = $false
        $start.RedirectStandardInput = $start.RedirectStandardOutput = $start.RedirectStandardError = $true
    }
    $process = [Diagnostics.Process]::Start($start)
    if ($process) { $process.Dispose() }
}

# The private folder, for this user alone, with all that the helper is told. A temporary folder may
# be full or missing.
function Initialize-FootfallFolder {
    $base = 'footfall.' + [Guid]::NewGuid().ToString('N')
    $footfall.run = if ($env:FOOTFALL_RUN) { '' } else { "--run $base.$PID" }
    $footfall.app = $footfall_app
    $footfall.endpoint = $footfall_endpoint
    if (-not $footfall_endpoint) { $footfall.endpoint = 'https://unset' } # the variable wins over it
    $footfall.release = "$footfall_release" -replace '[^A-Za-z0-9._+-]'
    if (-not $footfall.release) { $footfall.release = 'unknown' }
    $footfall.install = $footfall_install_folder
    $footfall.pid = $PID
    $lines = foreach ($key in $footfall.Keys) { "$key=$($footfall[$key])" }
    $places = [IO.Path]::GetTempPath(), '/tmp', $env:XDG_RUNTIME_DIR, '/var/tmp'
    if ($footfall.suffix) { $places = [IO.Path]::GetTempPath(), $env:LOCALAPPDATA }
    foreach ($place in $places) {
        if (-not $place -or -not [IO.Directory]::Exists($place)) { continue }
        $folder = [IO.Path]::Combine($place, $base)
        try {
            if ($footfall.suffix -or $PSVersionTable.PSVersion -lt [Version]'7.3') {
                $null = [IO.Directory]::CreateDirectory($folder)
            } else {
                $null = [IO.Directory]::CreateDirectory($folder, 448) # rwx------
            }
            [IO.File]::WriteAllLines("$folder/settings", [string[]]$lines)
            [IO.File]::WriteAllText("$folder/helper.ps1",
                "function Open-FootfallShim {${function:Open-FootfallShim}}`n$footfall_helper")
            $footfall.folder = $folder
            return
        } catch { if ([IO.Directory]::Exists($folder)) { [IO.Directory]::Delete($folder, $true) } }
    }
    throw 'no place'
}

# Can the shim be had here? Where from, and its checksum.
function Find-FootfallShim {
    $footfall.platform = Get-FootfallPlatform
    $footfall.suffix = if ($footfall.platform -like 'windows-*') { '.exe' } else { '' }
    $place = if ($env:FOOTFALL_SHIM_URL) { $env:FOOTFALL_SHIM_URL } else { $footfall_shim_url }
    $footfall.url = "$place/footfall-$($footfall.platform)$($footfall.suffix)"
    $footfall.sum = ''
    foreach ($item in -split $footfall_shims) {
        $platform, $sum = $item -split '=', 2
        if ($platform -eq $footfall.platform) { $footfall.sum = $sum }
    }
    return $footfall.sum -and $footfall.url -match '^(https://|http://(127\.0\.0\.1|localhost|\[::1\])[:/])'
}

function Enter-Footfall([object[]]$Arguments) {
    $ErrorActionPreference = 'Stop'
    if ($footfall.state -ne 'off') { return }
    try {
        if (-not (Test-FootfallAllowed $Arguments) -or -not (Find-FootfallShim)) { return }
        Initialize-FootfallFolder
        Write-Host ("$footfall_name sends one anonymous event when this install starts and one when it ends " +
            "($footfall_privacy_url). To switch that off: `$env:${footfall_prefix}_NO_TELEMETRY=1; irm ... | iex" +
            ', or: ./install.ps1 --no-telemetry')
        $footfall.state = 'running'
        Invoke-FootfallHelper
    } catch { $footfall.state = 'off' }
}

# The first process of a container takes all others with it when it ends, and so does its child.
function Test-FootfallLast {
    if ($PID -eq 1) { return $true }
    if (-not [IO.File]::Exists("/proc/$PID/stat")) { return $false }
    return (-split ([IO.File]::ReadAllText("/proc/$PID/stat") -replace '^.*\)'))[1] -eq '1'
}

# Nothing may be printed here: after Ctrl-C, a write to a stream would end it.
function Submit-FootfallOutcome([string]$Outcome) {
    $ErrorActionPreference = 'Stop'
    if ($footfall.state -ne 'running') { return }
    $footfall.state = 'stated'
    $folder = $footfall.folder
    try {
        if (-not [IO.Directory]::Exists($folder)) { return }
        [IO.File]::WriteAllText("$folder/$Outcome", '')
        if (-not [IO.File]::Exists("$folder/ready")) {
            # Only where the helper would be lost is it waited for, one second at most.
            for ($turn = 0; $turn -lt 10 -and [IO.Directory]::Exists($folder) -and (Test-FootfallLast); $turn++) {
                [Threading.Thread]::Sleep(100)
            }
            return
        }
        [IO.File]::Open("$folder/claimed", 'CreateNew').Dispose()
        $place = [IO.File]::ReadAllText("$folder/ready")
        $shim = Open-FootfallShim "$place/footfall$($footfall.suffix)" $Outcome
        $limit = if (Test-FootfallLast) { 1500 } else { 20 }
        if ($shim.WaitForExit($limit) -and -not $footfall.suffix) {
            [IO.Directory]::Delete($place, $true)
            if ($place -ne $folder) { [IO.Directory]::Delete($folder, $true) }
            return
        }
        # On Windows a program cannot be removed while it runs, and the sender still does.
        [IO.File]::WriteAllText("$folder/claimed", "$($shim.Id)")
        Invoke-FootfallHelper
    } catch { $null = $_ }
}

function Complete-Footfall { Submit-FootfallOutcome 'install_complete' }

function Exit-Footfall { Submit-FootfallOutcome 'install_failed' }
# when pasted: # Put these lines round your installer:
# when pasted: #   try {
# when pasted: #       Enter-Footfall $args
# when pasted: #       ... all it does; and where it has succeeded, before its last line of output:
# when pasted: #       Complete-Footfall
# when pasted: #   } finally { Exit-Footfall }
# <<< footfall telemetry

function Write-Usage {
    Write-Host @"
Installs ${name}: $binaries.

    irm URL/install.ps1 | iex
    & ([scriptblock]::Create((irm URL/install.ps1))) [OPTION...]
    ./install.ps1 [OPTION...]

  --version TAG        install this release            (${prefix}_VERSION; now: $release)
  --dir FOLDER         install into this folder        (${prefix}_INSTALL_DIR; now: $($job.folder))
  --modify-path        put the folder on your PATH
  --no-modify-path     only say how to do that         (${prefix}_NO_MODIFY_PATH=1)
  -y, --yes            yes to all there is to ask: the same as --modify-path
  --dry-run            say what would be done, and do nothing
  --uninstall          remove the programs, and the folder from PATH
  --no-telemetry       send no event                   (${prefix}_NO_TELEMETRY=1, DO_NOT_TRACK=1)
  -q, --quiet          print errors alone
  -v, --verbose        print each step
  -h, --help           print this

Options may also be spelled as PowerShell does: -Version TAG, -NoTelemetry.
${prefix}_DOWNLOAD_URL names another place to download from.
"@
}

function Write-Line([string[]]$Lines) { if ($job.loudness -ne 'quiet') { Write-Host ($Lines -join "`n") } }
function Write-Detail([string]$Line) { if ($job.loudness -eq 'verbose') { Write-Host $Line } }

# PowerShell prints an error of this id as it is, without the place in the script.
function Fail {
    $message = "${app}: error: $($args -join "`n  ")"
    throw (New-Object Management.Automation.ErrorRecord (New-Object Exception $message),
        'NativeCommandErrorMessage', 'NotSpecified', $null)
}

function Read-Environment {
    $job.pinned = [Environment]::GetEnvironmentVariable("${prefix}_VERSION")
    $job.folder = [Environment]::GetEnvironmentVariable("${prefix}_INSTALL_DIR")
    $place = [Environment]::GetEnvironmentVariable("${prefix}_DOWNLOAD_URL")
    if ($place) { $job.url = $place }
    $job.path_forbidden = [bool][Environment]::GetEnvironmentVariable("${prefix}_NO_MODIFY_PATH")
    if ($job.path_forbidden) { $job.modify_path = $false }
    if (-not $job.folder -and $job.windows) { $job.folder = "$env:LOCALAPPDATA\Programs\$app" }
    elseif (-not $job.folder -and $env:HOME) { $job.folder = "$env:HOME/.local/bin" }
}

# --no-telemetry, -NoTelemetry and -notelemetry are one; a value follows, or stands behind = or :.
function Read-Argument([object[]]$Words) {
    for ($at = 0; $at -lt $Words.Count; $at++) {
        $option, $value = "$($Words[$at])" -split '(?<=^-[^=:]*)[=:]', 2
        $option = $option -replace '(?<!^)-'
        if (@('-version', '-dir', '-installdir') -contains $option -and -not $value) {
            $at++
            if ($at -ge $Words.Count) { Fail "$($Words[-1]) needs a value" '--help shows what it looks like' }
            $value = "$($Words[$at])"
        }
        switch ($option) {
            '-version' { $job.pinned = $value }
            { @('-dir', '-installdir') -contains $_ } { $job.folder = $value }
            '-modifypath' { $job.modify_path = $true }
            { @('-y', '-yes') -contains $_ } { $job.modify_path = -not $job.path_forbidden }
            '-nomodifypath' { $job.modify_path = $false }
            '-dryrun' { $job.action = 'describe' }
            '-uninstall' { $job.action = 'uninstall' }
            '-notelemetry' { } # the telemetry block looks for it by itself
            { @('-q', '-quiet') -contains $_ } { $job.loudness = 'quiet' }
            { @('-v', '-verbose') -contains $_ } { $job.loudness = 'verbose' }
            { @('-h', '-help', '-?') -contains $_ } { $job.action = 'usage' }
            default { Fail "unknown option: $($Words[$at])" '--help lists those there are' }
        }
    }
}

function Assert-Setting {
    if (-not $job.folder) {
        Fail 'HOME is not set, so there is no folder to install into' `
            "name one with --dir FOLDER or ${prefix}_INSTALL_DIR"
    }
    $job.folder = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($job.folder)
    if ($job.pinned -and $job.pinned -cne $job.release) {
        $job.release = $job.pinned
        $job.sums = '' # those baked in belong to another release
    }
    if ($job.release -notmatch '^[A-Za-z0-9._+-]+$') {
        Fail "no release can be called $($job.release)" 'name a tag, such as v1.2.3'
    }
}

# What may run here, best first; which of them exist, the list of checksums knows. A 64-bit kernel
# may carry a 32-bit system, and newer machines of some systems run programs for older ones.
function Get-Candidate {
    switch -Regex ($job.platform) {
        '^linux-' {
            if ([IntPtr]::Size -eq 4) {
                $job.platform = $job.platform -replace 'x86_64', 'i686' -replace 'aarch64', 'armv7'
            }
            $musl, $gnu = "$($job.platform)-musl", "$($job.platform)-gnu"
            if ((Test-Path '/lib/ld-musl-*') -and -not (Test-Path '/lib*/ld-linux*')) { $musl, $job.platform }
            else { $gnu, $job.platform, $musl }
        }
        '^macos-aarch64$' { $job.platform, 'macos-universal', 'macos-x86_64' }
        '^macos-x86_64$' { $job.platform, 'macos-universal' }
        '^windows-aarch64$' { $job.platform, 'windows-x86_64', 'windows-i686' }
        '^windows-x86_64$' { $job.platform, 'windows-i686' }
        default { $job.platform }
    }
}

function Get-ArtifactName([string]$Platform) {
    $text = $artifact
    $extension = 'tar.gz'
    if ($Platform -like 'windows-*') {
        $extension = 'zip'
        $text = $text -replace '\.tar\.gz$', '.zip'
    }
    return $text.Replace('{platform}', $Platform).Replace('{release}', $job.release).Replace('{ext}', $extension)
}

function Assert-Url([string]$Url) {
    if ($Url -match '^https://') { return }
    if ($Url -match '^http://[^/]*@') { Fail "a user name in a plain http address: $Url" 'leave it out' }
    if ($Url -notmatch '^http://(127\.0\.0\.1|localhost|\[::1\])[:/]') {
        Fail "$Url is not https" 'downloads come over https; plain http is for this machine alone'
    }
}

# A server that goes silent is given up, as far as this version of PowerShell knows how to.
function Save-Url([string]$Url, [string]$File, [string[]]$Advice) {
    Assert-Url $Url
    Write-Detail "downloading $Url"
    $limits = @{}
    if ((Get-Command Invoke-WebRequest).Parameters.ContainsKey('OperationTimeoutSeconds')) {
        $limits = @{ ConnectionTimeoutSeconds = 20; OperationTimeoutSeconds = 20 }
    } elseif ($PSVersionTable.PSVersion.Major -lt 6) {
        $limits = @{ TimeoutSec = 20 }
    }
    try { Invoke-WebRequest -UseBasicParsing -Uri $Url -OutFile $File @limits }
    catch { Fail "could not download $Url" $_.Exception.Message @Advice }
}

function Read-Checksum {
    if (-not $job.sums) {
        $list = "$($job.url)/$($job.release)/SHA256SUMS"
        $file = "$($job.work)/SHA256SUMS"
        Save-Url $list $file "is there a release called $($job.release)? is the network up?"
        if ($minisign_key -and (Get-Command minisign -ErrorAction Ignore)) {
            Save-Url "$list.minisig" "$file.minisig" 'the list of checksums is not signed'
            $null = minisign -Vqm $file -P $minisign_key
            if ($LASTEXITCODE -ne 0) { Fail "the signature of $list is wrong" 'nothing was installed' }
        }
        $job.sums = foreach ($line in [IO.File]::ReadAllLines($file)) {
            $sum, $entry = -split $line
            if ($entry) { "$($entry -replace '^\*')=$sum" }
        }
    }
    $sums = @{}
    foreach ($item in -split $job.sums) {
        $entry, $sum = $item -split '=', 2
        $sums[$entry] = $sum
    }
    return $sums
}

function Select-Artifact {
    $sums = Read-Checksum
    foreach ($candidate in Get-Candidate) {
        $job.file = Get-ArtifactName $candidate
        $job.sum = $sums[$job.file]
        if ($job.sum) { return }
    }
    $known = if ($sums.Count) { ($sums.Keys | Sort-Object) -join ' ' } else { 'none' }
    Fail "there is no build of $name $($job.release) for $($job.platform)" "there are: $known"
}

function Get-Sha256([string]$File) {
    $stream = [IO.File]::OpenRead($File)
    try { $hash = [Security.Cryptography.SHA256]::Create().ComputeHash($stream) } finally { $stream.Dispose() }
    return [BitConverter]::ToString($hash).Replace('-', '').ToLowerInvariant()
}

function Save-Artifact {
    $url = "$($job.url)/$($job.release)/$($job.file)"
    Write-Line "downloading $name $($job.release) for $($job.platform)"
    Save-Url $url "$($job.work)/$($job.file)" `
        "is there a release called $($job.release)? is the network up? is the disk full?"
    $actual = Get-Sha256 "$($job.work)/$($job.file)"
    if ($actual -ne $job.sum) {
        Fail "the checksum of $url is wrong; nothing was installed" "expected $($job.sum)" "received $actual"
    }
    Write-Detail "checksum verified: $($job.sum)"
}

# Not Expand-Archive: in Windows PowerShell it is a script, which the execution policy may forbid.
function Expand-Artifact {
    $file, $folder = "$($job.work)/$($job.file)", "$($job.work)/unpacked"
    $null = New-Item -ItemType Directory $folder
    if ($file -like '*.zip') {
        Add-Type -AssemblyName System.IO.Compression.FileSystem
        try { [IO.Compression.ZipFile]::ExtractToDirectory($file, $folder) }
        catch { Fail "could not unpack $($job.file)" $_.Exception.Message }
    } elseif ($file -match '\.(tar\.gz|tgz|tar\.xz)$') {
        if (-not (Get-Command tar -ErrorAction Ignore)) {
            Fail 'tar is needed and not here' 'install the package that has it, such as: apt-get install tar'
        }
        tar -xf $file -C $folder
        if ($LASTEXITCODE -ne 0) { Fail "could not unpack $($job.file)" "is there room in $($job.work)?" }
    } else {
        Copy-Item $file "$folder/$(Get-ProgramName $binaries)"
    }
}

function Get-ProgramName([string]$Binary) {
    if ($job.windows -and $Binary -notlike '*.exe') { return "$Binary.exe" }
    return $Binary
}

# A program that runs can be renamed on Windows, but neither removed nor replaced; what was renamed
# by an earlier run goes now, if it has ended.
function Move-Away([string]$Target) {
    Remove-Item "$Target.*.old" -Force -ErrorAction Ignore
    $away = "$Target.$($job.mark).old"
    [IO.File]::Move($Target, $away)
    Remove-Item -LiteralPath $away -Force -ErrorAction Ignore
    return $away
}

# The new program was copied beside its place: nobody ever sees half of one.
function Move-IntoPlace([string]$Target) {
    $new = "$Target.$($job.mark).new"
    if (-not $job.windows) {
        chmod 755 $new
        [IO.File]::Move($new, $Target, $true)
        return
    }
    $away = if (Test-Path -LiteralPath $Target) { Move-Away $Target }
    try { [IO.File]::Move($new, $Target) }
    catch {
        if ($away -and [IO.File]::Exists($away)) { [IO.File]::Move($away, $Target) }
        throw
    }
}

function Install-Program {
    $change = 'installed'
    try {
        $null = [IO.Directory]::CreateDirectory($job.folder)
        $targets = foreach ($binary in -split "$binaries $optional_binaries") {
            $leaf = Get-ProgramName $binary
            $found = @(Get-ChildItem -LiteralPath "$($job.work)/unpacked" -Recurse -Force |
                    Where-Object { -not $_.PSIsContainer -and $_.Name -eq $leaf })
            if (-not $found) {
                if ((-split $optional_binaries) -contains $binary) { continue }
                Fail "$($job.file) holds no $leaf" 'nothing was installed'
            }
            $job.programs += " $binary"
            $target = Join-Path $job.folder $leaf
            if (Test-Path -LiteralPath $target) { $change = 'upgraded' }
            [IO.File]::Copy($found[0].FullName, "$target.$($job.mark).new")
            $target
        }
        foreach ($target in $targets) {
            Move-IntoPlace $target
            Write-Detail "$change $target"
        }
    } catch [UnauthorizedAccessException], [IO.IOException] {
        Fail "cannot write to $($job.folder)" $_.Exception.Message `
            "choose a folder of yours: --dir FOLDER or ${prefix}_INSTALL_DIR"
    }
    return $change
}

# The user's PATH as it is stored, with names such as %USERPROFILE% in it not replaced.
function Get-UserPath {
    $key = [Microsoft.Win32.Registry]::CurrentUser.OpenSubKey('Environment')
    if ($null -eq $key) { return '' }
    try { return [string]$key.GetValue('Path', '', 'DoNotExpandEnvironmentNames') } finally { $key.Dispose() }
}

function Save-UserPath([string]$Path) {
    $key = [Microsoft.Win32.Registry]::CurrentUser.CreateSubKey('Environment')
    try {
        if ($Path) { $key.SetValue('Path', $Path, 'ExpandString') } else { $key.DeleteValue('Path', $false) }
    } finally { $key.Dispose() }
    # Tells running programs, the Explorer above all: the removal of any variable does, there or not.
    [Environment]::SetEnvironmentVariable("${prefix}_PATH_CHANGED", [NullString]::Value, 'User')
}

# The start-up files that are there, and .profile, which every login shell but zsh reads.
function Get-Profile {
    "$env:HOME/.profile"
    foreach ($file in '.bashrc', '.bash_profile', '.zshrc') {
        if (Test-Path -LiteralPath "$env:HOME/$file") { "$env:HOME/$file" }
    }
}

function Add-ToPath {
    $folder = $job.folder
    if ($env:PATH.Split([IO.Path]::PathSeparator) -contains $folder) { return }
    $advice = "`$env:PATH = '$($folder.Replace("'", "''"))$([IO.Path]::PathSeparator)' + `$env:PATH"
    if (-not $job.modify_path -or (-not $job.windows -and (-not $env:HOME -or $folder -match '["$`\\]'))) {
        Write-Line "$folder is not on your PATH. To put it there: --modify-path, or for this session:", "    $advice"
        return
    }
    if ($job.windows) {
        $path = Get-UserPath
        if ($path.Split(';') -notcontains $folder) { Save-UserPath "$folder;$path".TrimEnd(';') }
    } else {
        $line = "export PATH=`"${folder}:`$PATH`" # $app"
        foreach ($file in Get-Profile) {
            $there = (Test-Path -LiteralPath $file) -and [IO.File]::ReadAllText($file).Contains($line)
            if (-not $there) { [IO.File]::AppendAllText($file, "`n$line`n") }
        }
    }
    Write-Line "$folder is on the PATH of programs started from now on; for this session: $advice"
}

function Undo-PathChange {
    if ($job.windows) {
        $path = Get-UserPath
        $kept = $path.Split(';') -ne $job.folder -join ';'
        if ($kept -cne $path) { Save-UserPath $kept }
    } elseif ($env:HOME) {
        foreach ($file in Get-Profile) {
            if (-not (Test-Path -LiteralPath $file)) { continue }
            $text = [IO.File]::ReadAllText($file)
            $kept = $text -replace "(?m)^export PATH=.*:\`$PATH`" # $app\r?\n?"
            if ($kept -cne $text) { [IO.File]::WriteAllText($file, $kept) }
        }
    }
}

function Uninstall-Program {
    $removed = foreach ($binary in -split "$binaries $optional_binaries") {
        $target = Join-Path $job.folder (Get-ProgramName $binary)
        if (-not (Test-Path -LiteralPath $target)) { continue }
        try { if ($job.windows) { $null = Move-Away $target } else { [IO.File]::Delete($target) } }
        catch { Fail "cannot remove $target" $_.Exception.Message }
        $binary
    }
    if (-not $removed) { Fail "there is no $name in $($job.folder)" '--dir names another folder' }
    Undo-PathChange
    Write-Line "removed $removed from $($job.folder)"
    if (Test-Path -LiteralPath "$HOME/.$app") { Write-Line "your settings are still in $HOME/.$app" }
}

function Write-Plan {
    $job.file = Get-ArtifactName $job.platform
    if ($job.sums) { Select-Artifact }
    Write-Line "would install $binaries of $name $($job.release) for $($job.platform)",
        "from $($job.url)/$($job.release)/$($job.file)", "into $($job.folder)"
}

function Install-All {
    $job.work = Join-Path ([IO.Path]::GetTempPath()) "$app-install.$($job.mark)"
    $null = New-Item -ItemType Directory $job.work
    Select-Artifact
    Save-Artifact
    Expand-Artifact
    $change = Install-Program
    Complete-Footfall
    Write-Line "$change$($job.programs) $($job.release) in $($job.folder)"
    Add-ToPath
}

# Also after Ctrl-C: prints nothing.
function Clear-Rest {
    if (-not $job.work) { return }
    Remove-Item -LiteralPath $job.work -Recurse -Force -ErrorAction Ignore
    foreach ($binary in -split "$binaries $optional_binaries") {
        $target = Join-Path $job.folder (Get-ProgramName $binary)
        Remove-Item -LiteralPath "$target.$($job.mark).new" -Force -ErrorAction Ignore
    }
}

$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $false # what native commands say is looked at here
Set-StrictMode -Version 3.0
if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
    throw "${app}: error: PowerShell's FullLanguage mode is needed, and this session runs in another;" +
        ' ask who administers this machine'
}
$job = @{
    windows = [IO.Path]::DirectorySeparatorChar -eq '\'
    action = 'install'; loudness = 'normal'; modify_path = $modify_path -eq 'yes'
    release = $release; url = $download_url; sums = $sha256sums
    mark = [Guid]::NewGuid().ToString('N'); work = ''; programs = ''
}
$before = @{
    status = Get-Variable LASTEXITCODE -Scope Global -ValueOnly -ErrorAction Ignore
    protocols = [Net.ServicePointManager]::SecurityProtocol
}
try {
    if ([int]$before.protocols -ne 0) {
        [Net.ServicePointManager]::SecurityProtocol = $before.protocols -bor 3072 # TLS 1.2
    }
    Read-Environment
    Read-Argument $args
    # Windows PowerShell's progress makes a download many times slower.
    if ($PSVersionTable.PSVersion.Major -lt 6 -or $job.loudness -eq 'quiet' -or [Console]::IsOutputRedirected) {
        $ProgressPreference = 'SilentlyContinue'
    }
    Assert-Setting
    $job.platform = Get-FootfallPlatform
    switch ($job.action) {
        'usage' { Write-Usage }
        'describe' { Write-Plan }
        'uninstall' { Uninstall-Program }
        default {
            $footfall_install_folder = $job.folder
            $footfall_release = if ($job.release -eq 'latest') { 'unknown' } else { $job.release }
            Enter-Footfall $args
            Install-All
        }
    }
} finally {
    Exit-Footfall
    Clear-Rest
    [Net.ServicePointManager]::SecurityProtocol = $before.protocols
    $global:LASTEXITCODE = $before.status
}
} @args }
