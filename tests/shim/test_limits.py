"""Homes, limits and surroundings that leave no room: nobody notices, and where once can be kept the
event still arrives (SPEC 3-5, issue 3: "Must survive")."""

import ctypes
import os
import re
import resource
import signal
import struct
import subprocess

import pytest
from shim_lab import SHIM, SOON, wait_for

V4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
NOBODY = 65534
as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can set this up")


def settled(case):
    assert case.wait_until_gone()
    return case.sink.labels


def assert_delivered(case, label="install_start"):
    assert settled(case) == [label]
    assert V4.fullmatch(case.sink.requests[0].event["cid"])


def in_mounts(script, words):
    """In a mount namespace of its own, once the script has changed it."""
    return ["unshare", "-m", "sh", "-c", script + '\nexec "$@"', "sh", *words]


def for_nobody(case):
    """The shim where every user can run it; the case's folders are theirs."""
    shim = case.folder / "footfall"
    shim.write_bytes(SHIM.read_bytes())
    shim.chmod(0o755)
    for folder in (case.home, case.temporary):
        os.chown(folder, NOBODY, NOBODY)
    return {"shim": shim, "user": NOBODY, "group": NOBODY, "extra_groups": []}


# ---- homes ----


@pytest.mark.parametrize("home", [None, "", "/", "//", "relative", ".", "/nonexistent/home", "/dev/null", "/proc/self",
                                  "/" + "x" * 300, "/" + "long/" * 1500], ids=lambda home: repr(home)[:20])
def test_homes_that_are_none(case, home):
    """The event goes out once, remembered in the temporary folder, and nothing is left elsewhere."""
    env = {"HOME": home}
    for _ in range(2):
        case.emit("install_start", env=env, cwd=case.home).assert_unnoticed()
    assert_delivered(case)
    assert case.files() == [] and not os.path.exists("/.acme")
    case.emit("install_complete", env=env).assert_unnoticed()
    assert sorted(settled(case)) == ["install_complete", "install_start"]


READ_ONLY = 'mount --bind "$HOME" "$HOME" && mount -o remount,ro,bind "$HOME" || exit 1'
FULL = 'mount -t tmpfs -o size=16k none "$HOME" && cat /dev/zero >"$HOME/full" 2>/dev/null'
NO_INODES = 'mount -t tmpfs -o nr_inodes=2 none "$HOME" && : >"$HOME/full"'
NO_BLOCK_LEFT_LATER = 'mount -t tmpfs -o size=4k none "$HOME" && mkdir -p "$HOME/.acme/telemetry_runs" && echo x >"$HOME/f"'


@as_root
@pytest.mark.parametrize("script", [READ_ONLY, FULL, NO_INODES, NO_BLOCK_LEFT_LATER],
                         ids=["read-only", "full", "no inodes", "no block"])
def test_homes_that_cannot_be_written(case, script):
    twice = ["sh", "-c", '"$@"; exec "$@"', "sh", *case.words("install_start")]
    case.run(in_mounts(script, twice)).assert_unnoticed()
    assert_delivered(case)
    assert case.files() == []


@as_root
@pytest.mark.parametrize("event", ["install_start", "install_failed"])
def test_no_writable_place_at_all_sends_nothing(case, event):
    """Home and temporary folder are below /tmp, which shows nothing and takes nothing."""
    words = case.words(event)
    script = f'exec 3<"{words[0]}" && mount -t tmpfs -o ro none /tmp || exit 1'
    case.run(in_mounts(script, ["/proc/self/fd/3", *words[1:]]), cwd="/").assert_unnoticed()
    assert settled(case) == [] and case.all_files() == []


@as_root
def test_a_home_that_belongs_to_somebody_else(case):
    more = for_nobody(case)
    os.chown(case.home, 12345, 12345)
    case.emit("install_start", **more).assert_unnoticed()
    assert_delivered(case)
    assert case.files() == []


@as_root
@pytest.mark.parametrize("mode", [0o000, 0o500, 0o555])
def test_a_folder_that_cannot_be_written(case, mode):
    more = for_nobody(case)
    case.place.mkdir()
    os.chown(case.place, NOBODY, NOBODY)
    case.place.chmod(mode)
    case.emit("install_start", **more).assert_unnoticed()
    labels = settled(case)
    # One that cannot even be looked into may hold a saved "off".
    assert labels == ([] if mode == 0 else ["install_start"])
    case.place.chmod(0o755)
    assert case.files(case.place) == []


@as_root
def test_over_quota(case):
    """A file system that lets files be made and no byte be written, as quotas do."""
    trace = ["strace", "-f", "-o", "/dev/null", "-e", "inject=write:error=EDQUOT"]
    case.run([*trace, *case.words("install_start")]).assert_unnoticed(5)
    assert_delivered(case)
    assert not case.id_file.exists() and not [name for name in case.all_files() if name.endswith(".tmp")]


@pytest.mark.parametrize("error", ["EPERM", "EOPNOTSUPP", "ENOSYS", "EINVAL", "EMLINK"])
@pytest.mark.parametrize("calls", ["renameat2", "linkat,link", "renameat2,linkat,link"])
def test_file_systems_that_refuse_links(case, error, calls):
    trace = ["strace", "-f", "-o", "/dev/null", "-e", f"inject={calls}:error={error}"]
    case.run([*trace, *case.words("install_start")]).assert_unnoticed(5)
    assert_delivered(case)
    assert not [name for name in case.all_files() if name.endswith(".tmp")]
    if calls != "renameat2,linkat,link":
        assert case.sink.requests[0].event["cid"] == case.id


# ---- the temporary folder, where anybody may have been first ----


