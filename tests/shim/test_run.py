"""footfall run: as if nobody stood between the command and its caller."""
import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import time

import pytest

from shim_lab import ROOT, wait_for

SHIM = str(ROOT / "build" / "footfall")


def words(case, *command, options=()):
    return [SHIM, "run", "--app", "acme", "--endpoint", case.sink.url, *options, "--", *command]


def labels(case, count=2):
    wait_for(lambda: len(case.sink.requests) >= count)
    return sorted(case.sink.labels)


@pytest.mark.parametrize("script,expected", [("exit 0", 0), ("exit 1", 1), ("exit 77", 77), ("exit 255", 255),
                                             ("kill -TERM $$", 143), ("kill -KILL $$", 137), ("kill -SEGV $$", 139)])
def test_exit_status_is_handed_on(case, script, expected):
    assert case.run(words(case, "sh", "-c", script)).status == expected
    outcome = "install_complete" if expected == 0 else "install_failed"
    assert labels(case) == [outcome, "install_start"]


def test_not_found_and_not_executable(case, folder):
    done = case.run(words(case, "no-such-command-here"))
    assert done.status == 127 and b"no-such-command-here" in done.err
    plain = folder / "plain"
    plain.write_text("x")
    assert case.run(words(case, plain)).status == 126
    assert labels(case, 4) == ["install_failed"] * 2 + ["install_start"] * 2


def test_a_script_that_names_no_interpreter(case, folder):
    """The shell's, as execvp(3) has it: by its name, and found in PATH."""
    script = folder / "bin" / "scripted"
    script.parent.mkdir()
    script.write_text('echo "$0 $1"; exit 5\n')
    script.chmod(0o755)
    for name in (script, "scripted"):
        done = case.run(words(case, name, "a b"), env={"PATH": f"/nonexistent:{script.parent}:/usr/bin:/bin"})
        assert (done.status, done.out, done.err) == (5, f"{script} a b\n".encode(), b""), done


def test_path_is_searched_as_execvp_does(case, folder):
    """What must not be executed is passed over, an empty element is the current folder, no PATH is the system's."""
    for name, mode in (("first", 0o644), ("second", 0o755)):
        (folder / name).mkdir()
        (folder / name / "tool").write_text(f"#!/bin/sh\necho {name}\n")
        (folder / name / "tool").chmod(mode)
    first, second = folder / "first", folder / "second"
    for path, expected in ((f"{first}:{second}", (0, b"second\n")), (f"{first}", (126, b"")), (f"{folder}", (127, b"")),
                           (f"{first}::/bin", (0, b"second\n")), (f"{'x' * 5000}:{second}", (0, b"second\n"))):
        done = case.run(words(case, "tool"), env={"PATH": path}, cwd=second)
        assert (done.status, done.out) == expected, (path[:50], done)
    assert case.run(words(case, "sh", "-c", "exit 3"), env={"PATH": None}).status == 3
    assert case.run(words(case, "")).status == 127


def test_streams_pass_untouched(case):
    done = subprocess.run(words(case, "sh", "-c", "cat; echo error >&2"), input=b"in\0put\n" * 5000,
                          env=case.environment(), capture_output=True, timeout=20)
    assert done.stdout == b"in\0put\n" * 5000 and done.stderr == b"error\n"


def test_the_command_inherits_what_it_should(case):
    """Descriptors, environment, working directory, ignored signals, umask: all the caller's."""
    read, write = os.pipe()
    script = f"echo $PWD $X $(umask); echo fd >&{write}; trap - HUP; kill -HUP $$; echo survived"
    done = subprocess.run(["sh", "-c", 'trap "" HUP; umask 027; exec "$@"', "sh", *words(case, "bash", "-c", script)],
                          env=case.environment(X="y"), cwd=case.folder, pass_fds=[write], capture_output=True, timeout=20)
    os.close(write)
    assert done.stdout.decode().split("\n")[:2] == [f"{case.folder} y 0027", "survived"], done
    assert os.read(read, 10) == b"fd\n"
    os.close(read)


@pytest.mark.usefixtures("own_tmp")
def test_closed_streams(case):
    """Without a home, too, the watcher keeps the command in sight."""
    line = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *words(case, "sleep", "2.5")]
    assert case.run(line, env={"HOME": None}).status == 0
    assert labels(case) == ["install_complete", "install_start"]


def ignore_children():
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)


