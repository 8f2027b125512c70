"""Homes and temporary folders that hold nothing, or belong to others: the event still arrives once where that
can be remembered, and nobody notices (contract 3, 4)."""

import os

import pytest
from shim_lab import NOBODY, in_mounts

pytestmark = pytest.mark.usefixtures("own_tmp")
as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can set this up")


@pytest.mark.parametrize("home", [None, "", "/", "//", "relative", ".", "/nonexistent/home", "/dev/null", "/proc/self",
                                  "/" + "x" * 300, "/" + "long/" * 1500], ids=lambda home: repr(home)[:20])
def test_homes_that_are_none(case, home):
    """The event goes out once, remembered in the temporary folder, and nothing is left elsewhere."""
    env = {"HOME": home}
    for _ in range(2):
        case.emit("install_start", env=env, cwd=case.home).assert_unnoticed()
    case.assert_delivered()
    assert case.files() == [] and not os.path.exists("/.acme")
    case.emit("install_complete", env=env).assert_unnoticed()
    assert sorted(case.settled()) == ["install_complete", "install_start"]


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
    case.assert_delivered()
    assert case.files() == []


@as_root
@pytest.mark.parametrize("event", ["install_start", "install_failed"])
def test_no_writable_place_at_all_sends_nothing(case, event):
    """Home and temporary folder are below /tmp, which shows nothing and takes nothing."""
    words = case.words(event)
    script = f'exec 3<"{words[0]}" && mount -t tmpfs -o ro none /tmp || exit 1'
    case.run(in_mounts(script, ["/proc/self/fd/3", *words[1:]]), cwd="/").assert_unnoticed()
    assert case.settled() == [] and case.all_files() == []


@as_root
def test_a_home_that_belongs_to_somebody_else(case):
    more = case.for_nobody()
    os.chown(case.home, 12345, 12345)
    case.emit("install_start", **more).assert_unnoticed()
    case.assert_delivered()
    assert case.files() == []


@as_root
@pytest.mark.parametrize("mode", [0o000, 0o500, 0o555])
def test_a_folder_that_cannot_be_written(case, mode):
    more = case.for_nobody()
    case.place.mkdir()
    os.chown(case.place, NOBODY, NOBODY)
    case.place.chmod(mode)
    case.emit("install_start", **more).assert_unnoticed()
    labels = case.settled()
    # One that cannot even be looked into may hold a saved "off".
    assert labels == ([] if mode == 0 else ["install_start"])
    case.place.chmod(0o755)
    assert case.files(case.place) == []


@as_root
def test_over_quota(case):
    """A file system that lets files be made and no byte be written, as quotas do."""
    trace = ["strace", "-f", "-o", "/dev/null", "-e", "inject=write:error=EDQUOT"]
    case.run([*trace, *case.words("install_start")]).assert_unnoticed(5)
    case.assert_delivered()
    assert not case.id_file.exists() and not [name for name in case.all_files() if name.endswith(".tmp")]


@pytest.mark.parametrize("error", ["EPERM", "EOPNOTSUPP", "ENOSYS", "EINVAL", "EMLINK"])
@pytest.mark.parametrize("calls", ["renameat2", "linkat,link", "renameat2,linkat,link"])
def test_file_systems_that_refuse_links(case, error, calls):
    trace = ["strace", "-f", "-o", "/dev/null", "-e", f"inject={calls}:error={error}"]
    case.run([*trace, *case.words("install_start")]).assert_unnoticed(5)
    case.assert_delivered()
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
    assert case.settled() == []
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
    assert sorted(case.settled()) == ["install_complete", "install_start"]
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
