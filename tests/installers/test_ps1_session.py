"""irm ... | iex runs in somebody's session: it stays alive, and nothing in it changes."""

import re
import subprocess
import time

import pytest
from installer_lab import ROOT, wait_for
from installer_ways import COMPLETE, FAILED
from ps1_ways import (PWSH, SECONDS, address_of, at, environment_of, need_pwsh, powershell, script_of, write)

# What a session looks like from outside: its variables but those that PowerShell itself moves, its
# functions, preferences, folder, protocol and last status.
SNAPSHOT = """
function snapshot {
    $moving = '^(\\?|\\^|\\$|_|args|input|error|foreach|this|matches|stacktrace|myinvocation|psboundparameters|executioncontext|psitem|lastexitcode|before|after|outcome)$'
    Get-Variable -Scope Global | Where-Object Name -NotMatch $moving | Sort-Object Name | ForEach-Object { "$($_.Name)=$($_.Value)" }
    Get-ChildItem Function:, Alias: | Sort-Object Name | ForEach-Object { "$($_.Name): $($_.Definition)" }
    Get-ChildItem Env: | ForEach-Object { "$($_.Name)=$($_.Value)" }
    "status $global:LASTEXITCODE"
    "$PWD $([Environment]::CurrentDirectory) $([Net.ServicePointManager]::SecurityProtocol)"
}
$ErrorActionPreference = 'SilentlyContinue'; $ProgressPreference = 'Inquire'; $VerbosePreference = 'Continue'
$app = 'mine'; $job = 'mine'; $footfall = 'mine'; $release = 'mine'
sh -c 'exit 42'
$before = snapshot
try { COMMAND; $outcome = 'came back' } catch { $outcome = 'threw' }
$after = snapshot
"$outcome; changed: $(Compare-Object $before $after | Out-String)end"
"""


def session(case, command, **environment):
    return powershell(case, SNAPSHOT.replace("COMMAND", command), **environment)


@pytest.mark.parametrize("change, ends, labels", [
    ("", "came back", COMPLETE), ("throw 'broken'", "threw", FAILED), ("sh -c 'exit 9'; Invoke-Nothing", "threw", FAILED),
    ("$job.action = 'x'; return", "came back", FAILED)])
def test_irm_iex_leaves_the_session_as_it_was(lab, change, ends, labels):
    need_pwsh()
    case = lab.case()
    write(case, at(change)(script_of(lab)) if change else script_of(lab))
    done = session(case, f"irm {address_of(case)} | iex")
    assert f"{ends}; changed: end" in done.stdout
    assert case.wait_for_events(2, SECONDS) == labels


@pytest.mark.parametrize("command, status, labels", [
    ("irm URL | iex; exit 5", 5, COMPLETE), ("try { irm URL | iex } catch { exit 5 }", 0, COMPLETE),
    ("& { irm URL | iex; exit 6 }", 6, COMPLETE), ("irm BROKEN | iex; exit 5", 1, FAILED),
    ("try { irm BROKEN | iex } catch { exit 5 }", 5, FAILED), ("irm EXITS | iex; exit 5", 3, FAILED)])
def test_exit_in_the_caller(lab, command, status, labels):
    need_pwsh()
    case = lab.case()
    write(case, script_of(lab))
    served = lab.served / "scripts"
    for name, line in (("BROKEN", "throw 'broken'"), ("EXITS", "exit 3")):
        (served / f"{case.name}.{name}.ps1").write_text(at(line)(script_of(lab)))
        command = command.replace(name, address_of(case).replace(".ps1", f".{name}.ps1"))
    done = powershell(case, "$ErrorActionPreference = 'Stop'; " + command.replace("URL", address_of(case)))
    assert done.returncode == status
    assert case.wait_for_events(2, SECONDS) == labels


def test_two_runs_in_one_session_are_two_runs(lab):
    need_pwsh()
    case = lab.case()
    write(case, script_of(lab))
    broken = case.folder / "broken.ps1"
    broken.write_text(at("throw 'broken'")(script_of(lab)))
    done = powershell(case, f"irm {address_of(case)} | iex; irm {address_of(case)} | iex; "
                            f"try {{ gc -raw {broken} | iex }} catch {{ 'caught' }}; 'alive'")
    assert done.stdout.rstrip().endswith("caught\nalive") and done.returncode == 0
    assert case.wait_for_events(6, SECONDS) == sorted(COMPLETE * 2 + FAILED)


def test_a_runspace_that_is_stopped(lab):
    need_pwsh()
    case = lab.case()
    file = write(case, at("$null = New-Item started; Start-Sleep 60")(script_of(lab)))
    done = powershell(case, f"""
        $shell = [powershell]::Create()
        $null = $shell.AddScript([IO.File]::ReadAllText('{file}'))
        $running = $shell.BeginInvoke()
        for ($turn = 0; $turn -lt 600 -and -not (Test-Path started); $turn++) {{ Start-Sleep -Milliseconds 100 }}
        $shell.Stop()
        "stopped: $($shell.InvocationStateInfo.State)"
    """)
    assert "stopped: Stopped" in done.stdout
    assert "Acme sends one anonymous event" in done.stderr  # whose host prints nothing
    assert case.wait_for_events(2, SECONDS) == FAILED
    assert not list(case.temporary.glob("acme-install.*"))


