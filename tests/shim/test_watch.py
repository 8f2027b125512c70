"""An outcome for every start: the watcher that reports an installer which ended without one (contract 4)."""

import os
import pathlib
import signal
import subprocess
import time

import pytest
import sink as server
from shim_lab import SHIM, wait_for
from sink import Sink

START, FAILED, COMPLETE = "install_start", "install_failed", "install_complete"


class Installer:
    """A shell that says install_start and then does what the test wants."""

    def __init__(self, case, then, *options, run="run-1", **popen):
        script = f'"$@" --watch "$$"; {then}'
        self.case = case
        self.process = case.start(["bash", "-c", script, "bash", *case.words(START, *options, run=run)], **popen)

    def wait_for_watcher(self):
        """The process that sleeps on the installer; its sibling that delivers has ended."""
        assert wait_for(lambda: any(is_asleep(pid) for pid in self.case.senders())), self.case.senders()
        return next(pid for pid in self.case.senders() if is_asleep(pid))

    def end(self, number=signal.SIGKILL):
        self.process.send_signal(number)
        self.process.wait(10)


def is_asleep(pid):
    """It has all it waits for: the process, and the bell that an outcome rings."""
    try:
        names = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
    except OSError:
        return False
    return any("pidfd" in name for name in names) and any(name.endswith(".bell") for name in names)


def labels_when_gone(case, seconds=10):
    assert wait_for(lambda: not case.senders(), seconds), "a watcher is left"
    return sorted(case.sink.labels)


def assert_no_bell_left(case):
    assert [name for name in case.all_files() if name.endswith(".bell")] == []


SLEEP = "while :; do sleep 0.05; done"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGSEGV, signal.SIGABRT])
def test_an_installer_ended_by_a_signal(case, number):
    installer = Installer(case, SLEEP)
    installer.wait_for_watcher()
    installer.end(number)
    assert wait_for(lambda: FAILED in case.sink.labels)
    assert labels_when_gone(case) == [FAILED, START]
    assert_no_bell_left(case)
    start, failed = sorted(case.sink.requests, key=lambda request: request.label == FAILED)
    assert {**start.event, "event_label": FAILED} == failed.event


def test_an_installer_killed_with_its_whole_group(case):
    """As the OOM killer, a closed window or a CI runner does."""
    installer = Installer(case, SLEEP, start_new_session=True)
    installer.wait_for_watcher()
    os.killpg(installer.process.pid, signal.SIGKILL)
    installer.process.wait(10)
    assert wait_for(lambda: FAILED in case.sink.labels)


@pytest.mark.parametrize("status", [0, 1])
def test_an_installer_that_ends_without_an_outcome(case, status):
    Installer(case, f"exit {status}").process.wait(10)
    assert wait_for(lambda: FAILED in case.sink.labels)
    assert labels_when_gone(case) == [FAILED, START]


@pytest.mark.parametrize("outcome", [COMPLETE, FAILED])
def test_an_installer_that_states_its_outcome(case, outcome):
    installer = Installer(case, f'set -- "$@"; "{SHIM}" emit {outcome} --app acme --endpoint "{case.sink.url}" --run run-1; exit 3')
    assert installer.process.wait(10) == 3
    assert labels_when_gone(case) == sorted([outcome, START])
    assert_no_bell_left(case)


def test_it_ends_within_two_seconds_of_an_outcome(case):
    installer = Installer(case, SLEEP)
    installer.wait_for_watcher()
    case.emit(COMPLETE).assert_unnoticed()
    stated = time.monotonic()
    assert wait_for(lambda: not case.senders(), 10)
    assert time.monotonic() - stated < 2
    installer.end()
    assert sorted(case.sink.labels) == [COMPLETE, START]
    assert_no_bell_left(case)


SUPPRESSED = {
    "development": (["--release", "0.0.0-dev"], {}),
    "consent": (["--consent", "opt-in"], {}), "endpoint": ([], {"FOOTFALL_ENDPOINT": "http://example.com/"}),
}


@pytest.mark.parametrize("way", SUPPRESSED)
def test_an_outcome_that_a_gate_stops_is_one(case, way):
    """The installer has said how it ended, though nobody wants to be told: that is no failure."""
    options, env = SUPPRESSED[way]
    installer = Installer(case, SLEEP)
    installer.wait_for_watcher()
    assert wait_for(lambda: case.sink.labels)
    case.emit(COMPLETE, *options, env=env).assert_unnoticed()
    assert labels_when_gone(case, 2) == [START]
    assert_no_bell_left(case)
    installer.end()
    assert case.senders() == []


