"""Killed at any system call, and any system call failing: nothing is torn, doubled or left behind (contract 3-5).

interrupt.c interferes with the n-th system call of the caller's own process, of the sender, or of the
process that delivers for a watcher.
"""

import errno
import pathlib
import shutil
import subprocess
import time

import pytest
from shim_lab import ID_FILE, wait_for
from sink import Sink

HERE = pathlib.Path(__file__).parent
ERRORS = ["ENOSPC", "EIO", "EMFILE", "ENFILE", "EINTR", "EAGAIN", "ENOMEM", "EPERM"]
# Who can be interfered with: the caller's process, the sender, and with a watcher the one that delivers.
PLAIN, WATCHING = (0, 1), (0, 1, 2)


@pytest.fixture(scope="session")
def interrupt(tmp_path_factory):
    tool = tmp_path_factory.mktemp("tools") / "interrupt"
    subprocess.run(["cc", "-O1", "-o", tool, HERE / "interrupt.c"], check=True)
    return tool


class Scene:
    """One emit, interfered with again and again, each time in a new home."""

    def __init__(self, make_case, sink, tool, options, used_home=False, trust=()):
        self.make_case, self.sink, self.tool, self.options = make_case, sink, tool, options
        self.used_home, self.trust = used_home, trust

    def prepare(self):
        self.sink.requests.clear()
        case = self.make_case(self.sink)
        case.own_tmp = True  # the next attempt must not find the marks of this one
        if self.used_home:
            case.emit("install_start", "--release", "before", *self.options[1:], run="before")
            assert case.wait_until_gone()
            self.sink.requests.clear()
        return case

    def run(self, case, who, nth, action):
        """Status and the report: per process its calls, its status, and which call was hit."""
        report = case.folder / "report"
        words = case.words(self.options[0], "--release", "v1", *self.options[1:], *self.trust)
        result = case.run([self.tool, report, who, nth, action, *words])
        lines = [[int(word) for word in line.split()] for line in report.read_text().splitlines()]
        return result, lines

    def calls(self, who):
        case = self.prepare()
        _, lines = self.run(case, who, 0, "count")
        shutil.rmtree(case.folder)
        return lines[who][1]

    def attempt(self, who, nth, action, killed):
        case = self.prepare()
        start = time.monotonic()
        result, lines = self.run(case, who, nth, action)
        where = f"{action} at call {nth} of {who}: {lines}"
        assert result.out == b"" and result.err == b"", f"{where}: {result}"
        assert result.status in ((0, 137) if killed and who == 0 else (0,)), f"{where}: {result}"
        assert time.monotonic() - start < 8, where
        self.check_once(where)
        self.check_files(case, where, temporary=1 if killed else 0)
        self.check_next_run(case, where)
        shutil.rmtree(case.folder)

    def check_once(self, where):
        labels = [request.label for request in list(self.sink.requests)]
        assert len(labels) == len(set(labels)), f"{where}: {labels}"

    def check_files(self, case, where, temporary):
        if case.id_file.exists():
            assert ID_FILE.fullmatch(case.id_file.read_bytes()), where
        left = [name for name in case.all_files() if name.endswith(".tmp")]
        assert len(left) <= temporary, f"{where}: {left}"

    def check_next_run(self, case, where):
        """The same run may be tried again, and the next one finds all in order."""
        case.emit(self.options[0], "--release", "v1", *self.options[1:], *self.trust).assert_unnoticed()
        assert case.wait_until_gone(), where
        self.check_once(where)
        case.emit("install_start", "--release", "next", *self.trust, run="next").assert_unnoticed()
        assert wait_for(lambda: any(r.event["release"] == "next" for r in list(self.sink.requests))), where
        assert case.wait_until_gone(), where
        self.check_files(case, where, temporary=0)
        sent = [request.event for request in self.sink.requests]
        assert len([event for event in sent if event["release"] == "next"]) == 1, where
        # An id that has gone out and is the home's own is the one that stays.
        if any(name.endswith("telemetry_id") for name in case.files()):
            assert sent[-1]["cid"] == case.id, where


@pytest.fixture
def scenes(make_case, sink, interrupt, pki):
    """name: the scene, and which of its processes can be interfered with."""
    dead = subprocess.Popen(["true"])
    dead.wait()
    watching = ["install_start", "--watch", dead.pid, "--deadline", 2]
    with Sink(tls=pki) as secure:
        yield {
            "start": Scene(make_case, sink, interrupt, ["install_start", "--deadline", 2]),
            "used home": Scene(make_case, sink, interrupt, ["install_complete", "--deadline", 2], used_home=True),
            "watcher": Scene(make_case, sink, interrupt, watching),
            "tls": Scene(make_case, secure, interrupt, ["install_start", "--deadline", 2], trust=["--cacert", pki.ca]),
        }


PARTS = [("start", who) for who in PLAIN] + [("used home", who) for who in PLAIN] + \
        [("watcher", who) for who in WATCHING] + [("tls", 1)]


def sweep(scene, who, action, step, offset=0):
    calls = scene.calls(who)
    assert calls > 30, f"{who} made only {calls} system calls"
    for nth in range(1 + offset % step, calls + 1, step):
        scene.attempt(who, nth, action, killed=action == "kill")


@pytest.mark.parametrize("scene, who", PARTS)
def test_killed_at_a_system_call(scenes, scene, who):
    sweep(scenes[scene], who, "kill", step=5)


@pytest.mark.long
@pytest.mark.parametrize("scene, who", PARTS)
def test_killed_at_every_system_call(scenes, scene, who):
    sweep(scenes[scene], who, "kill", step=1)


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("scene, who", [("start", 0), ("start", 1), ("watcher", 1)])
def test_a_system_call_fails(scenes, scene, who, error):
    sweep(scenes[scene], who, getattr(errno, error), step=25, offset=3 * ERRORS.index(error))


@pytest.mark.long
@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("scene, who", PARTS)
def test_every_system_call_fails_once(scenes, scene, who, error):
    sweep(scenes[scene], who, getattr(errno, error), step=1)