@as_root
@pytest.mark.parametrize("trap", ["link to one's own", "link to nowhere", "somebody else's", "open to all", "file"])
def test_a_trap_in_the_temporary_folder(case, trap):
    """What is not the caller's own there holds no memory, and without one nothing is sent."""
    folder, target = case.temporary / f"footfall-{os.getuid()}-acme", case.folder / "target"
    if trap.startswith("link"):
        folder.symlink_to(target)
    elif trap == "file":
        folder.touch()
    else:
        folder.mkdir()
        folder.chmod(0o777 if trap == "open to all" else 0o755)
        os.chown(folder, *((0, 0) if trap == "open to all" else (NOBODY, NOBODY)))
    if trap == "link to one's own":
        target.mkdir()
    case.emit("install_start", env={"HOME": "/"}).assert_unnoticed()
    assert settled(case) == []
    assert case.files(case.temporary) == [folder.name] and not (target.exists() and case.files(target))


# ---- root in another user's home ----


@as_root
@pytest.mark.parametrize("prepared", [False, True], ids=["fresh", "used"])
def test_root_leaves_nothing_of_its_own_in_a_users_home(case, prepared):
    """sudo with HOME kept."""
    os.chown(case.home, 1234, 4321)
    if prepared:
        case.place.mkdir()
        os.chown(case.place, 1234, 4321)
    case.emit("install_start", "--watch", "--watch-limit", "0.3").assert_unnoticed()
    case.emit("install_complete").assert_unnoticed()
    assert sorted(settled(case)) == ["install_complete", "install_start"]
    assert case.id == case.sink.requests[0].event["cid"]
    owners = {(path.lstat().st_uid, path.lstat().st_gid) for path in case.home.rglob("*")}
    assert owners == {(1234, 4321)}, [(str(path), path.lstat().st_uid) for path in case.home.rglob("*")]


@as_root
def test_root_follows_no_trap_in_a_users_home(case):
    """A user cannot make root write where root alone may."""
    target = case.folder / "roots-own"
    target.mkdir(mode=0o700)
    os.chown(case.home, 1234, 1234)
    case.place.symlink_to(target)
    os.lchown(case.place, 1234, 1234)
    case.emit("install_start").assert_unnoticed()
    assert case.wait_until_gone()
    assert list(target.iterdir()) == []


# ---- limits of the process ----

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
    more = for_nobody(case)
    shim = more.pop("shim")
    words = ["setpriv", "--reuid", str(23456), "--clear-groups", "prlimit", "--nproc=0", "--", *case.words("install_start", shim=shim)]
    for folder in (case.home, case.temporary):
        os.chown(folder, 23456, 23456)
    case.run(words).assert_unnoticed()
    assert settled(case) == []


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1), (1, 2), (0, 1, 2)], ids=str)
def test_closed_standard_streams(case, closed):
    shell = " ".join(f"{fd}>&-" if fd else "0<&-" for fd in closed)
    case.run(["sh", "-c", f'"$@" {shell}', "sh", *case.words("install_start")]).assert_unnoticed()
    assert_delivered(case)
    assert all(b"install_start" not in path.read_bytes() for path in case.place.rglob("*.start"))


def test_standard_streams_that_are_full_or_broken(case):
    reader, writer = os.pipe()
    os.close(reader)
    with open("/dev/full", "wb") as full:
        assert subprocess.run(case.words("install_start"), env=case.environment(), stdout=full, stderr=writer).returncode == 0
    os.close(writer)
    assert_delivered(case)


def test_a_deleted_working_folder(case):
    gone = case.folder / "gone"
    gone.mkdir()
    case.run(["sh", "-c", 'cd gone && rmdir ../gone && exec "$@"', "sh", *case.words("install_start")], cwd=case.folder).assert_unnoticed()
    assert_delivered(case)


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
    assert_delivered(case)
    case.emit("install_complete", "--deadline", "0.5", endpoint="http://127.0.0.1:9/", preexec_fn=before).assert_unnoticed()
    assert case.wait_until_gone(5)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGQUIT, signal.SIGUSR1])
def test_signals_to_the_callers_group_do_not_reach_the_sender(case, number):
    script = '"$@"; kill -%d 0; sleep 1' % number
    result = case.run(["sh", "-c", script, "sh", *case.words("install_start")], start_new_session=True)
    assert result.status in (-number, 0, 128 + number)
    assert_delivered(case)


# ---- what the system refuses ----


@as_root
def test_no_proc(case):
    script = "mount -t tmpfs none /proc"
    for event in ("install_start", "install_start", "install_complete"):
        case.run(in_mounts(script, case.words(event))).assert_unnoticed()
    assert sorted(settled(case)) == ["install_complete", "install_start"]


@as_root
def test_no_proc_and_no_token(case):
    script = "mount -t tmpfs none /proc"
    twice = '"$@"; "$@"'
    case.run(in_mounts(script, ["sh", "-c", twice, "sh", *case.words("install_start", run=None)])).assert_unnoticed()
    assert_delivered(case)


@as_root
def test_no_dev(case):
    case.run(in_mounts("mount -t tmpfs none /dev", case.words("install_start"))).assert_unnoticed()
    assert_delivered(case)


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
    assert settled(case) == ([] if call == "socket" else ["install_start"])
    if call != "socket":
        assert case.sink.requests[0].event["cid"] == case.id


def test_a_large_environment(case):
    env = {f"VARIABLE_{i}": "x" * 100000 for i in range(10)}
    case.emit("install_start", env=env).assert_unnoticed()
    assert_delivered(case)


def test_a_large_command_line(case):
    case.emit("install_start", *["--release", "y" * 100000] * 5).assert_unnoticed()
    assert_delivered(case)


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