def test_an_outcome_stated_at_the_last_moment(case):
    """By a process that outlives the installer for a little, as install.sh's does."""
    late = f'(sleep 0.3; "{SHIM}" emit {COMPLETE} --app acme --endpoint "{case.sink.url}" --run run-1) & exit 0'
    Installer(case, late).process.wait(10)
    assert wait_for(lambda: COMPLETE in case.sink.labels)
    assert labels_when_gone(case) == [COMPLETE, START]


def test_an_outcome_that_was_stated_before_the_start(case):
    case.emit(COMPLETE).assert_unnoticed()
    assert case.wait_until_gone()
    Installer(case, SLEEP).end()
    assert labels_when_gone(case)[0] == COMPLETE and FAILED not in case.sink.labels


def test_an_installer_that_becomes_another_program(case):
    """exec: the same process goes on; its end is the installer's."""
    installer = Installer(case, "exec sleep 60")
    watcher = installer.wait_for_watcher()
    assert wait_for(lambda: os.readlink(f"/proc/{installer.process.pid}/exe").endswith("sleep"))
    assert wait_for(lambda: case.sink.labels == [START]) and watcher in case.senders()
    installer.end()
    assert wait_for(lambda: FAILED in case.sink.labels)


@pytest.mark.parametrize("hold", [server.silence, server.reset])
def test_a_start_that_could_not_be_delivered(make_case, hold):
    """The failure is reported even so, and to an endpoint that answers by then."""
    with Sink(greet=hold) as dead:
        port = dead.port
        case = make_case(dead)
        installer = Installer(case, SLEEP, "--deadline", "1")
        installer.wait_for_watcher()
        assert wait_for(lambda: dead.connections)
    with Sink(port=port) as alive:
        installer.end()
        assert wait_for(lambda: alive.labels == [FAILED]), alive.labels


def test_killed_before_the_start_is_delivered(make_case):
    with Sink(answer=server.silence) as slow:
        case = make_case(slow)
        installer = Installer(case, SLEEP, "--deadline", "2")
        assert wait_for(lambda: slow.labels == [START])
        installer.end()
        assert wait_for(lambda: sorted(slow.labels) == [FAILED, START])


def test_a_process_that_has_gone_already(case):
    gone = subprocess.Popen(["true"])
    gone.wait()
    case.emit(START, "--watch", gone.pid).assert_unnoticed()
    assert wait_for(lambda: sorted(case.sink.labels) == [FAILED, START])


def test_the_parent_is_watched_when_nobody_is_named(case):
    installer = case.start(["bash", "-c", f'"$@"; {SLEEP}', "bash", *case.words(START, "--watch")])
    assert wait_for(lambda: any(is_asleep(pid) for pid in case.senders()))
    installer.kill()
    installer.wait()
    assert wait_for(lambda: sorted(case.sink.labels) == [FAILED, START])


def test_the_parent_is_watched_when_its_number_is_empty(case):
    script = f'"$@" --watch ""; {SLEEP}'
    installer = case.start(["bash", "-c", script, "bash", *case.words(START)])
    assert wait_for(lambda: any(is_asleep(pid) for pid in case.senders()))
    installer.kill()
    installer.wait()
    assert wait_for(lambda: sorted(case.sink.labels) == [FAILED, START])


@pytest.mark.parametrize("event", [COMPLETE, FAILED])
def test_an_outcome_is_not_watched_over(case, event):
    case.emit(event, "--watch").assert_unnoticed()
    assert labels_when_gone(case) == [event]


def test_a_start_that_a_gate_stops_is_not_watched_over(case):
    case.emit(START, "--watch", case.sleeper(), env={"DO_NOT_TRACK": "1"}).assert_unnoticed()
    assert case.senders() == [] and case.all_files() == []


def test_a_second_start_is_not_watched_twice(case):
    sleeper = case.sleeper()
    for _ in range(3):
        case.emit(START, "--watch", sleeper).assert_unnoticed()
    assert wait_for(lambda: len(case.senders()) == 1 and case.sink.labels == [START])


def test_telemetry_switched_off_meanwhile(case):
    installer = Installer(case, SLEEP)
    installer.wait_for_watcher()
    assert wait_for(lambda: case.sink.labels)
    assert case.run([SHIM, "disable", "--app", "acme"]).status == 0
    installer.end()
    assert labels_when_gone(case) == [START]


def test_a_number_used_again_does_not_fool_it(case):
    """Another process gets the installer's number while the watcher is stopped and could not look."""
    if os.getuid() != 0:
        pytest.skip("only root can choose process ids")
    script = """
        echo 300 >/proc/sys/kernel/ns_last_pid; sleep 60 & first=$!
        "$@" --watch $first
        until [ "$(pgrep -c -x "$NAME")" = 1 ]; do sleep 0.02; done; watcher=$(pgrep -x "$NAME")
        kill -STOP $watcher; kill -KILL $first; wait $first
        echo 300 >/proc/sys/kernel/ns_last_pid; sleep 60 & second=$!
        echo $first $second >"$HOME/pids"
        kill -CONT $watcher
        for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do pgrep -x "$NAME" >/dev/null || break; sleep 0.2; done
        kill $second"""
    words = ["unshare", "--pid", "--fork", "--mount-proc", "bash", "-c", script, "bash", *case.words(START)]
    case.run(words, env={"NAME": SHIM.name[:15]})
    first, second = (case.home / "pids").read_text().split()
    assert first == second
    assert wait_for(lambda: sorted(case.sink.labels) == [FAILED, START])


