$ErrorActionPreference = 'Stop'

$tools = Split-Path -Parent $MyInvocation.MyCommand.Definition
Install-ChocolateyZipPackage -PackageName $env:ChocolateyPackageName -UnzipLocation $tools `
    -Url64bit '@URL:windows-x86_64@' -Checksum64 '@SHA256:windows-x86_64@' -ChecksumType64 'sha256'
# Chocolatey puts every program of the package on the PATH, unless it is told not to.
if ('@BINARIES@' -split ' ' -notcontains 'footfall') {
    $null = New-Item -ItemType File -Force -Path (Join-Path $tools 'footfall.exe.ignore')
}

# While it upgrades, Chocolatey keeps the version before in lib-bkp.
# choco install @APP@ --params "/NoTelemetry" says no, as all the variables do.
$footfallShim = Join-Path $tools 'footfall.exe'
$footfallCounts = -not (Test-Path (Join-Path $env:ChocolateyInstall "lib-bkp\$env:ChocolateyPackageName")) -and
    "$env:ChocolateyPackageParameters" -notmatch '(^|[\s/-])NoTelemetry\b'
# @include hook.ps1@
# Chocolatey reads the status of the last program that ran.
$global:LASTEXITCODE = 0
