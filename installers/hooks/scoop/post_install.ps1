# Scoop runs this in its own process. An upgrade has the versions before beside it.
$footfallShim = Join-Path $original_dir 'footfall.exe'
$footfallCounts = @(Get-ChildItem (Split-Path $original_dir) -Directory | Where-Object { $_.Name -notin 'current', (Split-Path $original_dir -Leaf) }).Count -eq 0
# @include hook.ps1@
