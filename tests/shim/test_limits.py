"""Limits and surroundings that leave no room: nobody notices (contract 5)."""

import ctypes
import os
import resource
import signal
import struct
import subprocess

import pytest
from shim_lab import SHIM, SOON, in_mounts, wait_for

as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can set this up")


# ---- limits ----

LIMITS = {
    "NOFILE 3": (resource.RLIMIT_NOFILE, 3), "NOFILE 0": (resource.RLIMIT_NOFILE, 0), "NOFILE 5": (resource.RLIMIT_NOFILE, 5),
    "NOFILE 8": (resource.RLIMIT_NOFILE, 8), "FSIZE 0": (resource.RLIMIT_FSIZE, 0), "FSIZE 10": (resource.RLIMIT_FSIZE, 10),
    "AS 600k": (resource.RLIMIT_AS, 600 << 10), "AS 1M": (resource.RLIMIT_AS, 1 << 20), "AS 2M": (resource.RLIMIT_AS, 2 << 20),
    "DATA 64k": (resource.RLIMIT_DATA, 64 << 10), "STACK 64k": (resource.RLIMIT_STACK, 64 << 10), "CPU 1": (resource.RLIMIT_CPU, 1),
    "MEMLOCK 0": (resource.RLIMIT_MEMLOCK, 0), "SIGPENDING 0": (resource.RLIMIT_SIGPENDING, 0),
}


def limited(limit, words):
    """prlimit sets it as the last thing before exec: Python could not even start with some of these."""
    name = {resource.RLIMIT_NOFILE: "nofile", resource.RLIMIT_FSIZE: "fsize", resource.RLIMIT_AS: "as",
            resource.RLIMIT_DATA: "data", resource.RLIMIT_STACK: "stack", resource.RLIMIT_CPU: "cpu",
            resource.RLIMIT_MEMLOCK: "memlock", resource.RLIMIT_SIGPENDING: "sigpending"}[limit[0]]
    return ["prlimit", f"--{name}={limit[1]}", "--", *words]


@pytest.mark.usefixtures("own_tmp")
@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("event", [["install_start", "--watch", "--watch-limit", "0.2"], ["install_failed"]],
                         ids=["start", "outcome"])
def test_limits(case, limit, event):
    case.run(limited(LIMITS[limit], case.words(*event))).assert_unnoticed()
    assert case.wait_until_gone()
    assert case.sink.labels.count(event[0]) <= 1
    assert not [name for name in case.all_files() if name.endswith(".tmp")]
    if limit in ("NOFILE 8", "MEMLOCK 0", "SIGPENDING 0", "CPU 1"):
        assert event[0] in case.sink.labels


@as_root
def test_no_process_can_be_made(case):
    more = case.for_nobody()
    shim = more.pop("shim")
    words = ["setpriv", "--reuid", str(23456), "--clear-groups", "prlimit", "--nproc=0", "--", *case.words("install_start", shim=shim)]
    for folder in (case.home, case.temporary):
        os.chown(folder, 23456, 23456)
    case.run(words).assert_unnoticed()
    assert case.settled() == []


@as_root
def test_one_more_process_can_be_made(case):
    """Not enough for a watcher and a delivery while emit waits: it is the delivery then."""
    shim = case.for_nobody()["shim"]
    user = 200000 + os.getpid()  # nobody else's, whose processes would count
    for folder in (case.home, case.temporary):
        os.chown(folder, user, user)
    emit = case.words("install_start", "--strict", "--watch", case.sleeper(), shim=shim)
    case.run(["setpriv", "--reuid", str(user), "--clear-groups", "prlimit", "--nproc=2", "--", *emit]).assert_unnoticed()
    assert wait_for(lambda: not case.senders()) and case.sink.labels == ["install_start"]


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1), (1, 2), (0, 1, 2)], ids=str)
def test_closed_standard_streams(case, closed):
    shell = " ".join(f"{fd}>&-" if fd else "0<&-" for fd in closed)
    case.run(["sh", "-c", f'"$@" {shell}', "sh", *case.words("install_start")]).assert_unnoticed()
    case.assert_delivered()
    assert all(b"install_start" not in path.read_bytes() for path in case.place.rglob("*.start"))


def test_standard_streams_that_are_full_or_broken(case):
    reader, writer = os.pipe()
    os.close(reader)
    with open("/dev/full", "wb") as full:
        assert subprocess.run(case.words("install_start"), env=case.environment(), stdout=full, stderr=writer).returncode == 0
    os.close(writer)
    case.assert_delivered()


def test_a_deleted_working_folder(case):
    gone = case.folder / "gone"
    gone.mkdir()
    case.run(["sh", "-c", 'cd gone && rmdir ../gone && exec "$@"', "sh", *case.words("install_start")], cwd=case.folder).assert_unnoticed()
    case.assert_delivered()


def test_the_sender_holds_no_working_folder(case):
    """An installer's temporary folder on a mount can be unmounted at once."""
    case.emit("install_start", "--watch", "--watch-limit", "5").assert_unnoticed()
    assert wait_for(lambda: case.senders())
    assert wait_for(lambda: all(os.readlink(f"/proc/{pid}/cwd") == "/" for pid in case.senders()))
    case.end()


def block_all():
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))


def ignore_all():
    for number in set(range(1, 32)) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)


