"""footfall.exe under Wine: the promises of the contract (1-6), kept by other means than on Unix."""

import contextlib
import os
import signal
import subprocess
import time

import pytest
from shim_lab import wait_for
from sink import Sink, silence, status
from wine_lab import EXE, LOADER, Profile, start_wine, windows

# Starting Wine takes a second on a machine with nothing else to do; the deadline of what must not be waited for
# is far beyond what a busy one takes.
LATE = 25
BODY = ('{{"event_label":"{label}","os":"windows","arch":"AMD64","platform":"windows-x86_64",'
        '"release":"v0.1.2","method":"powershell","cid":"{cid}"}}')


@pytest.fixture(scope="module", autouse=True)
def wine():
    missing = start_wine()
    if missing:
        pytest.skip(missing)


@pytest.fixture
def profile(folder, sink):
    profile = Profile(folder, sink)
    yield profile
    profile.end()


def labels_of(sink):
    return sorted(sink.labels)


# ---- emit ----


def test_the_exact_bytes_over_tls(folder, pki):
    with Sink(tls=pki) as sink:
        profile = Profile(folder, sink, pki.ca)
        profile.emit("install_start")
        assert wait_for(lambda: sink.requests, 20)
        request = sink.requests[0]
        assert request.tls in ("TLSv1.2", "TLSv1.3")
        assert request.body.decode() == BODY.format(label="install_start", cid=profile.id)
        assert request.head == (f"POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1:{sink.port}\r\n"
                                f"Content-Type: application/json\r\nContent-Length: {len(request.body)}").encode()
        assert profile.id_file.read_bytes() == profile.id.encode() + b"\n"


def test_an_unknown_authority_gets_nothing(folder, pki):
    with Sink(tls=pki) as sink:
        profile = Profile(folder, sink)
        done = profile.footfall("emit install_start --strict")
        assert done.status == 4 and b"not trusted" in done.err, done
        assert sink.requests == []


@pytest.mark.parametrize("answer, expected", [(status(204), 0), (status(503), 5)], ids=["taken", "refused"])
def test_strict_statuses(folder, answer, expected):
    with Sink(answer=answer) as sink:
        profile = Profile(folder, sink)
        assert profile.footfall("emit install_start --strict").status == expected
        again = profile.footfall("emit install_start --strict")
        assert again.status == 3 and b"already" in again.err, again
        assert profile.footfall("emit nonsense --strict").status == 2


@pytest.mark.parametrize("words", ["", "emit", "emit nonsense", "emit install_start --app", "emit install_start --bad"])
def test_wrong_usage_never_fails_an_emit(profile, words):
    done = profile.footfall(words)
    assert done.status == (0 if words.startswith("emit") else 2) and done.out == b"", done
    assert profile.sink.connections == 0


@pytest.mark.parametrize("line", [
    f"footfall emit install_start --watch --deadline {LATE}& footfall emit install_failed --deadline {LATE}",
    f"footfall run --deadline {LATE} -- cmd /c exit 0"], ids=["emit", "run"])
def test_a_pipe_is_not_held_by_the_sender(folder, line):
    """`$(footfall emit ...)` and `| tee` end with emit, however long the sender hangs. (Standard error is left
    out: descriptor 2, on which Wine says what it debugs, goes on to each of its processes whatever Windows says.)"""
    with Sink(answer=silence) as sink:
        profile = Profile(folder, sink)
        start = time.monotonic()
        done = subprocess.run(profile.shell(line), env=profile.environment(), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=120)
        assert (done.returncode, done.stdout) == (0, b"") and time.monotonic() - start < LATE - 5
        assert wait_for(lambda: len(sink.requests) == 2, 20), sink.labels
        assert profile.senders()
        profile.end()


def test_the_deadline_ends_the_sender(folder):
    with Sink(greet=silence) as sink:
        profile = Profile(folder, sink)
        profile.emit("install_start --deadline 0.5")
        assert wait_for(lambda: sink.connections, 20)
        assert wait_for(lambda: not profile.senders(), 5), profile.senders()


def test_closed_streams(profile):
    words = " ".join(f"'{word}'" for word in profile.shell("footfall emit install_start"))
    done = profile.run(["/bin/sh", "-c", f"exec {words} <&- >&- 2>&-"], timeout=120)
    assert (done.status, done.out, done.err) == (0, b"", b""), done
    assert wait_for(lambda: profile.sink.labels == ["install_start"], 20)


