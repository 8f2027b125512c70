"""The same commit makes the same bytes: from empty, in another folder, later, as another user with another home, file
mode mask, time zone and locale. And whoever packs the same programs makes the same archives and lists."""

import os
import pathlib
import platform
import shutil
import subprocess

import pytest
from platform_list import QUICK
from shim_lab import NOBODY, ROOT

NATIVE = f"{platform.machine()}-linux-musl"
PROGRAMS = {
    NATIVE: [f"build/shim/{NATIVE}/footfall", f"build/collector/{NATIVE}/footfall-collector"],
    "aarch64-linux-musl": ["build/shim/aarch64-linux-musl/footfall"],
    "x86_64-windows-gnu": ["build/shim/x86_64-windows-gnu/footfall.exe"],
    "x86_64-macos": ["build/shim/x86_64-macos/footfall"],
}
# Nothing of the first build's: not even a folder name of the same length.
ELSEWHERE = {"TZ": "Asia/Kathmandu", "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8", "USER": "somebody", "PATH": "/usr/bin:/bin"}


def explain(first, second):
    """Where two files begin to differ, and what is there."""
    if shutil.which("diffoscope"):
        return subprocess.run(["diffoscope", "--max-report-size", "20000", first, second], capture_output=True,
                              text=True).stdout
    a, b = pathlib.Path(first).read_bytes(), pathlib.Path(second).read_bytes()
    differ = [i for i, (x, y) in enumerate(zip(a, b)) if x != y]
    lines = [f"{first}: {len(a)} bytes", f"{second}: {len(b)} bytes", f"{len(differ)} bytes differ"]
    if differ:
        at = differ[0]
        lines += [f"first at offset {at:#x}" + in_section(first, at)]
        lines += [f"  {one[max(0, at - 16):at].hex()} | {one[at:at + 32].hex()}  {one[at:at + 32]!r}" for one in (a, b)]
    return "\n".join(lines)


def in_section(file, at):
    """The name of the ELF section that an offset is in."""
    done = subprocess.run(["readelf", "-WS", file], capture_output=True, text=True)
    for line in done.stdout.splitlines():
        words = line.replace("[ ", "[").split()
        if len(words) > 6 and words[0].startswith("[") and words[1].startswith("."):
            start, size = int(words[4], 16), int(words[5], 16)
            if start <= at < start + size and words[2] != "NOBITS":
                return f" in {words[1]}, byte {at - start} of {size}"
    return ""


def assert_same(first, second):
    same = pathlib.Path(first).read_bytes() == pathlib.Path(second).read_bytes()
    assert same, explain(first, second)  # pytest's own explanation of so many bytes would take hours


def copy_sources(folder):
    """What git has, and what would be added to it; and the pinned archives, so that nothing is fetched twice."""
    done = subprocess.run(["git", "-C", ROOT, "ls-files", "-zco", "--exclude-standard"], check=True, capture_output=True)
    for name in done.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    cache = pathlib.Path(os.environ.get("FOOTFALL_SOURCES", ROOT / "build/sources"))
    (folder / "build/sources").mkdir(parents=True)
    for archive in cache.iterdir():
        if archive.is_file():
            shutil.copyfile(archive, folder / "build/sources" / archive.name)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """A second tree of the sources, of another user's where there may be one."""
    # Not in pytest's own temporary folder, which other users of the machine cannot enter.
    folder = pathlib.Path("/var/tmp") / f"footfall-built-elsewhere.{os.getpid()}"
    tree, home = folder / "of-somebody-else", folder / "home"
    for path in (tree, home):
        path.mkdir(parents=True)
    copy_sources(tree)
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", folder], check=True)
    yield tree
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("target", [
    target if target == NATIVE else pytest.param(target, marks=pytest.mark.release) for target in PROGRAMS])
def test_built_elsewhere_it_is_the_same(target, elsewhere):
    for program in PROGRAMS[target]:
        assert (ROOT / program).exists(), f"{program} is not built: make release"
    other = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    environment = {**ELSEWHERE, "HOME": str(elsewhere.parent / "home"), "TMPDIR": str(elsewhere.parent)}
    done = subprocess.run(["make", "-s", "-j2", *PROGRAMS[target]], cwd=elsewhere, env=environment, umask=0o077,
                          capture_output=True, text=True, timeout=3600, **other)
    assert done.returncode == 0, done.stderr[-3000:]
    for program in PROGRAMS[target]:
        assert_same(ROOT / program, elsewhere / program)


def packed(folder, platforms, environment, mask):
    """A folder with a release of these platforms, not signed."""
    subprocess.run([ROOT / "scripts/release", folder, *platforms], check=True, capture_output=True, umask=mask,
                   env={**os.environ, "SIGN": "no", **environment})
    return folder


def test_packed_by_another_it_is_the_same(release, folder):
    """SHA256SUMS has every file but itself."""
    one = packed(folder / "one", QUICK, ELSEWHERE, 0o077)
    two = packed(folder / "two", QUICK, {"TZ": "America/St_Johns", "LC_ALL": "C"}, 0o022)
    for path in sorted(one.iterdir()):
        assert_same(path, two / path.name)
    assert {path.name for path in one.iterdir()} == {path.name for path in two.iterdir()}


def test_a_difference_is_explained(folder):
    """The report that a failure shows: on our own program, with one byte of its constants changed."""
    data = bytearray((ROOT / "build/footfall").read_bytes())
    at = data.index(b"install_start")
    data[at] ^= 0x20
    (folder / "one").write_bytes((ROOT / "build/footfall").read_bytes())
    (folder / "two").write_bytes(data)
    report = explain(folder / "one", folder / "two")
    assert "rodata" in report and ("nstall_start" in report or "6e7374616c6c" in report), report