@pytest.mark.parametrize("before", [block_all, ignore_all])
def test_inherited_signals(case, before):
    """Neither blocked nor ignored signals keep the deadline from ending the sender."""
    case.emit("install_start", preexec_fn=before).assert_unnoticed()
    case.assert_delivered()
    case.emit("install_complete", "--deadline", "0.5", endpoint="http://127.0.0.1:9/", preexec_fn=before).assert_unnoticed()
    assert case.wait_until_gone(5)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGUSR1", "SIGRT_3", "SIGRT_30"])
def test_signals_to_the_caller(case, name):
    """One after each call by which it looks for its places and makes the sender."""
    trace = ["strace", "-o", "/dev/null", "-e", f"inject=openat,open,clone,fork,fstat:signal={name}"]
    case.run([*trace, *case.words("install_start")]).assert_unnoticed(5)
    case.assert_delivered()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGQUIT, signal.SIGUSR1])
def test_signals_to_the_callers_group_do_not_reach_the_sender(case, number):
    script = '"$@"; kill -%d 0; sleep 1' % number
    result = case.run(["sh", "-c", script, "sh", *case.words("install_start")], start_new_session=True)
    assert result.status in (-number, 0, 128 + number)
    case.assert_delivered()


# ---- what the system refuses ----


@as_root
def test_no_proc(case):
    script = "mount -t tmpfs none /proc"
    for event in ("install_start", "install_start", "install_complete"):
        case.run(in_mounts(script, case.words(event))).assert_unnoticed()
    assert sorted(case.settled()) == ["install_complete", "install_start"]


@as_root
def test_no_proc_and_no_token(case):
    script = "mount -t tmpfs none /proc"
    twice = '"$@"; "$@"'
    case.run(in_mounts(script, ["sh", "-c", twice, "sh", *case.words("install_start", run=None)])).assert_unnoticed()
    case.assert_delivered()


@as_root
def test_no_dev(case):
    case.run(in_mounts("mount -t tmpfs none /dev", case.words("install_start"))).assert_unnoticed()
    case.assert_delivered()


# The numbers of x86_64 and of all other architectures.
CALLS = {"clone3": (435, 435), "getrandom": (318, 278), "close_range": (436, 436), "pidfd_open": (434, 434),
         "renameat2": (316, 276), "setsid": (112, 157), "flock": (73, 32), "socket": (41, 198), "prlimit64": (302, 261),
         "sigaction": (13, 134), "setitimer": (38, 103), "readlink": (89, 78), "uname": (63, 160)}


def refuse(number, error):
    """A seccomp filter: this system call fails, all others work."""
    action = 0x00050000 | error  # SECCOMP_RET_ERRNO
    program = b"".join(struct.pack("HBBI", *instruction) for instruction in [
        (0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, action), (0x06, 0, 0, 0x7FFF0000)])
    buffer = ctypes.create_string_buffer(program)
    libc = ctypes.CDLL(None, use_errno=True)

    def apply():
        header = struct.pack("HxxxxxxP", 4, ctypes.addressof(buffer))
        if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, header, 0, 0) != 0:
            raise OSError("no seccomp")
    return apply


@pytest.mark.parametrize("error", [38, 1], ids=["ENOSYS", "EPERM"])
@pytest.mark.parametrize("call", CALLS)
def test_a_sandbox_refuses(case, call, error):
    number = CALLS[call][0 if os.uname().machine == "x86_64" else 1]
    case.emit("install_start", "--watch", "--watch-limit", "0.2", preexec_fn=refuse(number, error)).assert_unnoticed()
    assert case.settled() == ([] if call == "socket" else ["install_start"])
    if call != "socket":
        assert case.sink.requests[0].event["cid"] == case.id


def test_a_large_environment(case):
    env = {f"VARIABLE_{i}": "x" * 100000 for i in range(10)}
    case.emit("install_start", env=env).assert_unnoticed()
    case.assert_delivered()


def test_a_large_command_line(case):
    case.emit("install_start", *["--release", "y" * 100000] * 5).assert_unnoticed()
    case.assert_delivered()


def test_no_arguments_at_all(case):
    """exec with an empty argument list."""
    libc = ctypes.CDLL(None)
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open("/dev/null", os.O_RDWR), 2)
        libc.execve(os.fsencode(SHIM), (ctypes.c_char_p * 1)(None), (ctypes.c_char_p * 1)(None))
        os._exit(99)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 2


# ---- what the caller holds ----


def test_nobody_waits_for_the_callers_pipe(case):
    """$(...), | tee and CI logs end when the caller ends, also while a watcher lives on."""
    script = 'out=$("$@" 2>&1 9>&1 8>&1); echo "[$out]"'
    result = case.run(["bash", "-c", script, "bash", *case.words("install_start", "--watch", case.sleeper(), "--watch-limit", "9")])
    assert result.status == 0 and result.out == b"[]\n" and result.seconds < SOON, result
    assert case.senders()
    case.end()


def test_no_descriptor_is_inherited(case):
    secret = case.folder / "open"
    with open(secret, "w") as file, open(secret) as other:
        os.set_inheritable(file.fileno(), True)
        os.dup2(other.fileno(), 900)
        case.emit("install_start", "--watch", "--watch-limit", "5", pass_fds=[file.fileno(), 900]).assert_unnoticed()
        os.close(900)
    assert wait_for(lambda: case.senders() and case.sink.labels)
    for pid in case.senders():
        open_files = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
        assert not any(str(secret) in name for name in open_files), open_files
        assert [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in (0, 1, 2)] == ["/dev/null"] * 3
        assert os.getsid(pid) != os.getsid(0)
    case.end()
