"""Opt-outs: the rows of shim/spec, asked of install.ps1 before anything is downloaded."""

import concurrent.futures
import os

import pytest
from installer_lab import ROOT
from ps1_ways import NOTICE, SECONDS, calls_of, environment_of, need_pwsh, powershell, script_of, write
from ps1_ways import run_plainly, Way

SPEC = ROOT / "shim/spec"
NAMES = {"NEG": ["FOOTFALL_NO_TELEMETRY", "DO_NOT_TRACK", "NO_TELEMETRY", "ACME_NO_TELEMETRY"], "POS": ["ACME_TELEMETRY"],
         "CI": ["CI"]}


def data_lines(name):
    return [line for line in (SPEC / name).read_text().splitlines() if line and not line.startswith("#")]


def rows():
    """(variables, sends)"""
    for line in data_lines("optout.tsv")[1:]:
        kind, value, sends = line.split("\t")
        value = {"(unset)": None, "(empty)": ""}.get(value, value.replace("_", " "))
        for name in NAMES[kind]:
            yield {name: value}, sends == "yes"
    for name in data_lines("ci.txt"):
        if name != "CI":
            yield {name: "x"}, False
            yield {name: ""}, True
            yield {name: "0"}, False


# More than one variable at once, and words that look like others in some languages.
COMBINED = [
    ({"CI": "false", "GITHUB_ACTIONS": "true"}, True),
    ({"CI": "", "GITHUB_ACTIONS": "true"}, False),
    ({"CI": "true", "FOOTFALL_ALLOW_CI": "1"}, True),
    ({"CI": "true", "FOOTFALL_ALLOW_CI": "0"}, False),
    ({"CI": "true", "FOOTFALL_ALLOW_CI": "perhaps"}, False),
    ({"CI": "true", "ACME_TELEMETRY": "1"}, False),
    ({"DO_NOT_TRACK": "1", "ACME_TELEMETRY": "1"}, False),
    ({"ACME_DEV": "1"}, False),
    ({"ACME_DEV": "0"}, True),
    ({"OTHER_NO_TELEMETRY": "1"}, True),
    ({"DO_NOT_TRACK": "0\u200b"}, False),
    ({"DO_NOT_TRACK": "\t0\r\n"}, True),
    ({"ACME_TELEMETRY": "d\u0131sable"}, False),
]


def quoted(text):
    return "$null" if text is None else "'" + text.replace("'", "''") + "'"


@pytest.mark.parametrize("culture", ["en-US", "tr-TR"])
def test_every_row(lab, culture):
    """The block's own reading, without the installer around it."""
    need_pwsh()
    case = lab.case()
    table = [*rows(), *COMBINED]
    lines = [lab.render(block="ps1"), f"[cultureinfo]::CurrentCulture = '{culture}'"]
    for variables, _ in table:
        lines += [f"[Environment]::SetEnvironmentVariable('{name}', {quoted(value)})" for name, value in variables.items()]
        # Before .NET 9 an empty text means unset; to the rows both mean the same.
        lines.append("Test-FootfallAllowed @()")
        lines += [f"[Environment]::SetEnvironmentVariable('{name}', [NullString]::Value)" for name in variables]
    (case.folder / "rows.ps1").write_text("\n".join(lines), encoding="utf-8")
    done = powershell(case, "./rows.ps1", timeout=2 * SECONDS)
    answers = done.stdout.split()
    wrong = [row for row, answer in zip(table, answers, strict=True) if (answer == "True") != row[1]]
    assert (wrong, done.stderr) == ([], "")


def run(lab, environment, *arguments, before=None):
    """An install that fails at once: what was sent, and whether anything was fetched."""
    case = lab.case()
    if before:
        before(case)
    file = write(case, script_of(lab))
    environment = environment_of(case, ACME_DOWNLOAD_URL="https://localhost:1/dl",
                                 FOOTFALL_SHIM_URL=f"{lab.url}/for={case.name}/shims", **environment)
    status, out, _ = run_plainly([*calls_of(case, file)["-File"], *arguments], case, Way(), environment)
    assert status == 1
    return case, out


def check(lab, environment, sends, *arguments, before=None):
    need_pwsh()
    case, out = run(lab, environment, *arguments, before=before)
    if sends:
        right = case.wait_for_events(2, SECONDS) == ["install_failed", "install_start"] and NOTICE in out
        return "" if right else f"{environment}: sent {case.labels}, said {out}"
    fetched = [path for path in lab.releases.seen if f"/for={case.name}/" in path]
    made = (case.home / ".acme").exists() and before is None
    traces = [case.events, NOTICE in out, fetched, made, case.leftovers]
    return f"{environment}: {traces}" if any(traces) else ""


def choosing(word):
    def before(case):
        (case.home / ".acme").mkdir(mode=0o700)
        (case.home / ".acme/telemetry").write_text(word + "\n")

    return before


def choosing_a_pipe(case):
    (case.home / ".acme").mkdir(mode=0o700)
    os.mkfifo(case.home / ".acme/telemetry")


def choosing_a_link(case):
    (case.home / ".acme").mkdir(mode=0o700)
    (case.home / "on").write_text("on\n")
    (case.home / ".acme/telemetry").symlink_to("../on")


RUNS = [
    ({}, True), ({"DO_NOT_TRACK": "1"}, False), ({"ACME_NO_TELEMETRY": "true"}, False), ({"CI": "true"}, False),
    ({"ACME_VERSION": "v1-dirty"}, False), ({}, False, "--no-telemetry"), ({}, False, "-q", "-NoTelemetry"),
    ({}, False, "--no--telemetry"), ({}, False, "-N-O-telemetry"), # whatever is taken for the option
    ({}, False, "off"), ({}, True, "on"), ({"ACME_TELEMETRY": "1"}, True, "off"), ({}, False, "garbage"),
    ({}, False, choosing_a_pipe), ({}, False, choosing_a_link),
]


def test_off_leaves_no_trace(lab):
    def try_run(row):
        environment, sends, *rest = row
        if rest and (callable(rest[0]) or not rest[0].startswith("-")):
            return check(lab, environment, sends, before=rest[0] if callable(rest[0]) else choosing(rest[0]))
        return check(lab, environment, sends, *rest)

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        assert "\n".join(filter(None, pool.map(try_run, RUNS))) == ""


def test_the_fleets_switch(lab):
    if os.getuid() != 0 or os.path.exists("/etc/footfall-lab-fleet"):
        pytest.skip("only root writes to /etc")
    os.mkdir("/etc/footfall-lab-fleet")
    try:
        with open("/etc/footfall-lab-fleet/no-telemetry", "w", encoding="ascii"):
            pass
        need_pwsh()
        case = lab.case()
        block = lab.render(block="ps1", APP="footfall-lab-fleet")
        (case.folder / "block.ps1").write_text(block + "\nTest-FootfallAllowed @()\n")
        done = powershell(case, "./block.ps1", FOOTFALL_LAB_FLEET_TELEMETRY="1")
        assert (done.stdout.split(), done.stderr) == (["False"], "")
    finally:
        os.unlink("/etc/footfall-lab-fleet/no-telemetry")
        os.rmdir("/etc/footfall-lab-fleet")
