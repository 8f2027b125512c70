"""Footfall's own deb and rpm: what is in them, that they are always the same, and that their hooks count."""

import os
import shutil
import subprocess

import pytest
from hook_lab import BOTH, ROOT
from shim_lab import wait_for

if not (ROOT / "build/footfall-collector").exists():
    pytest.skip("build/footfall-collector is not built: make build/footfall-collector", allow_module_level=True)

FILES = ["/usr/bin/footfall", "/usr/bin/footfall-collector", "/usr/lib/systemd/system/footfall-collector.service",
         "/usr/share/bash-completion/completions/footfall", "/usr/share/fish/vendor_completions.d/footfall.fish", "/usr/share/man/man1/footfall-collector.1.gz",
         "/usr/share/man/man1/footfall.1.gz", "/usr/share/man/man5/footfall-collector.conf.5.gz"]
OWN_FILES = {"deb": ["/usr/share/doc/footfall/copyright", "/usr/share/zsh/vendor-completions/_footfall"],
             "rpm": ["/usr/share/licenses/footfall/LICENSE", "/usr/share/licenses/footfall/LICENSES-OF-PARTS.txt",
                     "/usr/share/zsh/site-functions/_footfall"]}
VERSION = (ROOT / "VERSION").read_text().strip()


@pytest.fixture
def pack(lab):
    # The last line lacks its end; where the shim is, the package knows by itself.
    config = lab.folder / "footfall.conf"
    config.write_text("APP=footfall\nNAME=Footfall\nRELEASE=v1.2.3\nPRIVACY_URL=https://footfall.example/privacy\n"
                      f"SHIM = /elsewhere/footfall\nENDPOINT={lab.sink.url}")

    def pack(kind, out="packages", umask=0o022, **env):
        if kind == "rpm" and shutil.which("rpmbuild") is None:
            pytest.skip("rpm is not installed")
        done = lab.run(ROOT / "scripts/package", kind, out, config.name, umask=umask, cwd=lab.folder,
                       env={"SOURCE_DATE_EPOCH": "1700000000", **env})
        assert done.returncode == 0, done.stdout
        return done.stdout.strip()

    return pack


@pytest.mark.parametrize("kind", ["deb", "rpm"])
def test_the_same_files_make_the_same_package(lab, pack, kind):
    one = pack(kind)
    other = pack(kind, "elsewhere", 0o077, TZ="Asia/Tokyo", LANG="C.UTF-8", TMPDIR=lab.home)
    same = open(one, "rb").read() == open(other, "rb").read()
    assert one != other and same


@pytest.mark.parametrize("kind, words", [("deb", ["dpkg-deb", "--fsys-tarfile"]), ("rpm", ["rpm", "-qlvp"])])
def test_what_is_in_it(lab, pack, kind, words):
    said = subprocess.run([*words, pack(kind)], capture_output=True, check=True, env=lab.environment()).stdout
    if kind == "deb":
        said = subprocess.run(["tar", "-tv"], input=said, capture_output=True, check=True).stdout
    lines = [line.split() for line in said.decode().splitlines()]
    files = {line[-1].lstrip("."): line[0] for line in lines if not line[0].startswith("d")}
    assert sorted(files) == sorted([*FILES, *OWN_FILES[kind]])
    assert all(mode == ("-rwxr-xr-x" if "/bin/" in name else "-rw-r--r--") for name, mode in files.items())
    assert all("root" in line[1] + line[2] for line in lines)


def test_the_licences_of_all_that_is_linked_in_come_along(lab, pack):
    root = lab.folder / "root"
    subprocess.run(["dpkg-deb", "-x", pack("deb"), root], check=True)
    text = (root / "usr/share/doc/footfall/copyright").read_text()
    for words in ("MIT License", "Mbed TLS", "Apache License", "GNU LESSER GENERAL PUBLIC LICENSE", "Mozilla Public License",
                  "GCC RUNTIME LIBRARY EXCEPTION", "Daniel Stenberg", "Dave Gamble", "Leon Sorokin", "Rich Felker"):
        assert words in text, words
    done = subprocess.run(["rpm", "-qp", "--queryformat", "%{license}\n", pack("rpm")], capture_output=True, text=True,
                          check=True, env=lab.environment())
    assert {"MIT", "curl", "Apache-2.0", "MPL-2.0", "LGPL-2.1-or-later", "blessing"} <= set(done.stdout.strip().split(" AND "))
    done = subprocess.run(["rpm", "-qLp", pack("rpm")], capture_output=True, text=True, check=True, env=lab.environment())
    assert done.stdout.split() == [file for file in OWN_FILES["rpm"] if "licenses" in file]


