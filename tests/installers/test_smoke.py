"""scripts/smoke: passes a good installer, and fails one that breaks a promise."""

import pathlib
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
    "says that its endpoint is broken": (("    footfall_succeeded\n",
                                          '    footfall_succeeded\n    curl -sm 1 "$FOOTFALL_ENDPOINT" >/dev/null || echo "no endpoint" >&2\n'),
                                         "endpoint refuses connections"),
    "sends more, later": (("    footfall_succeeded\n", """    footfall_succeeded
    ( ( sleep 2; for label in install_start install_failed; do curl -s -A '' -H Accept: -H 'Content-Type: application/json' \\
        -d "{\\"event_label\\":\\"$label\\"}" "$FOOTFALL_ENDPOINT"; done ) & ) </dev/null >/dev/null 2>&1\n"""), "nothing came late"),
    "has its own idea of a saved choice": (("footfall_state=off", 'rm -rf "$HOME/.acme"; footfall_state=off'), "opt-out choice=off"),
    "fetches the shim all the same": (("footfall_state=off", 'curl -s "${FOOTFALL_SHIM_URL-}/x" >/dev/null || :; footfall_state=off'),
                                      "opt-out DO_NOT_TRACK=1"),
    "tries again": (("    footfall_succeeded\n", """    footfall_succeeded
    for turn in 1 2 3; do curl -sfm 1 -d x "$FOOTFALL_ENDPOINT" >/dev/null || :; done\n"""), "each event is sent once"),
    "sends a name": (("--platform \"$footfall_platform\"", "--platform my-laptop"), "the seven members"),
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


PASTED = """#!/bin/sh
set -eu
while [ $# -gt 0 ]; do
    case $1 in --no-telemetry) FOOTFALL_NO_TELEMETRY=1 ;; --fail) ACME_URL=none ;; esac
    shift
done
BLOCK
[ "${ACME_URL-}" != none ] || { echo "no such address" >&2; exit 4; }
cp "$0" "$ACME_INSTALL_DIR/acme"
footfall_succeeded
"""


def test_an_installer_with_a_pasted_block(lab):
    case = lab.case()
    file = case.write(PASTED.replace("BLOCK", lab.render(block="sh")))
    for failing in ("ACME_URL=none", "--fail"):
        done = smoke(case, f"--failing={failing}", file)
        assert done.returncode == 0, done.stdout + done.stderr
    done = smoke(case, file)
    assert done.returncode == 2 and "--failing says how" in done.stderr


def test_an_installer_that_hangs_is_ended_with_all_it_has_started(lab):
    case = lab.case()
    script = lab.render().replace("    unpack\n", f"    sh -c 'echo $$ >{case.folder}/pid; sleep 60'\n", 1)
    done = smoke(case, case.write(script), "--timeout=3")
    assert done.returncode == 1 and "did not end within 3 s" in done.stdout
    words = pathlib.Path(f"/proc/{(case.folder / 'pid').read_text().strip()}/cmdline")
    assert not words.exists() or words.read_bytes() == b"", "it runs, and nobody waits for it"


def test_wrong_usage(lab):
    case = lab.case()
    assert smoke(case, "/no/such/install.sh").returncode == 2
    done = smoke(case, case.write(lab.render()), "--shell=nosuchshell -x")
    assert done.returncode == 2 and "there is no nosuchshell" in done.stderr
    done = smoke(case, case.write("#!/bin/sh\nexit 0\n"), "--failing=x")
    assert done.returncode == 1 and "telemetry block" in done.stderr
