"""A product called hookable, packaged with the rendered hooks, and a home for root to install it from.

Packages carry their files under the lab's own folder and go into databases of their own, so that the
machine's package managers never hear of them. The scripts run as a package manager runs them."""

import contextlib
import io
import os
import pathlib
import pwd
import shutil
import subprocess
import tarfile

import pytest
from shim_lab import SHIM, wait_for
from sink import Sink

ROOT = pathlib.Path(__file__).resolve().parents[2]
APP = "hookable"
RELEASE = "v1.2.3"
BOTH = ["install_complete", "install_start"]  # sorted: two senders race for who arrives first
# Senders that wait for a silent endpoint do so for a minute: what waits for them is told from a slow machine.
PATIENT, SOON = {"FOOTFALL_DEADLINE": "60"}, 40
PLATFORMS = ["linux-x86_64", "linux-aarch64", "macos-x86_64", "macos-aarch64", "windows-x86_64"]


def architecture():
    return subprocess.run(["dpkg", "--print-architecture"], check=True, capture_output=True, text=True).stdout.strip()


class HookLab:
    def __init__(self, folder, sink=None):
        self.folder = pathlib.Path(folder)
        self.sink = sink or Sink()
        self.home, self.temporary = self.folder / "home", self.folder / "tmp"
        self.files = self.folder / "usr/lib"  # where the package's files go
        self.shim = self.files / "footfall"
        self.hooks = self.folder / "hooks"
        self.place = self.home / f".{APP}"
        for path in (self.home, self.temporary):
            path.mkdir(parents=True)
        self.sources = self.folder / "sources"
        self.render()

    def render(self, **changes):
        """The hooks of the lab's product; changes are keys of the configuration."""
        values = {"APP": APP, "NAME": "Hookable", "RELEASE": RELEASE, "ENDPOINT": self.sink.url,
                  "PRIVACY_URL": "https://hookable.example/privacy", "SHIM": self.shim, "LICENSE": "MIT",
                  "DOWNLOAD_URL": "https://dl.hookable.example", "ARTIFACT": "hookable-{platform}.{ext}",
                  "BINARIES": "hookable", "SHA256SUMS": "SHA256SUMS", **changes}
        names = (f"hookable-{p}.{'zip' if p.startswith('windows') else 'tar.gz'}" for p in PLATFORMS)
        (self.folder / "SHA256SUMS").write_text("".join(f"{'a' * 64}  {name}\n" for name in names))
        config = self.folder / "package.conf"
        config.write_text("".join(f"{key}={value}\n" for key, value in values.items() if value is not None))
        return subprocess.run([ROOT / "scripts/render-hooks", "--config", config, "--out", self.hooks],
                              capture_output=True, text=True)

    def environment(self, **changes):
        """As a smoke test has it, which counts in containers too; None takes a variable out."""
        values = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": self.home,
                  "TMPDIR": self.temporary, "LC_ALL": "C", "FOOTFALL_ALLOW_CI": "1", **changes}
        return {name: str(value) for name, value in values.items() if value is not None}

    def run(self, *words, env=None, timeout=180, **more):
        more = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, **more}
        return subprocess.run([str(word) for word in words], env=self.environment(**(env or {})),
                              text=True, timeout=timeout, **more)

    def labels(self, count=2):
        """What has arrived, sorted, once it is that many."""
        wait_for(lambda: len(self.sink.requests) >= count, 30)
        return sorted(self.sink.labels)

    def assert_counted(self, method, labels=None):
        labels = labels or BOTH
        assert self.labels(len(labels)) == labels
        for request in list(self.sink.requests):
            event = request.event
            assert (event["method"], event["release"]) == (method, RELEASE)
        assert len({request.event["cid"] for request in self.sink.requests}) == 1

    def assert_silent(self):
        """No event is on its way: sending one begins with files in the home, before its call returns."""
        assert not self.place.exists() and self.sink.connections == 0

    @contextlib.contextmanager
    def caller(self):
        """Somebody who may have called sudo, and the file of his choice."""
        user = next((user for user in pwd.getpwall() if user.pw_uid and pathlib.Path(user.pw_dir).is_dir()
                     and pathlib.Path(user.pw_dir).stat().st_uid == user.pw_uid), None)
        if user is None:
            pytest.skip("there is no user with a home")
        choice = pathlib.Path(user.pw_dir) / f".{APP}/telemetry"
        choice.parent.mkdir()
        try:
            yield user.pw_name, choice
        finally:
            choice.unlink()
            choice.parent.rmdir()

    def put_shim(self, folder=None, text=None, mode=0o755):
        """The shim into a package's folder; or a script in its stead."""
        path = pathlib.Path(folder or self.files) / "footfall"
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            shutil.copyfile(SHIM, path)
        else:
            path.write_text(text)
        path.chmod(mode)
        return path

    def work(self, path, script):
        """Puts the package's own work into a rendered script."""
        text = path.read_text()
        mark = "# The package's own work goes here."
        assert text.count(mark) == 1
        path.write_text(text.replace(mark, script))

    # ---- deb ----

    def deb(self, version="1.0", shim=None, shim_mode=0o755, extra=None):
        """Builds the deb of a version; extra: what scripts there are besides the rendered ones."""
        tree = self.sources / f"deb-{version}"
        shutil.rmtree(tree, ignore_errors=True)
        control = tree / "DEBIAN"
        control.mkdir(parents=True)
        self.put_shim(str(tree) + str(self.files), shim, shim_mode)
        (control / "control").write_text(
            f"Package: {APP}\nVersion: {version}\nArchitecture: {architecture()}\n"
            "Maintainer: Nobody <nobody@hookable.example>\nDescription: a package to try hooks with\n")
        for name, text in {**{p.name: p.read_text() for p in (self.hooks / "deb").iterdir()}, **(extra or {})}.items():
            (control / name).write_text(text)
            (control / name).chmod(0o755)
        package = self.folder / f"{APP}_{version}.deb"
        subprocess.run(["dpkg-deb", "-Znone", "--root-owner-group", "-b", tree, package], check=True, capture_output=True)
        return package

    def dpkg(self, *words, env=None, **more):
        """dpkg on the machine's own files, with a database of the lab's."""
        database = self.folder / "dpkg"
        for name in ("info", "updates", "triggers"):
            (database / name).mkdir(parents=True, exist_ok=True)
        for name in ("status", "available"):
            (database / name).touch()
        return self.run("dpkg", f"--admindir={database}", "--log=/dev/null", "--force-not-root", *words, env=env, **more)

    # ---- rpm ----

    def rpm(self, version="1.0"):
        """Builds the rpm of a version."""
        build = self.sources / f"rpm-{version}"
        shutil.rmtree(build, ignore_errors=True)
        self.put_shim(str(build / "root") + str(self.files))
        spec = build / f"{APP}.spec"
        spec.write_text(
            f"Name: {APP}\nVersion: {version}\nRelease: 1\nSummary: a package to try hooks with\nLicense: MIT\n"
            f"AutoReqProv: no\n%global __os_install_post %{{nil}}\n%description\n%{{summary}}\n%files\n{self.shim}\n"
            + (self.hooks / "rpm/scriptlets.spec").read_text())
        subprocess.run(["rpmbuild", "-bb", "--define", f"_topdir {build}/top", "--define", f"_rpmdir {build}",
                        "--define", f"_rpmfilename {APP}.rpm", "--buildroot", build / "root", spec],
                       check=True, capture_output=True, env=self.environment())
        return build / f"{APP}.rpm"

    def run_rpm(self, *words, env=None, **more):
        """rpm on the machine's own files, with a database of the lab's."""
        return self.run("rpm", f"--dbpath={self.folder}/rpmdb", "--force-debian", "--nodeps", *words, env=env, **more)

    # ---- pacman ----

    def pacman_package(self, version="1.0-1"):
        """Builds the package as makepkg lays it out (makepkg itself refuses to work for root)."""
        info = f"pkgname = {APP}\npkgver = {version}\npkgdesc = a package to try hooks with\narch = any\nsize = 1\n"
        package = self.folder / f"{APP}-{version}-any.pkg.tar.gz"
        with tarfile.open(package, "w:gz") as archive:
            for name, data, mode in [
                    (".PKGINFO", info.encode(), 0o644),
                    (".INSTALL", (self.hooks / f"pacman/{APP}.install").read_bytes(), 0o644),
                    (str(self.shim)[1:], SHIM.read_bytes(), 0o755)]:
                member = tarfile.TarInfo(name)
                member.size, member.mode = len(data), mode
                archive.addfile(member, io.BytesIO(data))
        return package

    def pacman(self, *words, root="/", env=None, **more):
        """pacman on the machine's own files, with a database of the lab's."""
        config = self.folder / "pacman.conf"
        config.write_text("[options]\nArchitecture = auto\nSigLevel = Never\nLocalFileSigLevel = Never\n")
        database = self.folder / "pacman"
        database.mkdir(exist_ok=True)
        return self.run("pacman", "--config", config, "--root", root, "--dbpath", database, "--cachedir", database,
                        "--logfile", "/dev/null", "--hookdir", database / "hooks", "--noconfirm", *words, env=env, **more)