def test_the_deb_in_a_life(lab, pack):
    """Into a root of its own, so that the machine keeps its /usr/bin: what runs there is what was packed."""
    if os.geteuid() != 0:
        pytest.skip("only root installs packages")
    root = lab.folder / "root"
    subprocess.run(["dpkg-deb", "-R", pack("deb"), root], check=True)
    assert f"Version: {VERSION}" in (root / "DEBIAN/control").read_text()
    assert subprocess.run(["md5sum", "-c", "--quiet", "DEBIAN/md5sums"], cwd=root).returncode == 0
    assert lab.run(root / "usr/bin/footfall", "--version").stdout.startswith("footfall " + VERSION)
    if shutil.which("shellcheck"):
        done = lab.run("shellcheck", *(root / "DEBIAN").glob("p*"))
        assert done.returncode == 0, done.stdout
    script = root / "DEBIAN/postinst"
    script.write_text(script.read_text().replace("/usr/bin/footfall", f"{root}/usr/bin/footfall"))
    for words, count in ((["configure", ""], 2), (["configure", VERSION], 2), (["abort-remove"], 2)):
        done = lab.run(script, *words)
        assert done.returncode == 0, done.stdout
        assert lab.labels(count) == BOTH
    assert lab.run(root / "DEBIAN/prerm", "remove").returncode == 0
    assert wait_for((lab.home / ".footfall/telemetry_last").exists)
    assert lab.run(root / "DEBIAN/postrm", "purge").returncode == 0
    assert not (lab.home / ".footfall").exists()


LIFE = {
    "deb": ["dpkg --no-triggers -i '{package}'", "dpkg -s footfall | grep -q 'Status: install ok installed'", "dpkg --no-triggers -i '{package}'",
            "dpkg --no-triggers -r footfall", "! ls /usr/bin/footfall 2>/dev/null", "dpkg --no-triggers -P footfall"],
    "rpm": ["rpm --force-debian --nodeps -U '{package}'", "rpm --force-debian -V --nodeps footfall",
            "rpm --force-debian --nodeps -U --force '{package}'", "rpm --force-debian -e footfall",
            "! ls /usr/bin/footfall 2>/dev/null"],
}
INSTALLED = ["footfall --version", "footfall-collector --help >/dev/null", "man -w footfall", "man -w footfall-collector.conf",
             "test -f /usr/lib/systemd/system/footfall-collector.service"]


@pytest.mark.parametrize("kind", LIFE)
def test_its_life_on_this_machine(lab, pack, kind):
    """Installed, again, removed: by the real package manager on the machine's own files, of which an overlay
    in a mount namespace keeps every change."""
    layers = lab.folder / "layers"
    layers.mkdir()
    lines = ["set -e", f"mount -t tmpfs layers '{layers}'"]
    for folder in ("usr", "etc", "var"):
        lines.append(f"mkdir '{layers}/{folder}' '{layers}/{folder}.work' && mount -t overlay overlay -o "
                     f"'lowerdir=/{folder},upperdir={layers}/{folder},workdir={layers}/{folder}.work' /{folder}")
    if subprocess.run(["unshare", "-m", "sh", "-c", "\n".join([*lines, "true"])], capture_output=True).returncode != 0:
        pytest.skip("no overlay can be mounted here")
    first, *later = (line.format(package=pack(kind)) for line in LIFE[kind])
    lines += [first, *INSTALLED, *later]
    done = lab.run("unshare", "-m", "sh", "-xc", "\n".join(lines), env={"DEBIAN_FRONTEND": "noninteractive"})
    assert done.returncode == 0, done.stdout
    assert lab.labels() == BOTH and {request.event["method"] for request in lab.sink.requests} == {kind}


@pytest.mark.parametrize("words, status, text", [
    ([], 2, "usage: package deb|rpm OUT"), (["msi", "out"], 2, "usage: package deb|rpm OUT"), (["deb"], 2, "usage"),
    (["deb", "out", "/nosuch"], 1, "cannot read /nosuch; name a configuration")])
def test_wrong_usage(lab, words, status, text):
    done = lab.run(ROOT / "scripts/package", *words, cwd=lab.folder)
    assert done.returncode == status and text in done.stdout
    assert not (lab.folder / "out").exists()