def test_a_caller_that_ignores_the_end_of_its_children(case):
    """The command finds that as we did; we still learn how it ended."""
    done = case.run(words(case, "grep", "SigIgn", "/proc/self/status"), preexec_fn=ignore_children, timeout=8)
    assert done.status == 0 and int(done.out.split()[1], 16) >> (signal.SIGCHLD - 1) & 1, done
    assert case.run(words(case, "sh", "-c", "exit 7"), preexec_fn=ignore_children, timeout=8).status == 7
    assert labels(case, 4) == ["install_complete", "install_failed"] + ["install_start"] * 2


def test_an_inner_emit_belongs_to_the_same_run(case):
    inner = f"{SHIM} emit install_start --app acme --endpoint {case.sink.url}; " \
            f"{SHIM} emit install_failed --app acme --endpoint {case.sink.url}; exit 0"
    assert case.run(words(case, "sh", "-c", inner)).status == 0
    assert labels(case) == ["install_failed", "install_start"]
    assert not wait_for(lambda: len(case.sink.requests) > 2, 0.4)


@pytest.mark.usefixtures("own_tmp")
def test_opted_out_or_broken_changes_nothing(case):
    for env in ({"DO_NOT_TRACK": "1"}, {"FOOTFALL_ENDPOINT": "https://127.0.0.1:1/"}, {"HOME": "/nonexistent"},
                {"FOOTFALL_ENDPOINT": "not a url"}, {"FOOTFALL_DEADLINE": "soon"}, {"FOOTFALL_RUN": "x" * 201},
                {"FOOTFALL_CONSENT": "perhaps"}, {"FOOTFALL_WATCH_LIMIT": "-1"}):
        done = case.run(words(case, "sh", "-c", "echo out; exit 3"), env=env)
        assert (done.status, done.out, done.err) == (3, b"out\n", b""), env
    done = case.run([SHIM, "run", "--", "sh", "-c", "exit 3"], env={"FOOTFALL_APP": "acme", "FOOTFALL_DEADLINE": "soon"})
    assert (done.status, done.err) == (3, b"")
    done = case.run(words(case, "sh", "-c", "exit 3", options=["--deadline", "soon"]))
    assert done.status == 2 and b"--deadline soon" in done.err, "an option is the caller's own mistake"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGUSR1, signal.SIGQUIT])
