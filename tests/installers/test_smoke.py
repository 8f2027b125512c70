"""scripts/smoke: passes a good installer, and fails one that breaks a promise."""

import subprocess

import pytest
from installer_lab import ROOT
from ps1_ways import PWSH, need_pwsh


def smoke(case, *arguments):
    environment = case.environment(FOOTFALL_ENDPOINT=None, ACME_INSTALL_DIR=None, DO_NOT_TRACK="1")
    return subprocess.run([ROOT / "scripts/smoke", *arguments], env=environment, capture_output=True, text=True,
                          timeout=120, check=False)


@pytest.mark.parametrize("name", ["install.sh", "install.ps1"])
def test_a_good_installer(lab, name):
    if name == "install.ps1":
        need_pwsh()
    case = lab.case()
    done = smoke(case, case.write(lab.render(script=name), name), *([f"--shell={PWSH}"] if name == "install.ps1" else []))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the collector has stored them" in done.stdout and "emit --strict, refused" in done.stdout
    assert '{"event_label":"install_complete"' in done.stdout
    assert case.events == [] and case.leftovers == []


BROKEN = {
    "never states success": (("    footfall_succeeded\n", ""), "one install_start, one install_complete"),
    "ignores an opt-out": (("footfall_state=off", "unset DO_NOT_TRACK; footfall_state=off"), "opt-out DO_NOT_TRACK=1"),
    "sends another method": (("--method shell", "--method deb"), "the seven members"),
    "hides its notice": (("    footfall_print_notice || :\n", ""), "the notice names"),
    "waits for its endpoint": (("    footfall_succeeded\n",
                                '    footfall_succeeded\n    curl -sm 4 "$FOOTFALL_ENDPOINT" >/dev/null || :\n'),
                               "endpoint never answers"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_promise(lab, name):
    (old, new), check = BROKEN[name]
    case = lab.case()
    script = lab.render().replace(old, new, 1)
    assert script != lab.render()
    done = smoke(case, case.write(script))
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAIL")]
    assert done.returncode == 1 and any(check in line for line in failed), done.stdout + done.stderr


def test_wrong_usage(lab):
    case = lab.case()
    assert smoke(case, "/no/such/install.sh").returncode == 2
    done = smoke(case, case.write(lab.render()), "--shell=nosuchshell -x")
    assert done.returncode == 2 and "there is no nosuchshell" in done.stderr
    done = smoke(case, case.write("#!/bin/sh\nexit 0\n"))
    assert done.returncode == 1 and "telemetry block" in done.stderr