def test_a_strict_session_with_preferences_of_its_own(lab):
    need_pwsh()
    case = lab.case()
    write(case, script_of(lab))
    done = powershell(case, "Set-StrictMode -Version Latest; $PSNativeCommandUseErrorActionPreference = $true; "
                            f"$WarningPreference = 'Stop'; irm {address_of(case)} | iex; 'alive'")
    assert done.stdout.rstrip().endswith("alive") and done.stderr == ""
    assert case.wait_for_events(2, SECONDS) == COMPLETE


def test_preferences_that_would_stop_an_install(lab):
    need_pwsh()
    for preferences in ("$WhatIfPreference = $true", "$ConfirmPreference = 'Low'", "$InformationPreference = 'Stop'",
                        "function tar { 'mine' }; function chmod { 'mine' }; Set-Alias Copy-Item Get-Date"):
        case = lab.case()
        write(case, script_of(lab))
        done = powershell(case, f"{preferences}; irm {address_of(case)} | iex")
        assert "installed acme v1.2.3" in done.stdout and (case.target / "acme").exists(), done
        assert case.wait_for_events(2, SECONDS) == COMPLETE


def test_a_session_with_protocols_of_its_own(lab):
    """As every session of Windows PowerShell has them: there TLS 1.2 has to be asked for."""
    need_pwsh()
    case = lab.case()
    write(case, script_of(lab))
    protocols = "[Net.ServicePointManager]::SecurityProtocol"
    done = powershell(case, f"{protocols} = 'Tls11'; irm {address_of(case)} | iex; \"$({protocols})\"")
    assert done.stdout.rstrip().endswith("Tls11") and done.stderr == ""
    assert case.wait_for_events(2, SECONDS) == COMPLETE


def test_an_error_is_a_line_for_people(lab):
    """Neither a place in the script nor a category: what went wrong, and what to do about it."""
    need_pwsh()
    case = lab.case()
    write(case, script_of(lab))
    done = powershell(case, f"irm {address_of(case)} | iex", ACME_VERSION="bad-checksum", ACME_NO_TELEMETRY="1")
    said = [line for line in (done.stdout + done.stderr).splitlines() if "downloading" not in line]
    assert said[0].startswith("acme: error: the checksum of https://")
    assert [line.split()[0] for line in said[1:]] == ["expected", "received"]


def test_the_pasted_block(lab):
    """As render-installers --block says it is to be used, in an installer that was there before."""
    need_pwsh()
    block = lab.render(block="ps1")
    for work, labels in (("'working'", COMPLETE), ("throw 'broken'", FAILED), ("exit 4", FAILED)):
        case = lab.case()
        (case.folder / "old.ps1").write_text(
            f"param([string]$What)\n{block}\ntry {{\n    Enter-Footfall $args\n    {work}\n"
            "    Complete-Footfall\n    'installed'\n} finally { Exit-Footfall }\n")
        done = subprocess.run([PWSH, "-NoProfile", "-File", case.folder / "old.ps1", "thing"], capture_output=True,
                              text=True, env=environment_of(case), timeout=SECONDS)
        assert done.returncode == {"'working'": 0, "throw 'broken'": 1, "exit 4": 4}[work]
        assert case.wait_for_events(2, SECONDS) == labels
        assert wait_for(lambda: not case.leftovers, SECONDS)
    assert "Complete-Footfall" in block and "finally { Exit-Footfall }" in block


def test_the_pasted_block_in_a_script_with_parameters(lab):
    """As docs/adopt.md has it: $args knows nothing of what param() has taken."""
    need_pwsh()
    lines = re.search(r"^```powershell\n(.*?)^```$", (ROOT / "docs/adopt.md").read_text(), re.MULTILINE | re.DOTALL)[1]
    for option, labels in (("-NoTelemetry", []), ("--no-telemetry", []), ("thing", COMPLETE), ("-Verbose", COMPLETE)):
        case = lab.case()
        cmdlet, mine = ("[CmdletBinding()]", lines.replace("@($args) + ", "")) if option == "-Verbose" else ("", lines)
        (case.folder / "old.ps1").write_text(
            f"{cmdlet}param([switch]$NoTelemetry)\nSet-StrictMode -Version Latest\n{lab.render(block='ps1')}\n{mine}'installed'\n")
        done = subprocess.run([PWSH, "-NoProfile", "-File", case.folder / "old.ps1", option], capture_output=True,
                              text=True, env=environment_of(case), timeout=SECONDS)
        assert done.returncode == 0 and done.stdout.endswith("installed\n"), done
        assert case.wait_for_events(len(labels), SECONDS) == labels
        time.sleep(0 if labels else 1)
        assert case.labels == labels
