"""What a release consists of, and that a stranger can tell it from another: docs/verify.md, run to the letter."""

import hashlib
import os
import re
import shutil
import stat
import subprocess
import tarfile
import zipfile

import pytest
from platform_list import PLATFORMS, each_platform
from shim_lab import ROOT

VERSION = (ROOT / "VERSION").read_text().strip()
PAGE = (ROOT / "docs/verify.md").read_text()
COMMANDS = re.search(r"```sh\n(.*?)```", PAGE, re.DOTALL)[1].splitlines()
SIGNING = ("SHA256SUMS", "SHA256SUMS.minisig", "footfall.pub")
BARE = {"PATH": "/usr/bin:/bin:/usr/sbin", "HOME": "/nonexistent", "LC_ALL": "C"}


def sums(release):
    return dict(reversed(line.split("  ")) for line in (release / "SHA256SUMS").read_text().splitlines())


def commit_time():
    done = subprocess.run(["git", "-C", ROOT, "log", "-1", "--format=%ct"], capture_output=True, text=True)
    return int(done.stdout)


# ---- what is there ----


def test_the_list_has_the_checksum_of_every_file(release):
    listed = sums(release)
    files = {path.name for path in release.iterdir()} - set(SIGNING)
    assert set(listed) == files
    for name, checksum in listed.items():
        assert hashlib.sha256((release / name).read_bytes()).hexdigest() == checksum, name


@each_platform()
def test_program_and_archive(platform, release):
    for path in (platform.shim, platform.archive):
        assert path.exists(), path
    assert platform.shim.stat().st_mode & 0o777 == 0o755
    assert f"footfall {VERSION}\0".encode() in platform.shim.read_bytes() or VERSION.encode() in platform.shim.read_bytes()


def entries(archive):
    """(name, mode, owner, time) and content of each file in it."""
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as file:
            return {one.filename: ((one.external_attr >> 16 & 0o777, None, one.date_time), file.read(one))
                    for one in file.infolist()}
    with tarfile.open(archive) as file:
        return {one.name: ((one.mode, (one.uid, one.gid), one.mtime), file.extractfile(one).read())
                for one in file.getmembers() if one.isfile()}


@each_platform()
def test_the_installers_know_the_checksums(platform, release):
    """Which of them they fetch, and with what checksum: by the lines of their settings."""
    for name in ("install.sh", "install.ps1"):
        text = (release / name).read_text()
        for line in (f"{platform.archive.name}={sums(release)[platform.archive.name]}",
                     f"{platform.platform}={sums(release)[platform.shim.name]}"):
            assert text.count(f"\n{line}\n") == 1, line


@each_platform()
def test_an_archive_holds_all_that_belongs_to_its_program(platform, release):
    top = f"footfall-{platform.platform}"
    found = entries(platform.archive)
    wanted = {"footfall" + platform.suffix, "footfall.1", "LICENSE", "LICENSES-OF-PARTS.txt",
              *(f"completions/{path.name}" for path in (ROOT / "shim/completions").iterdir())}
    if platform.collector_file.exists():
        wanted |= {"footfall-collector", "footfall-collector.1", "footfall-collector.conf.5", "footfall-collector.service"}
    assert set(found) == {f"{top}/{name}" for name in wanted}
    assert found[f"{top}/footfall{platform.suffix}"][1] == platform.shim.read_bytes()
    if platform.collector_file.exists():
        assert found[f"{top}/footfall-collector"][1] == platform.collector_file.read_bytes()


@each_platform()
def test_an_archive_knows_nobody_and_one_date(platform, release):
    found = entries(platform.archive)
    assert {owner for (_, owner, _), _ in found.values()} <= {(0, 0), None}
    assert len({time for (_, _, time), _ in found.values()}) == 1
    for name, ((mode, _, _), _) in found.items():
        is_program = name.rsplit("/", 1)[1] in ("footfall", "footfall.exe", "footfall-collector")
        assert mode == (0o755 if is_program else 0o644), name


