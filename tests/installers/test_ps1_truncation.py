"""A download of install.ps1 that was cut short runs nothing, wherever it was cut."""

import os

import pytest
from installer_ways import COMPLETE
from ps1_ways import SECONDS, need_pwsh, powershell, script_of, write

# As `irm ... | iex` would: each beginning of the script, evaluated in the one session. Prints what
# came out of them, what they left behind in the session, and how many there were.
CUT = """
$text = [IO.File]::ReadAllText("$PWD/install.ps1").TrimEnd("`n")
$names = @(Get-Variable -Scope Global | ForEach-Object Name) + @(Get-ChildItem Function: | ForEach-Object Name)
$tried = 0
for ($cut = FIRST; $cut -lt $text.Length; $cut += STEP) {
    $tried++
    try { $said = Invoke-Expression $text.Substring(0, $cut) *>&1 } catch [Management.Automation.ParseException] { $said = $null }
    if ($said) { "$cut said $said" }
}
$now = @(Get-Variable -Scope Global | ForEach-Object Name) + @(Get-ChildItem Function: | ForEach-Object Name)
$now | Where-Object { $names -notcontains $_ -and 'names', 'text', 'tried', 'cut', 'said', 'now', '_', 'PSItem', 'switch', 'foreach' -notcontains $_ }
"tried $tried"
"""


def check_cuts(lab, first, step, timeout):
    need_pwsh()
    case = lab.case()
    mark = f"{lab.url}/for={case.name}/"
    script = script_of(lab).replace(lab.url + "/", mark)
    write(case, script)
    done = powershell(case, CUT.replace("FIRST", str(first)).replace("STEP", str(step)), timeout=timeout)
    cuts = range(first, len(script.rstrip("\n")), step)
    assert done.stdout.split("\n")[:-1] == [f"tried {len(cuts)}"]
    assert case.events == [] and not case.target.exists()
    assert not [name for name in case.leftovers if "footfall" in name or "acme" in name]
    assert ".acme" not in os.listdir(case.home)
    assert not [path for path in lab.releases.seen if f"/for={case.name}/" in path], "something was downloaded"


def test_cut_here_and_there(lab):
    check_cuts(lab, 1, 331, SECONDS)


def test_cut_near_the_end(lab):
    check_cuts(lab, len(script_of(lab)) - 60, 1, SECONDS)


@pytest.mark.long
def test_cut_at_every_byte(lab):
    check_cuts(lab, 1, 1, 3600)


def test_the_whole_runs(lab):
    """So that the tests above can fail: the same call with nothing cut installs."""
    need_pwsh()
    case = lab.case()
    write(case, script_of(lab))
    powershell(case, 'Invoke-Expression ([IO.File]::ReadAllText("$PWD/install.ps1").TrimEnd("`n"))')
    assert (case.target / "acme").exists()
    assert case.wait_for_events(2, SECONDS) == COMPLETE
