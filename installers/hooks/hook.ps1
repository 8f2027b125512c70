# >>> footfall telemetry: counts first installs, see @PRIVACY_URL@
# Needs $footfallShim and $footfallCounts; never fails, waits, or prints more than one line.
& {
    try {
        if (-not $footfallCounts -or -not (Test-Path -LiteralPath $footfallShim)) { return }
        # The accounts of a container: an image build.
        if ($env:USERNAME -in 'ContainerAdministrator', 'ContainerUser') { return }
        $run = '@METHOD@.' + [guid]::NewGuid()
        $call = {
            param($command, $more)
            $start = New-Object Diagnostics.ProcessStartInfo
            $start.FileName = $footfallShim
            $start.Arguments = "$command --app @APP@ --endpoint @ENDPOINT@ --release @RELEASE@ --method @METHOD@ --run $run $more"
            $start.UseShellExecute = $false
            $start.CreateNoWindow = $true
            $start.RedirectStandardInput = $true
            $start.RedirectStandardOutput = $true
            $process = [Diagnostics.Process]::Start($start)
            $process.StandardInput.Close()
            $answer = $process.StandardOutput.ReadToEndAsync()
            if (-not $process.WaitForExit(5000)) { $process.Kill(); return '' }
            $answer.Result
        }
        if ((& $call 'explain install_start' '--json') -notmatch '"gate":\s*"none"') { return }
        Write-Host '@NAME@ counts first installs anonymously (@PRIVACY_URL@). To switch that off: $env:@PREFIX@_NO_TELEMETRY = 1'
        $null = & $call 'emit install_start' ''
        $null = & $call 'emit install_complete' ''
    } catch {
        $null = $_
    }
}
# <<< footfall telemetry