def test_signals_to_us_reach_the_command(case, number):
    name = signal.Signals(number).name[3:]
    script = f"trap 'echo got; exit 9' {name}; echo ready; while :; do sleep 0.05; done"
    process = case.start(words(case, "sh", "-c", script), stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(number)
    assert process.stdout.readline() == b"got\n"
    assert process.wait(10) == 9


def test_a_real_time_signal_reaches_the_command(case):
    number = signal.SIGRTMIN + 3
    script = f"trap 'echo got; exit 9' {number}; echo ready; while :; do sleep 0.05; done"
    process = case.start(words(case, "bash", "-c", script), stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(number)
    assert process.wait(5) == 9 and process.stdout.readline() == b"got\n"


def test_a_signal_from_outside_of_the_container(case):
    """As docker stop sends it: the sender's number is 0 within."""
    script = "trap 'echo got; exit 9' TERM; echo ready; while :; do sleep 0.05; done"
    outer = case.start(["unshare", "-pf", "--mount-proc", *words(case, "sh", "-c", script)], stdout=subprocess.PIPE)
    assert outer.stdout.readline() == b"ready\n"
    with open(f"/proc/{outer.pid}/task/{outer.pid}/children") as children:
        os.kill(int(children.read()), signal.SIGTERM)
    assert outer.wait(5) == 9 and outer.stdout.readline() == b"got\n"


def test_an_alarm_that_was_set_before(case):
    script = "trap 'echo got; exit 9' ALRM; n=0; while [ $n -lt 100 ]; do sleep 0.05; n=$((n+1)); done"
    done = case.run(words(case, "sh", "-c", script), preexec_fn=lambda: signal.setitimer(signal.ITIMER_REAL, 0.5))
    assert (done.status, done.out) == (9, b"got\n"), done


def test_a_terminal_that_goes_away(case):
    """It tells the leader of its session alone."""
    heard = case.folder / "heard"
    script = f"trap 'echo got >{heard}; exit 9' HUP; echo ready; n=0; while [ $n -lt 200 ]; do sleep 0.05; n=$((n+1)); done"
    line = words(case, "sh", "-c", script)
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(line[0], line, case.environment())
    assert b"ready" in os.read(fd, 100)
    os.close(fd)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9
    assert heard.read_text() == "got\n"


def test_a_command_that_somebody_stops_and_continues(case):
    """Where no shell with job control would continue us, we are not stopped with it."""
    process = case.start(words(case, "sh", "-c", "echo $$; sleep 0.5; exit 6"), stdout=subprocess.PIPE)
    command = int(process.stdout.readline())
    os.kill(command, signal.SIGSTOP)
    assert wait_for(lambda: state(command) == "T")
    time.sleep(0.1)
    assert state(process.pid) == "S"
    os.kill(command, signal.SIGCONT)
    assert process.wait(5) == 6


def state(pid):
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0]


def test_a_killed_run_is_reported_by_its_watcher(case):
    process = case.start(words(case, "sleep", "30"), start_new_session=True)
    wait_for(lambda: len(case.sink.requests) >= 1)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert labels(case) == ["install_failed", "install_start"]
    os.killpg(process.pid, signal.SIGKILL)


def test_pipes_end_when_the_command_lets_them_go(case):
    """A command that closes its output and works on: its reader must not wait for us."""
    process = case.start(words(case, "sh", "-c", "echo x; exec >&- 2>&-; sleep 3"), stdout=subprocess.PIPE)
    start = time.monotonic()
    assert process.stdout.read() == b"x\n"
    assert time.monotonic() - start < 2
    process.kill()
    process.wait()


class Terminal:
    """A shell with job control on a pseudo-terminal."""

    def __init__(self, case):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve("/bin/bash", ["bash", "--norc", "--noprofile", "-i"],
                      case.environment(PS1="$ ", HISTFILE="/dev/null", TERM="dumb"))
        self.seen = b""

    def type(self, text):
        os.write(self.fd, text.encode())

    def await_text(self, text, seconds=10):
        end = time.monotonic() + seconds
        while text.encode() not in self.seen:
            assert time.monotonic() < end, self.seen
            try:
                os.set_blocking(self.fd, False)
                self.seen += os.read(self.fd, 65536)
            except BlockingIOError:
                time.sleep(0.02)
        _, _, self.seen = self.seen.partition(text.encode())

    def close(self):
        os.close(self.fd)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


@pytest.fixture
def terminal(case):
    one = Terminal(case)
    one.await_text("$ ")
    yield one
    one.close()


def line(case, script):
    return " ".join(words(case, "sh", "-c")) + f" '{script}'\n"


def test_ctrl_c(case, terminal):
    script = case.folder / "s.sh"
    script.write_text("trap 'echo in''terrupted; exit 5' INT\necho rea''dy\nwhile :; do sleep 0.05; done\n")
    terminal.type(" ".join(words(case, "sh", str(script))) + "; echo st''atus $?\n")
    terminal.await_text("ready")
    terminal.type("\x03")
    terminal.await_text("interrupted")
    terminal.await_text("status 5")
    assert labels(case) == ["install_failed", "install_start"]


def test_ctrl_c_before_the_sender_is_on_its_own(case):
    """It is the terminal's until it has a session of its own."""
    trace = ["strace", "-f", "-o", "/dev/null", "-e", "inject=setsid:signal=SIGINT"]
    assert case.run([*trace, *words(case, "true")]).status == 0
    assert labels(case) == ["install_complete", "install_start"]


def test_ctrl_z_and_fg(case, terminal):
    script = case.folder / "s.sh"
    script.write_text("echo rea''dy\nread answer\necho an''swer $answer\nexit 4\n")
    terminal.type(" ".join(words(case, "sh", str(script))) + "\n")
    terminal.await_text("ready")
    terminal.type("\x1a")
    terminal.await_text("Stopped")
    terminal.type("jobs\n")
    terminal.await_text("Stopped")
    terminal.type("fg; echo st''atus $?\n")
    time.sleep(0.3)
    terminal.type("yes\n")
    terminal.await_text("answer yes")
    terminal.await_text("status 4")


def test_window_size(case, terminal):
    script = case.folder / "s.sh"
    script.write_text("trap 'stty size' WINCH\nstty size\nn=0; while [ $n -lt 100 ]; do sleep 0.05; n=$((n+1)); done\n")
    fcntl.ioctl(terminal.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 90, 0, 0))
    terminal.type(" ".join(words(case, "sh", str(script))) + "\n")
    terminal.await_text("30 90")
    fcntl.ioctl(terminal.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 41, 101, 0, 0))
    terminal.await_text("41 101")


def test_as_first_process_of_a_container(case):
    """Orphans are reaped, and the outcome arrives before the namespace ends."""
    done = case.run(["unshare", "-pf", "--mount-proc", *words(case, "sh", "-c", "(sleep 0.1 &) ; sleep 0.3; exit 6")])
    assert done.status == 6
    assert labels(case) == ["install_failed", "install_start"]