# ---- the id ----

ID = "9b7f0ee2-0a5a-4bda-8f1a-3a9d53f1b3e7"


@pytest.mark.parametrize("content", [
    ID.upper().encode() + b"\r\n", b"\xef\xbb\xbf" + ID.encode() + b"\r\n", b"\xff\xfe" + (ID + "\r\n").encode("utf-16-le")],
    ids=["crlf", "utf8-bom", "utf16"])
def test_what_windows_tools_write_is_an_id(profile, content):
    profile.write_id(content)
    assert profile.footfall("id").out.decode() == ID + "\n"
    profile.emit("install_start")
    assert wait_for(lambda: profile.sink.requests, 20)
    assert profile.sink.requests[0].event["cid"] == ID
    assert profile.id_file.read_bytes() == content


def test_garbage_is_replaced(profile):
    profile.write_id(b'{"event_label":"' + b"x" * 5000)
    profile.emit("install_start")
    assert wait_for(lambda: profile.sink.requests, 20)
    assert profile.sink.requests[0].event["cid"] == profile.id
    assert wait_for(lambda: not profile.senders(), 10)
    assert not [name for name in profile.all_files() if name.endswith((".tmp", "lock"))], profile.all_files()


def test_a_folder_in_the_id_file_s_place_costs_no_event(profile):
    profile.id_file.mkdir(parents=True)
    profile.emit("install_start")
    assert wait_for(lambda: profile.sink.labels == ["install_start"], 20)


def test_installs_at_once_agree_on_one_id(profile):
    starts = "& ".join(f"start /b footfall emit install_start --run {n}" for n in range(6))
    profile.run(profile.shell(starts), timeout=120)
    assert wait_for(lambda: len(profile.sink.requests) == 6, 30), profile.sink.labels
    assert {request.event["cid"] for request in profile.sink.requests} == {profile.id}


def test_without_a_profile_the_event_goes_out_once(profile):
    line = "set USERPROFILE=Z:\\nowhere\\at all&& footfall emit install_start --strict"
    assert [profile.run(profile.shell(line), timeout=120).status for _ in range(2)] == [0, 3]
    assert profile.files() == [] and len(profile.sink.requests) == 1


# ---- once ----


def test_twenty_at_once_are_one_start_and_one_outcome(profile):
    labels = ["install_start", "install_complete", "install_failed", "install_start"] * 5
    profile.run(profile.shell("& ".join(f"start /b footfall emit {label}" for label in labels)), timeout=120)
    assert wait_for(lambda: len(profile.sink.requests) == 2, 30), profile.sink.labels
    assert wait_for(lambda: not profile.senders(), 20)
    assert len(profile.sink.requests) == 2
    assert len({label == "install_start" for label in profile.sink.labels}) == 2, profile.sink.labels


def test_the_parent_process_is_the_run(profile):
    """Without a token: one shell, one run; the next shell, the next run."""
    line = profile.shell("footfall emit install_start --strict& footfall emit install_start --strict")
    first = profile.run(line, {"FOOTFALL_RUN": None}, timeout=120)
    assert first.status == 3, first
    assert profile.run(line, {"FOOTFALL_RUN": None}, timeout=120).status == 3
    assert profile.sink.labels == ["install_start"] * 2


# ---- the watcher ----