def test_the_watcher_killed(case):
    """Nothing starts it again, and the outcome still counts once."""
    installer = Installer(case, SLEEP)
    os.kill(installer.wait_for_watcher(), signal.SIGKILL)
    assert wait_for(lambda: not case.senders())
    case.emit(FAILED).assert_unnoticed()
    installer.end()
    assert labels_when_gone(case) == [FAILED, START]
    assert_no_bell_left(case)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM])
def test_the_watcher_ends_when_it_is_told_to(case, number):
    """A machine that shuts down does not wait for it."""
    installer = Installer(case, SLEEP)
    os.kill(installer.wait_for_watcher(), number)
    assert wait_for(lambda: not case.senders())
    installer.end()


def test_the_limit_ends_it_silently(case):
    case.emit(START, "--watch", case.sleeper(), "--watch-limit", "0.5").assert_unnoticed()
    started = time.monotonic()
    assert wait_for(lambda: any(is_asleep(pid) for pid in case.senders()))
    assert wait_for(lambda: not case.senders())
    assert 0.4 < time.monotonic() - started < 2.5
    assert case.sink.labels == [START]
    assert_no_bell_left(case)


@pytest.mark.usefixtures("own_tmp")
def test_a_home_that_cannot_be_written(case):
    """The bell is in the temporary folder then."""
    env = {"HOME": "/"}
    case.emit(START, "--watch", case.sleeper(), env=env).assert_unnoticed()
    assert wait_for(lambda: any(is_asleep(pid) for pid in case.senders()))
    case.emit(COMPLETE, env=env).assert_unnoticed()
    assert labels_when_gone(case, 2) == [COMPLETE, START]


def test_two_hundred_at_once(case):
    """Each has its own run and its own end."""
    sleepers = [case.start(["sleep", "60"]) for _ in range(200)]
    for i, sleeper in enumerate(sleepers):
        case.emit(START, "--watch", sleeper.pid, "--deadline", "20", run=i, shim=SHIM).assert_unnoticed()
    assert wait_for(lambda: len(case.sink.requests) == 200, 30)
    assert wait_for(lambda: len(case.senders()) == 200, 30)
    for i in range(100):
        case.emit(COMPLETE, "--deadline", "20", run=i)
    for sleeper in sleepers:
        sleeper.kill()
    for sleeper in sleepers:
        sleeper.wait()
    assert wait_for(lambda: not case.senders(), 40)
    labels = case.sink.labels
    assert [labels.count(label) for label in (START, COMPLETE, FAILED)] == [200, 100, 100]


# ---- what it costs while it waits ----


def status_of(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return dict(line.split(":", 1) for line in text.splitlines())


def private_memory(pid):
    """Bytes that are its own, and those it has in memory at all."""
    rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    values = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in rollup.splitlines()[1:]}
    return values["Private_Dirty"] + values["Private_Clean"], values["Rss"]


@pytest.fixture
def waiting(case):
    case.emit(START, "--watch", case.sleeper()).assert_unnoticed()
    assert wait_for(lambda: case.sink.labels and len(case.senders()) == 1 and is_asleep(case.senders()[0]))
    (pid,) = case.senders()
    return pid


def test_at_most_a_megabyte(waiting):
    private, resident = private_memory(waiting)
    assert resident <= 1 << 20, (private, resident)


def test_no_wake_ups_while_it_waits(waiting):
    keys = ("voluntary_ctxt_switches", "nonvoluntary_ctxt_switches")
    time.sleep(0.3)
    before = [status_of(waiting)[key] for key in keys]
    time.sleep(1.5)
    assert [status_of(waiting)[key] for key in keys] == before


def test_it_is_one_process_that_holds_little(waiting, case):
    names = [os.readlink(f"/proc/{waiting}/fd/{fd}") for fd in os.listdir(f"/proc/{waiting}/fd")]
    assert len(names) <= 12, names
    assert os.getsid(waiting) == waiting
    assert os.readlink(f"/proc/{waiting}/cwd") == "/"
    assert not any(name.startswith(("socket:", "pipe:")) for name in names), names
    children = pathlib.Path(f"/proc/{waiting}/task/{waiting}/children").read_text()
    assert children == ""