@each_platform()
def test_the_licence_of_every_part_is_there(platform, release):
    text = entries(platform.archive)[f"footfall-{platform.platform}/LICENSES-OF-PARTS.txt"][1].decode()
    parts = ["shim"] + (["collector"] if platform.collector_file.exists() else [])
    for part in parts:
        done = subprocess.run([ROOT / "scripts/linked", part, platform.target], capture_output=True, text=True, check=True)
        for name, version, _, licence, *_ in (line.split("\t") for line in done.stdout.splitlines()):
            section = text.split(f"\n{name} {version}: {licence}\n{'=' * 78}\n")
            assert len(section) == 2 and len(section[1].split("=" * 78)[0]) > 300, name
            assert "\nSource: " in f"\n{section[1].lstrip()}", name
    # LGPL 2.1, section 6: how to link with another libmicrohttpd, its text, and its source.
    assert [*release.glob("libmicrohttpd-*.tar.gz")]
    assert ("link the program with it again" in text) == ("collector" in parts)
    assert ("GNU LESSER GENERAL PUBLIC LICENSE" in text) == ("collector" in parts)


# ---- as a user ----


def downloads(release, folder):
    """What the page has a reader fetch."""
    for name in ("footfall-linux-x86_64", *SIGNING):
        shutil.copyfile(release / name, folder / name)
    return folder


def follow(folder):
    """(status, output) of each of the three commands."""
    done = [subprocess.run(["sh", "-c", line], cwd=folder, env=BARE, capture_output=True, text=True) for line in COMMANDS]
    return [one.returncode for one in done], [one.stdout for one in done]


def test_three_commands_verify_a_download(release, folder):
    statuses, said = follow(downloads(release, folder))
    assert len(COMMANDS) == 3 and statuses == [0, 0, 0], said
    assert "Signature and comment signature verified" in said[0] and f"footfall v{VERSION}" in said[0]
    assert said[1] == "footfall-linux-x86_64: OK\n"
    assert said[2] == f"footfall {VERSION}\n"


@pytest.mark.parametrize("line", [
    pytest.param(re.search(r"`(shasum [^`]+)`", PAGE)[1], id="macos"),
    pytest.param(re.search(r"```powershell\n(.*?)\n```", PAGE, re.DOTALL)[1], id="powershell")])
def test_the_checksum_on_other_systems(release, folder, line):
    shell = ["pwsh", "-NoProfile", "-Command"] if "Get-FileHash" in line else ["sh", "-c"]
    if shutil.which(shell[0]) is None:
        pytest.skip("pwsh is not on PATH")
    for name in ("footfall-windows-x86_64.exe", "SHA256SUMS"):
        shutil.copyfile(release / name, folder / name)
    said = []
    for change in (b"", b"x"):
        with open(folder / "footfall-windows-x86_64.exe", "ab") as file:
            file.write(change)
        done = subprocess.run([*shell, line], cwd=folder, capture_output=True, text=True)
        said.append((done.returncode, done.stdout.strip()))
    assert said[0][1] in ("footfall-windows-x86_64.exe: OK", "True"), said
    assert said[1] in ((1, "footfall-windows-x86_64.exe: FAILED"), (0, "False")), said


