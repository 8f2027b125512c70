"""At most one start and one outcome for each run, whoever calls how often (contract 4)."""

import os
import signal
import time

import pytest
from shim_lab import SHIM, wait_for

OUTCOMES = ("install_complete", "install_failed")


def settled(case):
    """All that was sent, once nothing more can come."""
    assert case.wait_until_gone(15)
    return sorted(case.sink.labels)


def send(case, event, **more):
    case.emit(event, **more).assert_unnoticed()


@pytest.mark.parametrize("event", ["install_start", *OUTCOMES])
def test_an_event_goes_out_once(case, event):
    for _ in range(3):
        send(case, event)
        assert case.wait_until_gone()
    assert case.sink.labels == [event]


@pytest.mark.parametrize("first, second", [OUTCOMES, OUTCOMES[::-1]])
def test_the_first_outcome_stands(case, first, second):
    send(case, first)
    send(case, second)
    send(case, first)
    assert settled(case) == [first]


def test_a_start_and_an_outcome(case):
    send(case, "install_start")
    send(case, "install_complete")
    assert settled(case) == ["install_complete", "install_start"]


def test_two_runs_are_two_runs(case):
    for run in ("one", "two"):
        send(case, "install_start", run=run)
        send(case, "install_failed", run=run)
    assert settled(case) == ["install_failed"] * 2 + ["install_start"] * 2


def test_two_apps_with_one_token_are_two_runs(case):
    for app in ("acme", "other-1"):
        case.run([SHIM, "emit", "install_start", "--app", app, "--endpoint", case.sink.url, "--run", "same"])
    assert settled(case) == ["install_start"] * 2


def storm(case, calls, run, events=("install_start", *OUTCOMES)):
    """So many calls at once, for one run."""
    started = [case.start(case.words(events[i % len(events)], run=run)) for i in range(calls)]
    assert {process.wait(60) for process in started} == {0}


@pytest.mark.parametrize("round_", range(4))
def test_a_hundred_calls_at_once(case, round_):
    storm(case, 100, round_)
    labels = settled(case)
    assert len(labels) == 2 and labels[1] == "install_start" and labels[0] in OUTCOMES
    assert len({request.event["cid"] for request in case.sink.requests}) == 1


@pytest.mark.long
def test_a_hundred_calls_at_once_a_thousand_times(make_case, sink):
    for round_ in range(1000):
        case = make_case(sink)
        sink.requests.clear()
        storm(case, 100, round_)
        labels = settled(case)
        assert len(labels) == 2 and labels[1] == "install_start" and labels[0] in OUTCOMES, f"round {round_}: {labels}"
        assert {request.event["cid"] for request in sink.requests} == {case.id}


@pytest.mark.parametrize("round_", range(5))
def test_calls_at_once_that_are_killed(case, round_):
    """Whatever the killed ones had done, there is no second event."""
    for _ in range(10):
        started = [case.start(case.words(event)) for event in ("install_start", *OUTCOMES)]
        time.sleep(0.0005 * round_)
        for pid in case.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        for process in started:
            process.wait(10)
    labels = settled(case)
    assert labels.count("install_start") <= 1 and sum(labels.count(outcome) for outcome in OUTCOMES) <= 1


TOKENS = ["a", "../../../../tmp/x", "/etc/passwd", "a b\tc", "ünï", "'; rm -rf /", "x" * 200, ".", "..", "%s%n", "-", "--help",
          "a/b", "a\\b", "\n", "\x01", "CON", "telemetry_id"]


@pytest.mark.parametrize("token", TOKENS, ids=range(len(TOKENS)))
@pytest.mark.parametrize("way", ["flag", "variable"])
def test_any_text_is_a_token_and_none_is_a_path(case, token, way):
    before = case.all_files()
    more = {"run": token} if way == "flag" else {"run": None, "env": {"FOOTFALL_RUN": token}}
    if way == "flag" and token.startswith("-"):
        more = {"run": None}
        case.emit("install_start", f"--run={token}", **more).assert_unnoticed()
        case.emit("install_start", f"--run={token}", **more).assert_unnoticed()
    else:
        send(case, "install_start", **more)
        send(case, "install_start", **more)
    assert settled(case) == ["install_start"] and before == []
    runs = [name for name in case.files() if name.startswith(".acme/telemetry_runs/")]
    assert len(runs) == 1
    assert set(case.files()) == {".acme", ".acme/telemetry_id", ".acme/telemetry_last", ".acme/telemetry_runs", *runs}


