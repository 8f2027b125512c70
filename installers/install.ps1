# Installs this project's programs; --help says how. For Windows PowerShell 5.1 and PowerShell 7, on
# Windows, Linux and macOS.
#
# All of it is one statement, so that a download that was cut short runs nothing; its inner block
# keeps variables and preferences to itself; and nothing here says `exit`, which would close the
# window of whoever typed `irm ... | iex`. An empty line ends it: `curl ... | pwsh -Command -` waits
# for one before it runs what came.
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
$footfall = [hashtable]::Synchronized(@{ platform = ''; turn = $null; outcome = ''; place = ''; shim = '' })
$footfall_install_folder = '' # yours to fill in: one more place where a program may run

# All that is done beside the installer, in a runspace of its own: asks the gates, fetches the shim,
# has it send the start, waits until the outcome is `stated` and has that sent. An installer that
# ends too early for this leaves the rest to a process of its own, which runs the same functions; one
# that is killed before its shim is there to watch it leaves no event at all.
$footfall_beside = {
    # Reads a variable's value as shim/spec/optout.tsv does: none, yes, no or odd. Words are compared
    # byte by byte, not as the user's language does.
    function Read-FootfallValue([string]$Value) {
        if (-not $Value) { return 'none' }
        $word = $Value.Trim([char[]]" `t`n`v`f`r").ToLowerInvariant()
        if ($word -eq '') { return 'none' }
        if ([Array]::IndexOf(('0', 'false', 'no', 'off', 'n', 'f'), $word) -ge 0) { return 'no' }
        if ([Array]::IndexOf(('1', 'true', 'yes', 'on', 'y', 't', 'enable', 'enabled'), $word) -ge 0) { return 'yes' }
        return 'odd'
    }

    # The runspace (see Enter-Footfall) has no `$env:` and knows no program: this is how it reads a
    # variable, and how it has a program of Unix answer.
    function Get-FootfallVariable([string]$Variable) {
        return [Environment]::GetEnvironmentVariable($Variable)
    }

    function Get-FootfallAnswer([string]$Program, [string[]]$Words) {
        $start = Get-FootfallStart
        $start.FileName = $Program
        foreach ($word in $Words) { $start.ArgumentList.Add($word) }
        return [Diagnostics.Process]::Start($start).StandardOutput.ReadToEnd().Trim()
    }

    function Read-FootfallVariable([string]$Variable) {
        return Read-FootfallValue (Get-FootfallVariable $Variable)
    }

    # How a program is started, in the environment of now: looked at once, it is kept.
    function Get-FootfallStart {
        $start = [Diagnostics.ProcessStartInfo]::new()
        $start.UseShellExecute = $false
        $start.CreateNoWindow = $true
        $start.RedirectStandardInput = $start.RedirectStandardOutput = $start.RedirectStandardError = $true
        $null = $start.EnvironmentVariables
        return $start
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
        $machine = if ($windows) { Get-FootfallVariable 'ProgramData' } else { '/etc' }
        $owner = Get-FootfallVariable $(if ($windows) { 'USERPROFILE' } else { 'HOME' })
        foreach ($folder in $footfall_app, 'footfall') {
            $switch = "$machine/$folder/no-telemetry"
            if ([IO.File]::Exists($switch) -or [IO.Directory]::Exists($switch)) { return $true }
        }
        if ((Read-FootfallVariable "${footfall_prefix}_TELEMETRY") -eq 'yes' -or -not $owner) { return $false }
        $choice = "$owner/.$footfall_app/telemetry"
        if (-not [IO.File]::Exists($choice) -and -not [IO.Directory]::Exists($choice)) { return $false }
        $choice = [IO.FileInfo]$choice
        $kind = [int]$choice.Attributes
        # A link is somebody else's file. What has no length may be a FIFO: opening it would wait.
        if ($kind -band ([IO.FileAttributes]::Directory -bor [IO.FileAttributes]::ReparsePoint)) { return $true }
        if ($choice.Length -eq 0 -or $choice.Length -gt 256) { return $true }
        return (Read-FootfallValue ([IO.File]::ReadAllText($choice.FullName))) -ne 'yes'
    }

    # The contract's gates, as far as they can be asked without the shim; the shim asks them again.
    function Test-FootfallAllowed([object[]]$Arguments) {
        foreach ($argument in $Arguments) {
            if (([string]$argument -replace '(?<!^)-') -match '^-notelemetry\b') { return $false }
        }
        foreach ($variable in 'FOOTFALL_NO_TELEMETRY', 'DO_NOT_TRACK', 'NO_TELEMETRY',
            "${footfall_prefix}_NO_TELEMETRY", "${footfall_prefix}_DEV") {
            if (@('yes', 'odd') -contains (Read-FootfallVariable $variable)) { return $false }
        }
        if (@('no', 'odd') -contains (Read-FootfallVariable "${footfall_prefix}_TELEMETRY")) { return $false }
        if ($footfall_release -match '^(dev|0\.0\.0-dev|.*-dirty)$') { return $false }
        if (-not $footfall_endpoint -and -not (Get-FootfallVariable 'FOOTFALL_ENDPOINT')) { return $false }
        return -not (Test-FootfallCi) -and -not (Test-FootfallSwitchedOff)
    }

    # Names the machine as the shims are named: by kernel and machine, whatever this process was built
    # for. An emulated one is told another machine by its environment than the registry knows.
    function Get-FootfallPlatform {
        if ($footfall.platform) { return $footfall.platform }
        if ([IO.Path]::DirectorySeparatorChar -eq '\') {
            $machine = Get-FootfallVariable 'PROCESSOR_ARCHITEW6432'
            if (-not $machine) {
                $key = 'HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Session Manager\Environment'
                $machine = [Microsoft.Win32.Registry]::GetValue($key, 'PROCESSOR_ARCHITECTURE', $null)
            }
            if (-not $machine) { $machine = Get-FootfallVariable 'PROCESSOR_ARCHITECTURE' }
            $kernel = 'windows'
        } else {
            $kernel, $machine = -split (Get-FootfallAnswer uname '-sm')
            $kernel = $kernel.ToLowerInvariant()
            if ($kernel -eq 'darwin') {
                $kernel = 'macos'
                if ((Get-FootfallAnswer sysctl '-n', 'hw.optional.arm64') -eq '1') { $machine = 'aarch64' }
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

    # Can the shim be had here? Where from, and its checksum.
    function Find-FootfallShim {
        $footfall.platform = Get-FootfallPlatform
        $footfall.suffix = if ($footfall.platform -like 'windows-*') { '.exe' } else { '' }
        $place = Get-FootfallVariable 'FOOTFALL_SHIM_URL'
        if (-not $place) { $place = $footfall_shim_url }
        $footfall.url = "$place/footfall-$($footfall.platform)$($footfall.suffix)"
        $footfall.sum = ''
        foreach ($item in -split $footfall_shims) {
            $platform, $sum = $item -split '=', 2
            if ($platform -eq $footfall.platform) { $footfall.sum = $sum }
        }
        return $footfall.sum -and $footfall.url -match '^(https://|http://(127\.0\.0\.1|localhost|\[::1\])[:/])'
    }

    # What the shim is called with. What the installer exports from here on, to quiet the programs that it
    # runs or to give them a home, is no choice of its user's: the outcome is sent as the start was.
    function Initialize-Footfall {
        $footfall.base = 'footfall.' + [Guid]::NewGuid().ToString('N')
        $footfall.run = if (Get-FootfallVariable 'FOOTFALL_RUN') { '' } else { "--run $($footfall.base).$PID" }
        $footfall.app = $footfall_app
        $footfall.endpoint = $footfall_endpoint
        if (-not $footfall_endpoint) { $footfall.endpoint = 'https://unset' } # the variable wins over it
        $footfall.release = "$footfall_release" -replace '[^A-Za-z0-9._+-]'
        if (-not $footfall.release) { $footfall.release = 'unknown' }
        $footfall.install = $footfall_install_folder
        $footfall.last = Test-FootfallLast
        $footfall.emit = Get-FootfallStart
        $footfall.start = Get-FootfallStart
    }

    # The shim, sending one event; throws if it cannot be started.
    function Open-FootfallShim([string]$Words) {
        $start = $footfall.emit
        $start.FileName = "$($footfall.place)/footfall$($footfall.suffix)"
        $start.Arguments = "emit $Words --app $($footfall.app) --endpoint $($footfall.endpoint)" +
            " --release $($footfall.release) --method powershell --platform $($footfall.platform) $($footfall.run)"
        $start.WorkingDirectory = [IO.Path]::GetFullPath([IO.Path]::GetTempPath())
        return [Diagnostics.Process]::Start($start)
    }

    # Did the shim end well? It gets ten seconds, or less when the installer ends before: then it goes
    # on, and its number is left for the helper, which sees to its end.
    function Test-FootfallShim([Diagnostics.Process]$Shim) {
        for ($turn = 0; $turn -lt 500; $turn++) {
            if ($Shim.WaitForExit(20)) { return $Shim.ExitCode -eq 0 }
            if ($footfall.stated.WaitOne(0)) {
                $footfall.shim = $Shim.Id
                return $true
            }
        }
        $Shim.Kill()
        return $false
    }

    # What fetches the shim, with TLS 1.2 also where the system's own choice is older.
    function Open-FootfallClient {
        $null = [Reflection.Assembly]::LoadWithPartialName('System.Net.Http')
        $handler = [Net.Http.HttpClientHandler]::new()
        $protocols = [Net.ServicePointManager]::SecurityProtocol
        if ([int]$protocols -ne 0) {
            try { $handler.SslProtocols = 3072 }
            catch { [Net.ServicePointManager]::SecurityProtocol = $protocols -bor 3072 }
        }
        $client = [Net.Http.HttpClient]::new($handler)
        $client.MaxResponseContentBufferSize = 16MB
        return $client
    }

    # The shim's bytes; nothing if the installer ends before they come; throws unless they are what was
    # promised. A name server that says nothing holds up the task alone. When they take their time,
    # the helper is made ready: nobody shall wait for that at the end.
    function Receive-FootfallShim {
        $client = Open-FootfallClient
        $task = $client.GetByteArrayAsync($footfall.url)
        $events = [Threading.WaitHandle[]]@(([IAsyncResult]$task).AsyncWaitHandle, $footfall.stated)
        $came = [Threading.WaitHandle]::WaitAny($events, 150)
        if ($came -gt 1) {
            if ($footfall.turn) { Save-FootfallHelper } # not in the helper itself
            $came = [Threading.WaitHandle]::WaitAny($events, 60000)
        }
        if ($came -eq 1) {
            $client.Dispose()
            return
        }
        if ($came -ne 0) { throw 'late' }
        $hash = [Security.Cryptography.SHA256]::Create().ComputeHash($task.Result)
        if ([BitConverter]::ToString($hash).Replace('-', '') -ne $footfall.sum) { throw 'not ours' }
        return , $task.Result
    }

    # What lies there is for this user alone.
    function Protect-FootfallPath([string]$Path) {
        if ($footfall.suffix) { return } # a folder of the user's: it is that already
        if ($PSVersionTable.PSVersion -lt [Version]'7.3') { $null = Get-FootfallAnswer chmod '700', $Path }
        else { [IO.File]::SetUnixFileMode($Path, 448) } # rwx------
    }

    # Root leaves nothing in somebody else's home.
    function Initialize-FootfallFolder([string]$Folder) {
        $owner = Get-FootfallVariable 'HOME'
        if ($owner -and $Folder -eq "$owner/.$($footfall.app)/$($footfall.base)") {
            $me = Get-FootfallAnswer id '-u'
            if (-not (Get-FootfallAnswer find "$owner/.", '-prune', '-user', $me)) { throw 'not ours' }
        }
        $null = [IO.Directory]::CreateDirectory($Folder)
        Protect-FootfallPath $Folder
    }

    # Windows does not remove a program that still runs.
    function Clear-FootfallFolder([string[]]$Folders) {
        foreach ($folder in $Folders) {
            for ($turn = 0; $turn -lt 150 -and $folder -and [IO.Directory]::Exists($folder); $turn++) {
                if ($turn -gt 0) { [Threading.Thread]::Sleep(100) }
                try { [IO.Directory]::Delete($folder, $true) } catch { continue }
            }
        }
    }

    # Folders that may hold the shim, most wanted first: a temporary folder may be full, missing or noexec.
    function Get-FootfallPlace {
        $temporary = [IO.Path]::GetFullPath([IO.Path]::GetTempPath())
        "$temporary/$($footfall.base)"
        if ($footfall.suffix) {
            "$(Get-FootfallVariable 'LOCALAPPDATA')/$($footfall.base)"
            return
        }
        if ($temporary -ne '/tmp/') { "/tmp/$($footfall.base)" }
        $own = Get-FootfallVariable 'XDG_RUNTIME_DIR'
        if ($own) { "$own/$($footfall.base)" }
        $own = Get-FootfallVariable 'HOME'
        if ($own) { "$own/.$($footfall.app)/$($footfall.base)" }
        if ([IO.Directory]::Exists($footfall.install)) { "$($footfall.install)/.$($footfall.base)" }
    }

    # Puts the shim where it can be run and has it send the start; is there such a place?
    function Install-FootfallShim([byte[]]$Bytes, [string]$Watch) {
        foreach ($place in Get-FootfallPlace) {
            $footfall.place = $place
            $program = "$place/footfall$($footfall.suffix)"
            try {
                Initialize-FootfallFolder $place
                [IO.File]::WriteAllBytes($program, $Bytes)
                Protect-FootfallPath $program
                if (Test-FootfallShim (Open-FootfallShim "install_start $Watch")) {
                    # A rehearsal: what is done for the first time at the end is waited for there.
                    try { Initialize-FootfallFolder "$place/rehearsal" } catch { $null = $_ }
                    Clear-FootfallFolder "$place/rehearsal"
                    return $true
                }
            } catch { $null = $_ }
            Clear-FootfallFolder $place
        }
        return $false
    }

    # The first process of a container takes all others with it when it ends, and so does its child:
    # there alone what goes on beside it is waited for.
    function Test-FootfallLast {
        if ($PID -eq 1) { return $true }
        if (-not [IO.File]::Exists("/proc/$PID/stat")) { return $false }
        return (-split ([IO.File]::ReadAllText("/proc/$PID/stat") -replace '^.*\)'))[1] -eq '1'
    }

    # Puts the helper where it can be started, beside the shim if that has a place.
    function Save-FootfallHelper {
        $lines = foreach ($key in 'app', 'base', 'endpoint', 'install', 'platform', 'release', 'run', 'suffix', 'sum',
            'url') { "$key=$($footfall[$key])" }
        foreach ($folder in @($footfall.place) + @(Get-FootfallPlace)) {
            if (-not $folder) { continue }
            try {
                Initialize-FootfallFolder $folder
                [IO.File]::WriteAllLines("$folder/settings", [string[]]$lines)
                [IO.File]::WriteAllText("$folder/helper.ps1", ". $footfall_beside`nResume-Footfall @args")
                $footfall.helper = $folder
                Initialize-FootfallHelper $folder
                return
            } catch { Clear-FootfallFolder $folder }
        }
        throw 'no place'
    }

    # How the helper is started so that nobody waits for it: with no stream of ours, so that a pipe ends
    # when we end; with no console or terminal of ours, so that neither Ctrl-C nor a closed window hits it.
    function Initialize-FootfallHelper([string]$Folder) {
        $shell = ''
        foreach ($file in 'pwsh', 'pwsh.exe', 'powershell.exe') {
            if ([IO.File]::Exists("$PSHOME/$file")) {
                $shell = [IO.Path]::Combine($PSHOME, $file)
                break
            }
        }
        if (-not $shell -and $footfall.suffix) {
            $shell = [IO.Path]::Combine([Environment]::SystemDirectory, 'WindowsPowerShell\v1.0\powershell.exe')
        }
        if (-not [IO.File]::Exists($shell)) { throw 'no shell' } # in a program that has PowerShell built in
        $base = [IO.Path]::GetFileName($Folder)
        $words = '-NoLogo -NoProfile -NonInteractive -Command' +
            " `"& ([scriptblock]::Create([IO.File]::ReadAllText('$base/helper.ps1'))) $base"
        $start = $footfall.start
        if ($footfall.suffix) {
            # Only what the system's shell starts inherits no handle, nor can it be given an environment.
            $start = $footfall.start = [Diagnostics.ProcessStartInfo]::new()
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
                $(if (-not $footfall.last) { '; sleep 1' }) + # two of them at once slow down the end of the first
                '; POWERSHELL_TELEMETRY_OPTOUT=1 POWERSHELL_UPDATECHECK=Off \"$@\" &"' +
                " sh `"$shell`" $words"
        }
        $start.WorkingDirectory = [IO.Path]::GetDirectoryName($Folder) # itself, it could not be removed
    }

    function Invoke-FootfallHelper([string]$Outcome) {
        $elsewhere = $footfall.place -and $footfall.place -ne $footfall.helper
        if ($elsewhere -or -not $footfall.helper) { Save-FootfallHelper }
        $footfall.start.Arguments += " '$Outcome' '$($footfall.shim)'`""
        $null = [Diagnostics.Process]::Start($footfall.start)
        if (-not $footfall.last) { return }
        for ($turn = 0; $turn -lt 10 -and [IO.Directory]::Exists($footfall.helper); $turn++) {
            [Threading.Thread]::Sleep(100)
        }
    }

    # The helper: sees to the end of the shims that were left running, or brings one and has it send
    # both events; nothing remains.
    function Resume-Footfall([string]$Base, [string]$Outcome, [string]$Shims) {
        $ErrorActionPreference = 'Stop'
        $folder = [IO.Path]::Combine([Environment]::CurrentDirectory, $Base)
        $footfall = @{
            stated = [Threading.ManualResetEvent]::new($false); place = $folder; emit = Get-FootfallStart
        }
        foreach ($line in [IO.File]::ReadAllLines("$folder/settings")) {
            $key, $value = $line -split '=', 2
            $footfall[$key] = $value
        }
        try {
            if ($Shims) { foreach ($number in -split $Shims) { Wait-FootfallShim $number } }
            elseif (Install-FootfallShim (Receive-FootfallShim)) {
                $null = Test-FootfallShim (Open-FootfallShim $Outcome)
            }
        } catch { $null = $_ }
        Clear-FootfallFolder $footfall.place, $folder
    }

    # A shim that was left running gets ten seconds.
    function Wait-FootfallShim([int]$Shim) {
        try { $process = [Diagnostics.Process]::GetProcessById($Shim) } catch { return }
        if (-not $process.WaitForExit(10000)) { $process.Kill() }
    }

    # At once, even while the start is under way: a second after the installer's end, its watcher takes
    # an outcome that nobody stated for a failure. On Windows a program cannot be removed while it
    # runs, and the sender still does: the helper's work.
    function Send-FootfallOutcome {
        $shim = Open-FootfallShim $footfall.outcome
        $limit = if ($footfall.last) { 1500 } else { 20 }
        if ($shim.WaitForExit($limit) -and -not $footfall.shim -and -not $footfall.suffix) {
            Clear-FootfallFolder $footfall.place
            return
        }
        $footfall.shim = "$($footfall.shim) $($shim.Id)"
        Invoke-FootfallHelper
    }

    function Invoke-Footfall([object[]]$Arguments, $Console) {
        $ErrorActionPreference = 'Stop'
        if (-not (Test-FootfallAllowed $Arguments) -or -not (Find-FootfallShim)) { return }
        Initialize-Footfall
        $notice = "$footfall_name sends one anonymous event when this install starts and one when" +
            " it ends ($footfall_privacy_url). To switch that off: `$env:${footfall_prefix}_NO_TELEMETRY=1; irm ..." +
            ' | iex, or: ./install.ps1 --no-telemetry'
        # The host of thread jobs and of programs prints nothing at all.
        if ($Console.Name -eq 'Default Host') { [Console]::Error.WriteLine($notice) } else { $Console.UI.WriteLine($notice) }
        try {
            $bytes = Receive-FootfallShim
            if ($bytes -and -not (Install-FootfallShim $bytes "--watch $PID")) { return }
        } catch {
            Clear-FootfallFolder $footfall.helper
            return
        }
        $null = $footfall.stated.WaitOne()
        if ($bytes) { Send-FootfallOutcome } else { Invoke-FootfallHelper $footfall.outcome }
    }
}
. $footfall_beside

function Enter-Footfall([object[]]$Arguments) {
    if ($footfall.turn) { return }
    try {
        $footfall.stated = [Threading.ManualResetEvent]::new($false)
        $footfall.settled = [Threading.ManualResetEvent]::new($false)
        $given = @{
            footfall = $footfall; footfall_beside = $footfall_beside.Ast; footfall_app = $footfall_app
            footfall_name = $footfall_name; footfall_prefix = $footfall_prefix; footfall_release = $footfall_release
            footfall_endpoint = $footfall_endpoint; footfall_privacy_url = $footfall_privacy_url
            footfall_shim_url = $footfall_shim_url; footfall_shims = $footfall_shims; footfall_ci = $footfall_ci
            footfall_install_folder = $footfall_install_folder; arguments = $Arguments; console = $Host
        }
        $words = "param(`$$($given.Keys -join ', $'))`n. `$footfall_beside.GetScriptBlock()`n" +
            'try { Invoke-Footfall $arguments $console } finally { $null = $footfall.settled.Set() }'
        $state = [InitialSessionState]::Create() # no command and no drive: they would take 20 ms
        $state.LanguageMode = 'FullLanguage'
        $footfall.shell = [PowerShell]::Create($state)
        $null = $footfall.shell.AddScript($words).AddParameters($given)
        $footfall.turn = $footfall.shell.BeginInvoke()
    } catch { $footfall.turn = $null }
}

# From here on nothing may be printed: after Ctrl-C, a write to a stream would end it.
function Complete-Footfall {
    if (-not $footfall.turn) { return }
    $footfall.outcome = 'install_complete'
    $null = $footfall.stated.Set()
}

# What goes on beside is waited for until the outcome is in good hands: a moment.
function Exit-Footfall {
    if (-not $footfall.turn) { return }
    if (-not $footfall.outcome) { $footfall.outcome = 'install_failed' }
    $null = $footfall.stated.Set()
    $ends = [Threading.WaitHandle[]]@($footfall.settled, $footfall.turn.AsyncWaitHandle)
    if ([Threading.WaitHandle]::WaitAny($ends, 10000) -lt 2) { $footfall.shell.Dispose() }
    $footfall.turn = $null
}
# when pasted: # Put these lines round your installer:
# when pasted: #   try {
# when pasted: #       Enter-Footfall $args
# when pasted: #       or, with a switch of param(): Enter-Footfall (@($args) + $(if ($NoTelemetry) { '--no-telemetry' }))
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
        # A cast keeps the text of a number that was typed, 1.10 for one.
        $option, $value = [string]$Words[$at] -split '(?<=^-[^=:]*)[=:]', 2
        $option = $option -replace '(?<!^)-'
        if (@('-version', '-dir', '-installdir') -contains $option -and -not $value) {
            $at++
            if ($at -ge $Words.Count) { Fail "$($Words[-1]) needs a value" '--help shows what it looks like' }
            $value = [string]$Words[$at]
        }
        switch ($option) {
            '-version' { $job.pinned = $value }
            { @('-dir', '-installdir') -contains $_ } { $job.folder = $value }
            '-modifypath' { $job.modify_path = $true }
            { @('-y', '-yes') -contains $_ } { $job.modify_path = -not $job.path_forbidden }
            '-nomodifypath' { $job.modify_path = $false }
            '-dryrun' { $job.only_say = $true }
            '-uninstall' { $job.action = 'uninstall' }
            '-notelemetry' { } # the telemetry block looks for it by itself
            { @('-q', '-quiet') -contains $_ } { $job.loudness = 'quiet' }
            { @('-v', '-verbose') -contains $_ } { $job.loudness = 'verbose' }
            { @('-h', '-help', '-?') -contains $_ } { $job.wants_help = $true }
            default { Fail "unknown option: $($Words[$at])" '--help lists those there are' }
        }
    }
    if ($job.only_say) { $job.action = "describe $($job.action)" }
    if ($job.wants_help) { $job.action = 'usage' }
}

# A program, whatever functions and aliases of its name the session has.
function Get-Tool([string]$Tool) { return $ExecutionContext.InvokeCommand.GetCommand($Tool, 'Application') }

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

# Is musl's loader here, and not the GNU one?
function Test-MuslAlone {
    try {
        if (-not [IO.Directory]::GetFiles('/lib', 'ld-musl-*')) { return $false }
        foreach ($folder in [IO.Directory]::GetDirectories('/', 'lib*')) {
            if ([IO.Directory]::GetFiles($folder, 'ld-linux*')) { return $false }
        }
        return $true
    } catch { return $false } # a folder that is not there, or not ours to look into
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
            if (Test-MuslAlone) { $musl, $job.platform }
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

# Where an address leads to in the end. Windows PowerShell follows a redirection from https to http.
function Resolve-Url([string]$Url) {
    for ($turn = 0; $turn -lt 10; $turn++) {
        Assert-Url $Url
        $request = [Net.HttpWebRequest]::Create($Url)
        $request.AllowAutoRedirect = $false
        $request.Timeout = 20000
        $reply = $request.GetResponse()
        $place = $reply.Headers['Location']
        $reply.Close()
        if (-not $place) { return $Url }
        $next = [Uri]::new([Uri]$Url, $place).AbsoluteUri
        if ($Url -like 'https:*' -and $next -notlike 'https:*') { Fail "$Url leads to $next, which is not https" }
        $Url = $next
    }
    Fail "$Url leads on and on"
}

# A server that goes silent is given up, as far as this version of PowerShell knows how to.
function Save-Url([string]$Url, [string]$File, [string[]]$Advice) {
    Assert-Url $Url
    Write-Detail "downloading $Url"
    $limits = @{}
    if ($PSVersionTable.PSVersion -ge [Version]'7.4') {
        $limits = @{ ConnectionTimeoutSeconds = 20; OperationTimeoutSeconds = 20 }
    } elseif ($PSVersionTable.PSVersion.Major -lt 6) {
        $limits = @{ TimeoutSec = 20; MaximumRedirection = 0 } # where it leads has been found out
    }
    try {
        $place = if ($PSVersionTable.PSVersion.Major -lt 6) { Resolve-Url $Url } else { $Url }
        Invoke-WebRequest -UseBasicParsing -Uri $place -OutFile $File @limits
    } catch { Fail "could not download $Url" $_.Exception.Message @Advice }
}

function Read-Checksum {
    if (-not $job.sums) {
        $list = "$($job.url)/$($job.release)/SHA256SUMS"
        $file = "$($job.work)/SHA256SUMS"
        Save-Url $list $file "is there a release called $($job.release)? is the network up?"
        $minisign = Get-Tool minisign
        if ($minisign_key -and $minisign) {
            Save-Url "$list.minisig" "$file.minisig" 'the list of checksums is not signed'
            $null = & $minisign -Vqm $file -P $minisign_key
            if ($LASTEXITCODE -ne 0) { Fail "the signature of $list is wrong" 'nothing was installed' }
        }
        # What sha256sum prints, also where it names files as ./FILE.
        $job.sums = foreach ($line in [IO.File]::ReadAllLines($file)) {
            if ($line -match '^([0-9A-Fa-f]{64})\s+\*?(\./)?([A-Za-z0-9._+-]+)\s*$') { "$($Matches[3])=$($Matches[1])" }
        }
        if (-not $job.sums) { Fail "$list is not a list of checksums" "is there a release called $($job.release)?" }
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
    Fail "there is no build of $name $($job.release) for $($job.platform)" "there are: $($sums.Keys | Sort-Object)"
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
    $null = [IO.Directory]::CreateDirectory($folder)
    if ($file -like '*.zip') {
        Add-Type -AssemblyName System.IO.Compression.FileSystem
        try { [IO.Compression.ZipFile]::ExtractToDirectory($file, $folder) }
        catch { Fail "could not unpack $($job.file)" $_.Exception.Message }
    } elseif ($file -match '\.(tar\.gz|tgz|tar\.xz)$') {
        $tar = Get-Tool tar
        if (-not $tar) {
            Fail 'tar is needed and not here' 'install the package that has it, such as: apt-get install tar'
        }
        & $tar -xof $file -C $folder # -o: also a root that may give nothing away
        if ($LASTEXITCODE -ne 0) { Fail "could not unpack $($job.file)" "is there room in $($job.work)?" }
    } else {
        [IO.File]::Copy($file, "$folder/$(Get-ProgramName $binaries)")
    }
}

# Where archives have their programs, and elsewhere if there is but one of that name: shells' completions
# are called like the program, too.
function Find-Program([string]$Leaf) {
    $top = "$($job.work)/unpacked"
    $inner = [IO.Directory]::GetDirectories($top)
    [Array]::Sort($inner)
    foreach ($folder in @($top, "$top/bin") + @($inner -replace '$', '/bin') + $inner) {
        if ([IO.File]::Exists("$folder/$Leaf")) { return "$folder/$Leaf" }
    }
    $found = @(Get-ChildItem -LiteralPath $top -Recurse -File -Force | Where-Object { $_.Name -ceq $Leaf -or ($job.windows -and $_.Name -eq $Leaf) })
    if ($found.Count -gt 1) { Fail "$($job.file) holds more than one $Leaf" 'nothing was installed' }
    if ($found) { return $found[0].FullName }
}

function Get-ProgramName([string]$Binary) {
    if ($job.windows -and $Binary -notlike '*.exe') { return "$Binary.exe" }
    return $Binary
}

# A program that runs can be renamed on Windows, but neither removed nor replaced; what was renamed
# by an earlier run goes now, if it has ended.
function Move-Away([string]$Target) {
    $old = '^' + [regex]::Escape((Split-Path -Leaf $Target)) + '\.[0-9a-f]{32}\.old$'
    Get-ChildItem -LiteralPath $job.folder -File -Force | Where-Object { $_.Name -match $old } |
        ForEach-Object { Remove-Item -LiteralPath $_.FullName -Force -ErrorAction Ignore }
    $away = "$Target.$($job.mark).old"
    [IO.File]::Move($Target, $away)
    Remove-Item -LiteralPath $away -Force -ErrorAction Ignore
    return $away
}

# The new program was copied beside its place: nobody ever sees half of one.
function Move-IntoPlace([string]$Target) {
    $new = "$Target.$($job.mark).new"
    if (-not $job.windows) {
        & (Get-Tool chmod) 755 $new
        [IO.File]::Move($new, $Target, $true)
        return
    }
    $away = if ([IO.File]::Exists($Target)) { Move-Away $Target }
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
            $found = Find-Program $leaf
            if (-not $found) {
                if ((-split $optional_binaries) -contains $binary) { continue }
                Fail "$($job.file) holds no $leaf" 'nothing was installed'
            }
            $job.programs += " $binary"
            $target = [IO.Path]::Combine($job.folder, $leaf)
            if ([IO.File]::Exists($target)) { $change = 'upgraded' }
            [IO.File]::Copy($found, "$target.$($job.mark).new")
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

# The start-up files that shells may read: those that are there, .profile, which login shells read, and
# that of the user's own shell if it reads another.
function Get-Profile {
    $zshrc = "$(if ($env:ZDOTDIR) { $env:ZDOTDIR } else { $env:HOME })/.zshrc"
    $fish = "$(if ($env:XDG_CONFIG_HOME) { $env:XDG_CONFIG_HOME } else { "$env:HOME/.config" })/fish/config.fish"
    "$env:HOME/.profile"
    foreach ($file in "$env:HOME/.bashrc", "$env:HOME/.bash_profile", "$env:HOME/.bash_login", $zshrc, $fish) {
        $own = ($file -eq $zshrc -and $env:SHELL -like '*/zsh') -or ($file -eq $fish -and $env:SHELL -like '*/fish')
        if ($own -or [IO.File]::Exists($file)) { $file }
    }
}

# Start-up files are handled as Latin-1, which keeps every byte of them: only our line comes and goes.
$latin_1 = [Text.Encoding]::GetEncoding(28591)
function Get-ProfileLine { $latin_1.GetString([Text.Encoding]::UTF8.GetBytes("export PATH=`"$($job.folder):`$PATH`" # $app")) }
function Get-ProfileText([string]$File) { if ([IO.File]::Exists($File)) { $latin_1.GetString([IO.File]::ReadAllBytes($File)) } }

# Is the line in the file now?
function Add-ProfileLine([string]$File) {
    $line = Get-ProfileLine
    try {
        $text = Get-ProfileText $File
        if ($text -split "`n" -ccontains $line) { return $true }
        $null = [IO.Directory]::CreateDirectory((Split-Path $File))
        $begin = if ($text -and -not $text.EndsWith("`n")) { "`n" }
        [IO.File]::AppendAllText($File, "$begin$line`n", $latin_1)
        return $true
    } catch {
        Write-Line "could not write to $File"
        return $false
    }
}

function Undo-ProfileLine([string]$File) {
    $line = Get-ProfileLine
    try {
        $text = Get-ProfileText $File
        $kept = $text -creplace "(?m)^$([regex]::Escape($line))(\n|\z)"
        if ($kept -cne $text) { [IO.File]::WriteAllBytes($File, $latin_1.GetBytes($kept)) }
    } catch { Write-Line "could not change ${File}; a line of it is without use now, that for $($job.folder)" }
}

# Is the folder on the PATH of programs to come?
function Save-Path {
    if ($job.windows) {
        $path = Get-UserPath
        if ($path.Split(';') -notcontains $job.folder) { Save-UserPath "$($job.folder);$path".TrimEnd(';') }
        return $true
    }
    if (-not $env:HOME -or $job.folder -match '["$`\\]') { return $false }
    return @(Get-Profile | ForEach-Object { Add-ProfileLine $_ }) -contains $true
}

function Add-ToPath {
    $folder = $job.folder
    if ($env:PATH -and $env:PATH.Split([IO.Path]::PathSeparator) -contains $folder) { return }
    $advice = "`$env:PATH = '$($folder.Replace("'", "''"))$([IO.Path]::PathSeparator)' + `$env:PATH"
    if ($job.modify_path -and (Save-Path)) {
        Write-Line "$folder is on the PATH of programs started from now on; for this session: $advice"
    } else {
        Write-Line "$folder is not on your PATH. To put it there: --modify-path, or for this session:", "    $advice"
    }
}

# On Windows nothing says who has put the folder there: it stays while other programs are in it.
function Undo-PathChange {
    if (-not $job.windows) {
        if ($env:HOME) { Get-Profile | ForEach-Object { Undo-ProfileLine $_ } }
    } elseif (-not @(Get-ChildItem -LiteralPath $job.folder -Force | Where-Object { $_.Name -notlike '*.old' })) {
        $path = Get-UserPath
        $kept = $path.Split(';') -ne $job.folder -join ';'
        if ($kept -cne $path) { Save-UserPath $kept }
    }
}

function Uninstall-Program {
    $removed = foreach ($binary in -split "$binaries $optional_binaries") {
        $target = [IO.Path]::Combine($job.folder, (Get-ProgramName $binary))
        if (-not [IO.File]::Exists($target)) { continue }
        try { if ($job.windows) { $null = Move-Away $target } else { [IO.File]::Delete($target) } }
        catch { Fail "cannot remove $target" $_.Exception.Message }
        $binary
    }
    if (-not $removed) { Fail "there is no $name in $($job.folder)" '--dir names another folder' }
    Undo-PathChange
    Write-Line "removed $removed from $($job.folder)"
    if (Test-Path -LiteralPath "$HOME/.$app") { Write-Line "your settings are still in $HOME/.$app" }
}

function Write-Removal {
    Write-Line "would remove $("$binaries $optional_binaries".Trim()) from $($job.folder)"
}

function Write-Plan {
    $job.file = Get-ArtifactName $job.platform
    if ($job.sums) { Select-Artifact }
    Write-Line "would install $binaries of $name $($job.release) for $($job.platform)",
        "from $($job.url)/$($job.release)/$($job.file)", "into $($job.folder)"
}

function Install-All {
    $job.work = [IO.Path]::GetFullPath([IO.Path]::Combine([IO.Path]::GetTempPath(), "$app-install.$($job.mark)"))
    $null = [IO.Directory]::CreateDirectory($job.work)
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
    try { [IO.Directory]::Delete($job.work, $true) }
    catch { Remove-Item -LiteralPath $job.work -Recurse -Force -ErrorAction Ignore }
    foreach ($binary in -split "$binaries $optional_binaries") {
        $target = [IO.Path]::Combine($job.folder, (Get-ProgramName $binary))
        try { [IO.File]::Delete("$target.$($job.mark).new") } catch { $null = $_ }
    }
}

$ErrorActionPreference = 'Stop'
$WarningPreference = $InformationPreference = $VerbosePreference = $DebugPreference = 'SilentlyContinue'
$WhatIfPreference = $false
$ConfirmPreference = 'None'
$PSNativeCommandUseErrorActionPreference = $false # what native commands say is looked at here
Set-StrictMode -Version 3.0
if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
    throw "${app}: error: PowerShell's FullLanguage mode is needed, and this session runs in another;" +
        ' ask who administers this machine'
}
$job = @{
    windows = [IO.Path]::DirectorySeparatorChar -eq '\'
    action = 'install'; only_say = $false; wants_help = $false; loudness = 'normal'; modify_path = $modify_path -eq 'yes'
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
        'describe install' { Write-Plan }
        'describe uninstall' { Write-Removal }
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