@contextlib.contextmanager
def installer(profile, line):
    """A shell that waits for ever after it has run the line. Yields what kills it."""
    shell = profile.start(profile.shell(f"{line}& set /p wait="), stdin=subprocess.PIPE,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill():
        for pid in set(profile.processes()) - set(profile.senders()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shell.wait()

    try:
        yield kill
    finally:
        kill()
        shell.stdin.close()


def test_a_killed_installer_is_a_failure(profile):
    with installer(profile, "footfall emit install_start --watch") as kill:
        assert wait_for(lambda: profile.sink.labels == ["install_start"], 30)
        time.sleep(1)  # the installer is at work: nothing may be said yet
        assert profile.sink.labels == ["install_start"] and profile.senders()
        kill()
        assert wait_for(lambda: len(profile.sink.requests) == 2, 10), profile.sink.labels
    assert profile.sink.labels == ["install_start", "install_failed"]
    assert wait_for(lambda: not profile.senders(), 5)


def test_a_stated_outcome_ends_the_watcher(profile):
    line = "footfall emit install_start --watch& footfall emit install_complete"
    with installer(profile, line) as kill:
        assert wait_for(lambda: len(profile.sink.requests) == 2, 30), profile.sink.labels
        assert wait_for(lambda: not profile.senders(), 4), profile.senders()
        kill()
    time.sleep(1.5)  # longer than the grace that an installer's last word gets
    assert labels_of(profile.sink) == ["install_complete", "install_start"]


def test_the_watcher_ends_at_its_limit(profile):
    with installer(profile, "footfall emit install_start --watch --watch-limit 0.5"):
        assert wait_for(lambda: profile.sink.labels == ["install_start"], 30)
        assert wait_for(lambda: not profile.senders(), 10), profile.senders()
    assert profile.sink.labels == ["install_start"]


# ---- run ----


@pytest.mark.parametrize("command, expected, outcome", [
    ("cmd /c exit 0", 0, "install_complete"), ("cmd /c exit 7", 7, "install_failed"),
    ("no-such-command", 127, "install_failed")], ids=["0", "7", "not-found"])
def test_run_hands_the_status_on(profile, command, expected, outcome):
    done = profile.footfall(f"run -- {command}")
    assert done.status == expected, done
    assert wait_for(lambda: labels_of(profile.sink) == sorted(["install_start", outcome]), 20), profile.sink.labels
    assert wait_for(lambda: not profile.senders(), 5)


@pytest.mark.parametrize("argument", ['plain', '', 'two words', 'a"b', 'back\\slash\\', 'quoted\\" \\\\', '*', '%PATH%'])
def test_run_hands_arguments_on_as_they_are(profile, argument):
    """The shim says which command it does not know; here it is its own command."""
    done = profile.run([LOADER, EXE, "run", "--", EXE, "emit", "install_start", "--strict", f"--{argument}x"],
                       {"DO_NOT_TRACK": "1"}, timeout=120)
    assert done.status == 2, done
    assert f"unknown option --{argument}x;" in done.err.decode(), done


def test_run_passes_streams_and_batch_files(profile):
    script = profile.folder / "say it.bat"
    script.write_text("@echo out %1\r\n@echo err 1>&2\r\n@exit 9\r\n")
    done = profile.run([LOADER, EXE, "run", "--", windows(script), "two & words"], {"DO_NOT_TRACK": "1"}, timeout=120)
    assert done.status == 9 and b'out "two & words"' in done.out and b"err" in done.err, done


def test_an_emit_within_run_belongs_to_its_run(profile):
    done = profile.footfall("run -- footfall emit install_start --strict", {"FOOTFALL_RUN": None})
    assert done.status == 3 and b"already" in done.err, done
    assert wait_for(lambda: labels_of(profile.sink) == ["install_failed", "install_start"], 20)


# ---- off ----


@pytest.mark.parametrize("variable", ["DO_NOT_TRACK", "NO_TELEMETRY", "ACME_NO_TELEMETRY", "CI"])
def test_off_leaves_no_trace(profile, variable):
    profile.emit("install_start --watch", {variable: "1"})
    assert profile.senders() == [] and profile.sink.connections == 0
    assert profile.all_files() == []


def test_the_fleet_s_switch(profile):
    switch = profile.data / "footfall" / "no-telemetry"
    switch.parent.mkdir()
    switch.touch()
    done = profile.footfall("emit install_start --strict", {"ACME_TELEMETRY": "1"})
    assert done.status == 3 and b"administrator" in done.err, done
    assert profile.all_files() == [] and profile.sink.connections == 0


def test_disable_enable_explain_forget(profile):
    assert profile.footfall("disable").status == 0
    assert profile.footfall("emit install_start --strict").status == 3
    assert b"switched off for this user" in profile.footfall("explain").out
    (profile.place / "telemetry").write_bytes(b"\xff\xfe" + "on\r\n".encode("utf-16-le"))
    assert b"would be sent" in profile.footfall("explain").out
    assert profile.footfall("enable").status == 0
    assert profile.footfall("emit install_start --strict").status == 0
    assert windows(profile.id_file).encode() in profile.footfall("explain").out
    cid = profile.id
    done = profile.footfall("forget")
    assert done.status == 0 and windows(profile.id_file).encode() in done.out, done
    assert profile.sink.requests[-1].line == f"DELETE /v1/install/{cid} HTTP/1.1"
    assert not profile.id_file.exists()