def test_tokens_that_differ_a_little_are_different_runs(case):
    tokens = ["a", "A", "a ", "a/", "x" * 200, "x" * 199, "é", "e\u0301"]
    for token in tokens:
        send(case, "install_start", run=token)
    assert settled(case) == ["install_start"] * len(tokens)


def test_a_longer_token_sends_nothing(case):
    send(case, "install_start", run="x" * 201)
    assert settled(case) == [] and case.all_files() == []


def test_the_flag_wins_over_the_variable(case):
    send(case, "install_start", run="a", env={"FOOTFALL_RUN": "b"})
    send(case, "install_start", run="a")
    send(case, "install_start", run="b")
    assert settled(case) == ["install_start"] * 2


@pytest.mark.parametrize("nothing", [{"run": None}, {"run": ""}, {"run": None, "env": {"FOOTFALL_RUN": ""}}])
def test_without_a_token_the_parent_is_the_run(case, nothing):
    send(case, "install_start", **nothing)
    send(case, "install_start", **nothing)
    assert settled(case) == ["install_start"]


def test_another_parent_is_another_run(case):
    twice = " ".join(['"$@";'] * 2) + " :"
    for _ in range(2):
        case.run(["sh", "-c", twice, "sh", *case.words("install_start", run=None)]).assert_unnoticed()
    assert settled(case) == ["install_start"] * 2


def test_a_parents_number_used_again_is_another_run(case):
    """The second shell gets the first one's number: the only free one of a small namespace of its own."""
    script = """
        echo 300 >/proc/sys/kernel/ns_last_pid; sh -c '"$@"; echo $$ >>"$HOME/pids"; sleep 0.05' sh "$@"
        sleep 0.3
        echo 300 >/proc/sys/kernel/ns_last_pid; sh -c '"$@"; echo $$ >>"$HOME/pids"; sleep 0.05' sh "$@"
        sleep 0.5"""
    if os.getuid() != 0:
        pytest.skip("only root can choose process ids")
    words = ["unshare", "--pid", "--fork", "--mount-proc", "sh", "-c", script, "sh", *case.words("install_start", run=None)]
    case.run(words)
    pids = (case.home / "pids").read_text().split()
    assert len(pids) == 2 and pids[0] == pids[1], pids
    assert settled(case) == ["install_start"] * 2


def test_an_emit_within_run_belongs_to_its_run(case):
    words = [SHIM, "run", "--app", "acme", "--endpoint", case.sink.url, "--", *case.words("install_failed", run=None)]
    assert case.run(words).status == 0
    assert settled(case) == ["install_failed", "install_start"]


@pytest.mark.usefixtures("own_tmp")
def test_home_that_fills_up_between_is_no_second_chance(case):
    """What was claimed in the temporary folder holds in a home that can be written again."""
    missing = case.folder / "later"
    send(case, "install_start", env={"HOME": missing})
    missing.mkdir()
    send(case, "install_start", env={"HOME": missing})
    assert settled(case) == ["install_start"]


def test_a_temporary_folder_that_changes_between(case):
    """Within a run an installer may give TMPDIR to what it runs; the watcher's bell is found even so."""
    script = """
        exec 3<"$1"; shift
        mount -t tmpfs none /tmp && mkdir /tmp/other /tmp/third
        TMPDIR=/tmp/third /proc/self/fd/3 emit install_start --watch $$ "$@"
        until [ -n "$(find /tmp -name '*.bell')" ]; do sleep 0.02; done
        TMPDIR=/tmp/other /proc/self/fd/3 emit install_complete "$@"
        /proc/self/fd/3 emit install_failed "$@"; rmdir /tmp/other /tmp/third"""
    words = ["unshare", "-m", "sh", "-c", script, "sh", SHIM, *case.words("install_start")[3:]]
    case.run(words, {"HOME": "/nonexistent"}, cwd="/").assert_unnoticed(5)
    assert settled(case) == ["install_complete", "install_start"]


def test_runs_long_over_are_forgotten(case):
    send(case, "install_start", run="old")
    assert wait_for(lambda: case.sink.labels) and case.wait_until_gone()
    (old,) = (case.place / "telemetry_runs").iterdir()
    week = time.time() - 8 * 24 * 3600
    os.utime(old, (week, week))
    send(case, "install_start", run="new")
    assert case.wait_until_gone()
    assert not old.exists() and len(list((case.place / "telemetry_runs").iterdir())) == 1
