# Scoop runs this in its own process. An upgrade has the versions before beside it.
$footfallShim = Join-Path $original_dir 'footfall.exe'
$footfallVersions = Get-ChildItem (Split-Path $original_dir) -Directory | Where-Object { $_.Name -ne 'current' }
$footfallCounts = @($footfallVersions).Count -eq 1
# @include hook.ps1@
