"""Off leaves no trace: no file, no folder, no socket, no question to a name server, no process (contract 2)."""

import os

import pytest
from shim_lab import SHIM

# What an event that is not wanted may do: start, look at what it was given, end.
TRACES = "socket,connect,sendto,bind,mkdir,mkdirat,mknod,mknodat,creat,symlink,symlinkat,link,linkat,rename,renameat," \
         "renameat2,unlink,unlinkat,fork,vfork,clone,clone3,execve,pipe,pipe2,memfd_create,setsid"

OFF_BY_ENVIRONMENT = {
    "flag": (["--no-telemetry"], {}), "DO_NOT_TRACK": ([], {"DO_NOT_TRACK": "1"}), "NO_TELEMETRY": ([], {"NO_TELEMETRY": "yes"}),
    "APP_NO_TELEMETRY": ([], {"ACME_NO_TELEMETRY": "true"}), "APP_TELEMETRY": ([], {"ACME_TELEMETRY": "0"}),
    "doubt": ([], {"ACME_TELEMETRY": "perhaps"}), "CI": ([], {"CI": "true"}), "GITHUB_ACTIONS": ([], {"GITHUB_ACTIONS": "true"}),
    "developer": ([], {"ACME_DEV": "1"}), "dirty": (["--release", "v1-dirty"], {}),
    "FOOTFALL_NO_TELEMETRY": ([], {"FOOTFALL_NO_TELEMETRY": "1"}),
}
OFF_BY_STATE = {"consent": ["--consent", "opt-in"], "endpoint": ["--endpoint", "http://example.com/"]}


def trace(case, words, env):
    """The system calls of all its processes."""
    file = case.folder / "trace"
    case.run(["strace", "-f", "-y", "-o", file, *words], env).assert_unnoticed(5)
    return [line.split(None, 1)[1] for line in file.read_text().splitlines() if "(" in line]


def assert_no_trace(case, words, env):
    calls = trace(case, words, env)
    assert len(calls) > 3
    suspicious = [call for call in calls if call.split("(")[0] in TRACES.split(",") or "O_CREAT" in call]
    assert suspicious[0].startswith("execve(") and len(suspicious) == 1, suspicious
    assert case.processes() == [] and case.all_files() == [] and case.sink.connections == 0
    return calls


@pytest.mark.parametrize("way", OFF_BY_ENVIRONMENT)
@pytest.mark.parametrize("event", [["install_start", "--watch"], ["install_failed"]], ids=["start", "outcome"])
def test_by_the_environment(case, way, event):
    options, env = OFF_BY_ENVIRONMENT[way]
    calls = assert_no_trace(case, case.words(*event, *options), env)
    # Decided before any file is touched. An outcome of a developer's release asks whether there is a watcher to tell.
    touched = [call for call in calls if not call.startswith("execve(") and (str(case.home) in call or "/etc/" in call)]
    assert not touched or way in ("developer", "dirty") and event == ["install_failed"] and len(touched) == 1, touched
    assert all(".bell" in call and "ENOENT" in call for call in touched), touched


@pytest.mark.parametrize("way", OFF_BY_STATE)
def test_by_what_is_on_disk(case, way):
    assert_no_trace(case, case.words("install_start", "--watch", *OFF_BY_STATE[way]), {})


def test_by_the_saved_choice(case):
    assert case.run([SHIM, "disable", "--app", "acme"]).status == 0
    before = case.all_files()
    calls = trace(case, case.words("install_start"), {})
    assert not any(call.startswith(("socket(", "fork(", "clone(", "mkdir")) or "O_CREAT" in call for call in calls)
    assert case.all_files() == before and case.sink.connections == 0


def test_by_the_fleets_switch(case):
    if os.getuid() != 0:
        pytest.skip("only root can set this up")
    script = 'mkdir -p "$HOME/../etc/acme" && cp -a /etc/passwd "$HOME/../etc/" && touch "$HOME/../etc/acme/no-telemetry" && ' \
             'mount --bind "$HOME/../etc" /etc && exec "$@"'
    case.run(["unshare", "-m", "sh", "-c", script, "sh", *case.words("install_start", "--allow-ci")],
             {"ACME_TELEMETRY": "1"}).assert_unnoticed()
    assert case.wait_until_gone() and case.all_files() == [] and case.sink.connections == 0


def test_run_still_runs_the_command(case):
    words = [SHIM, "run", "--app", "acme", "--endpoint", case.sink.url, "--no-telemetry", "--", "sh", "-c", "echo hello; exit 7"]
    result = case.run(words)
    assert result.status == 7 and result.out == b"hello\n" and result.err == b""
    assert case.all_files() == [] and case.sink.connections == 0


def test_on_does_leave_one(case):
    """The same look at an event that is wanted finds what the others must not show."""
    calls = trace(case, case.words("install_start"), {})
    assert any(call.startswith("socket(") for call in calls) and any("O_CREAT" in call for call in calls)
    assert case.wait_until_gone() and case.sink.labels == ["install_start"]