def test_a_changed_program_is_noticed(release, folder):
    program = downloads(release, folder) / "footfall-linux-x86_64"
    data = bytearray(program.read_bytes())
    data[len(data) // 2] ^= 1
    program.write_bytes(data)
    assert follow(folder)[0][:2] == [0, 1]


def test_a_changed_list_is_noticed(release, folder):
    file = downloads(release, folder) / "SHA256SUMS"
    file.write_text(file.read_text().replace("footfall-linux-x86_64", "footfall-linux-x86-64", 1))
    assert follow(folder)[0][0] != 0


def make_key(folder, name):
    subprocess.run(["minisign", "-G", "-W", "-f", "-p", folder / f"{name}.pub", "-s", folder / f"{name}.key"],
                   check=True, capture_output=True)
    return folder / f"{name}.key"


def test_somebody_else_s_signature_is_noticed(release, folder):
    key = make_key(folder, "other")
    downloads(release, folder)
    mine = (folder / "footfall.pub").read_bytes()
    subprocess.run([ROOT / "scripts/sign", folder / "SHA256SUMS"], env={**BARE, "FOOTFALL_RELEASE_KEY": str(key)}, check=True)
    (folder / "footfall.pub").write_bytes(mine)
    assert follow(folder)[0][0] != 0


def test_the_key_may_be_in_the_environment(release, folder):
    key = make_key(folder, "mine")
    downloads(release, folder)
    subprocess.run([ROOT / "scripts/sign", folder / "SHA256SUMS"], check=True,
                   env={**BARE, "FOOTFALL_RELEASE_KEY": key.read_text()})
    assert (folder / "footfall.pub").read_text().splitlines()[1] == (folder / "mine.pub").read_text().splitlines()[1]
    assert follow(folder)[0] == [0, 0, 0]


# ---- without a key ----


def pack(folder, **environment):
    return subprocess.run([ROOT / "scripts/release", folder / "out", "windows-x86_64"], capture_output=True, text=True,
                          env={**os.environ, **BARE, "FOOTFALL_RELEASE_KEY": "", **environment}, timeout=300)


def test_without_a_key_it_says_that_it_is_unsigned(release, folder):
    done = pack(folder)
    assert done.returncode == 0 and "UNSIGNED: FOOTFALL_RELEASE_KEY names no minisign key" in done.stdout, done
    assert {path.name for path in (folder / "out").iterdir()} == {
        "footfall-windows-x86_64.exe", "footfall-windows-x86_64.zip", f"footfall-{VERSION}.cdx.json", "SHA256SUMS",
        "install.sh", "install.ps1"}


@pytest.mark.parametrize("environment, complaint", [
    ({"SIGN": "yes"}, "SIGN=yes, and FOOTFALL_RELEASE_KEY names no minisign key"),
    ({"FOOTFALL_RELEASE_KEY": "/nowhere/key"}, "cannot read /nowhere/key"),
    ({"FOOTFALL_RELEASE_KEY": str(ROOT / "LICENSE")}, "is no minisign secret key")], ids=["none", "absent", "not-one"])
def test_a_key_that_is_none_is_told_before_anything_is_built(environment, complaint):
    done = subprocess.run([ROOT / "scripts/release", "--plan"], capture_output=True, text=True,
                          env={**BARE, **environment})
    assert done.returncode == 1 and complaint in done.stderr, done


def test_what_is_left_out_is_said_and_why():
    done = subprocess.run([ROOT / "scripts/release", "--plan"], capture_output=True, text=True, env=BARE)
    missing = [platform for platform in PLATFORMS if platform.needs != "-"]
    said = done.stdout.splitlines()
    assert len(said) == len(missing) and done.returncode == 0, done
    for line, platform in zip(said, missing):
        assert line.startswith(f"left out: {platform.platform}, for {platform.needs} is not set. ") and "; set it to " in line


# ---- one list ----


def test_the_page_names_the_platforms_of_the_list():
    rows = [tuple(cell.strip(" `") for cell in line.split("|")[1:4]) for line in PAGE.splitlines() if line.startswith("| `")]
    names = {"windows": "Windows ", "darwin": "macOS "}
    wanted = []
    for platform in PLATFORMS:
        oldest = names.get(platform.kernel, "") + platform.oldest if platform.oldest != "-" else "any"
        if platform.needs != "-":
            oldest = "built where FreeBSD's base system is given"
        wanted.append((platform.platform, oldest, platform.collector.replace("-", "")))
    assert rows == wanted


def test_every_platform_has_its_one_name():
    """platform-machine, as the installers put it together, and the same on both Macs."""
    for platform in PLATFORMS:
        system, _, name = platform.platform.partition("-")
        assert system == {"darwin": "macos"}.get(platform.kernel, platform.kernel)
        assert name in [*platform.machines.split(), "armv7"]
    assert len({platform.oldest for platform in PLATFORMS if platform.kernel == "darwin"}) == 1
