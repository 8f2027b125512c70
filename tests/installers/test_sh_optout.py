"""Opt-outs: the rows of shim/spec, asked of install.sh in every shell before anything is downloaded."""

import concurrent.futures
import os
import shutil
import subprocess

import pytest
from installer_lab import ROOT
from sh_shells import SHELLS

SPEC = ROOT / "shim/spec"
NAMES = {"NEG": ["FOOTFALL_NO_TELEMETRY", "DO_NOT_TRACK", "NO_TELEMETRY", "ACME_NO_TELEMETRY"], "POS": ["ACME_TELEMETRY"],
         "CI": ["CI"]}


def rows():
    """(variable, value or None, sends)"""
    for line in (SPEC / "optout.tsv").read_text().splitlines():
        if line.startswith("#") or line.startswith("variable"):
            continue
        kind, value, sends = line.split("\t")
        value = {"(unset)": None, "(empty)": ""}.get(value, value.replace("_", " "))
        for name in NAMES[kind]:
            yield name, value, sends == "yes"
    for name in ci_variables():
        if name != "CI":
            yield name, "x", False
            yield name, "", True
            yield name, "0", False


def ci_variables():
    lines = (SPEC / "ci.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


# More than one variable at once, and the switches that are files.
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
    ({"ACME_VERSION": "v1-dirty"}, False),
    ({"ACME_VERSION": "dev"}, False),
]


def run(lab, environment, *arguments, before=None):
    """An install that fails at once: what was sent, and whether anything was fetched."""
    case = lab.case()
    if before:
        before(case)
    environment = case.environment(ACME_DOWNLOAD_URL="https://localhost:1/dl",
                                   FOOTFALL_SHIM_URL=f"{lab.url}/for={case.name}/shims", **environment)
    done = subprocess.run(["sh", case.write(lab.render()), *arguments], env=environment, capture_output=True,
                          text=True, timeout=20)
    assert done.returncode == 1
    return case, done.stderr


def silent(lab, case, err):
    """Off leaves no trace."""
    fetched = [path for path in lab.releases.seen if f"/for={case.name}/" in path]
    return [what for what, there in (("events", case.events), ("notice", "anonymous" in err), ("fetched", fetched),
                                     ("folder", (case.home / ".acme").exists() and not case.chosen),
                                     ("left behind", case.leftovers)) if there]


def check(lab, environment, sends, *arguments, before=None):
    case, err = run(lab, environment, *arguments, before=before)
    case.chosen = before is not None
    if sends:
        right = case.wait_for_events(2) == ["install_failed", "install_start"] and "anonymous" in err
        return "" if right else f"{environment}: sent {case.labels}, said {err}"
    traces = silent(lab, case, err)
    return f"{environment}: {traces}" if traces else ""


TABLE = [({} if value is None else {name: value}, sends) for name, value, sends in rows()] + COMBINED


def check_rows(lab, table):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        wrong = list(pool.map(lambda row: check(lab, *row), table))
    assert "\n".join(filter(None, wrong)) == ""


def test_some_rows(lab):
    """Whole installs; the block alone is asked about every row further down."""
    check_rows(lab, TABLE[::4] + COMBINED)


@pytest.mark.long
def test_every_row(lab):
    check_rows(lab, TABLE)


def test_no_telemetry_option(lab):
    assert check(lab, {}, False, "--no-telemetry") == ""
    assert check(lab, {}, False, "--verbose", "--no-telemetry") == ""


@pytest.mark.parametrize("word, environment, sends", [
    ("off", {}, False), ("on", {}, True), ("off", {"ACME_TELEMETRY": "1"}, True), ("", {}, False),
    ("garbage", {}, False), ("on", {"DO_NOT_TRACK": "1"}, False)])
def test_what_the_user_chose_before(lab, word, environment, sends):
    def choose(case):
        (case.home / ".acme").mkdir(mode=0o700)
        (case.home / ".acme/telemetry").write_text(word + "\n")

    assert check(lab, environment, sends, before=choose) == ""


def test_a_choice_that_is_a_pipe_does_not_hang(lab):
    def choose(case):
        (case.home / ".acme").mkdir(mode=0o700)
        subprocess.run(["mkfifo", case.home / ".acme/telemetry"], check=True)

    assert check(lab, {}, False, before=choose) == ""


def test_without_an_endpoint_there_is_no_telemetry(lab):
    script = lab.render(ENDPOINT=None, PRIVACY_URL=None, SHIMS=None, SHIM_URL=None)
    for endpoint in (None, "http://127.0.0.1:1/v1/events"):
        case = lab.case()
        done = subprocess.run(["sh", case.write(script)], env=case.environment(FOOTFALL_ENDPOINT=endpoint),
                              capture_output=True, text=True, timeout=20, check=False)
        assert (done.returncode, done.stderr, case.leftovers) == (0, "", [])


@pytest.mark.parametrize("switch", ["acme", "footfall"])
def test_the_fleets_switch(lab, switch):
    if os.getuid() != 0:
        pytest.skip("only root can mount")
    case = lab.case()
    etc = case.folder / "etc"
    (etc / switch).mkdir(parents=True)
    for file in ("passwd", "group", "hosts", "nsswitch.conf"):
        shutil.copy(f"/etc/{file}", etc)
    file = case.write(lab.render())
    script = f'mount --bind {etc} /etc && exec sh {file} "$@"'
    for on in (False, True):
        if on:
            (etc / switch / "no-telemetry").touch()
        before = len(case.events)
        done = subprocess.run(["unshare", "--mount", "sh", "-c", script], capture_output=True, text=True, timeout=20,
                              env=case.environment(ACME_TELEMETRY="1"), check=False)
        assert done.returncode == 0, done.stderr
        assert ("anonymous" in done.stderr) == (not on)
        assert len(case.wait_for_events(2)) - before == (0 if on else 2)


def test_every_row_in_every_shell(lab, shell):
    """The block's own reading, without the installer around it."""
    block = lab.render(block="sh").replace('\nfootfall_start ${1+"$@"}\n', "\n")
    script = ['[ -z "${ZSH_VERSION-}" ] || emulate sh', block]
    table = [row for row in rows() if row[0] != "CI" or row[1] is not None]
    for name, value, _ in table:
        quoted = "'" + (value or "").replace("'", "'\\''") + "'"
        script.append(f"{name}={quoted}" if value is not None else f"unset {name}")
        script.append(f"if footfall_allowed; then echo yes; else echo no; fi; unset {name}")
    name, *options = SHELLS[shell]
    home = lab.case().home
    done = subprocess.run([shutil.which(name), *options], input="\n".join(script), capture_output=True, text=True,
                          env={"PATH": "/usr/bin:/bin", "HOME": str(home)}, timeout=20)
    answers = done.stdout.split()
    wrong = [row for row, answer in zip(table, answers, strict=True) if (answer == "yes") != row[2]]
    assert (wrong, done.stderr) == ([], "")


def test_the_list_of_ci_variables_is_the_contracts(lab):
    listed = lab.render().split("footfall_ci='", 1)[1].split("'", 1)[0].split()
    assert listed == ci_variables()
