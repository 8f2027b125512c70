"""The npm package: postinstall where npm runs it, the first run where it does not."""

import json
import os
import pathlib
import pty
import shutil
import subprocess
import tarfile
import time

import pytest
from hook_lab import BOTH, PATIENT, SOON
from shim_lab import SHIM, wait_for
from sink import Sink, silence

if shutil.which("npm") is None:
    pytest.skip("npm is not installed", allow_module_level=True)

PLATFORM = "linux-" + os.uname().machine
PACKAGE = {"name": "hookable", "version": "1.2.3", "bin": {"hookable": "bin/hookable.js"},
           "scripts": {"postinstall": "node footfall/footfall.cjs || exit 0"}, "files": ["bin", "footfall"]}
PROGRAM = "#!/usr/bin/env node\nrequire('../footfall/footfall.cjs').firstRun();\nconsole.log('at work');\n"


class Npm:
    def __init__(self, lab):
        self.lab, self.prefix = lab, lab.folder / "prefix"
        self.tree = lab.folder / "node_modules/hookable"  # as it lies when it is installed
        (self.tree / "bin").mkdir(parents=True)
        (self.tree / "bin/hookable.js").write_text(PROGRAM)
        shutil.copytree(lab.hooks / "npm", self.tree / "footfall")
        shutil.copy(SHIM, self.tree / f"footfall/footfall-{PLATFORM}")
        self.pack()

    def pack(self, version="1.2.3", by_npm=False):
        """npm takes a second to pack; tar makes the same."""
        (self.tree / "package.json").write_text(json.dumps({**PACKAGE, "version": version}))
        self.package = self.lab.folder / f"hookable-{version}.tgz"
        if not by_npm:
            with tarfile.open(self.package, "w:gz") as archive:
                archive.add(self.tree, "package")
            return
        done = self.lab.run("npm", "pack", "--silent", "--pack-destination", self.lab.folder, cwd=self.tree)
        assert done.returncode == 0, done.stdout

    def install(self, *options, env=None):
        # Not --offline, which postinstall takes for a wish; nothing here has to be fetched.
        done = self.lab.run("npm", "install", "--global", "--prefix", self.prefix, "--no-audit", "--no-fund",
                            "--no-update-notifier", *options, self.package, env=env)
        assert done.returncode == 0, done.stdout
        return done

    def program(self, terminal=True, env=None):
        """Runs the program as somebody at a terminal does, or as a script does."""
        words = [self.prefix / "bin/hookable"]
        if not terminal:
            return self.lab.run(*words, env=env).stdout
        ours, theirs = pty.openpty()
        done = self.lab.run(*words, env=env, stderr=theirs, stdout=subprocess.PIPE)
        os.close(theirs)
        said = b""
        try:
            while more := os.read(ours, 4096):
                said += more
        except OSError:
            pass  # how Linux says that the other end of a terminal is closed
        os.close(ours)
        return said.decode() + done.stdout


@pytest.fixture
def npm(lab):
    return Npm(lab)


def test_postinstall_counts_a_first_install_and_no_upgrade(lab, npm):
    npm.pack(by_npm=True)
    npm.install()
    lab.assert_counted("npm")
    assert npm.program() == "at work\n"
    npm.pack("1.3.0")
    npm.install()
    assert npm.program() == "at work\n"
    assert lab.labels() == BOTH


def test_the_first_run_counts_where_scripts_are_refused(lab, npm):
    npm.install("--ignore-scripts")
    assert npm.program(terminal=False) == "at work\n"
    lab.assert_silent()
    said = npm.program()
    assert said.startswith("Hookable counts first installs") and said.endswith("at work\n")
    lab.assert_counted("npm")
    assert npm.program() == "at work\n"
    npm.pack("1.3.0")
    npm.install("--ignore-scripts")
    assert npm.program() == "at work\n"
    assert lab.labels() == BOTH


def test_who_says_no_at_the_install_is_not_asked_again(lab, npm):
    npm.install("--no-telemetry")
    assert npm.program() == "at work\n"
    lab.assert_silent()


@pytest.mark.parametrize("settings", ["telemetry=false", "telemetry = nonsense", "no-telemetry", "do-not-track=1", "telemetry="])
def test_the_first_run_knows_the_users_settings(lab, npm, settings):
    """Where npm has run no script, nobody has asked them before."""
    (lab.home / ".npmrc").write_text(f"fund=false\n{settings}\n")
    npm.install("--ignore-scripts")
    assert npm.program() == "at work\n"
    lab.assert_silent()


def test_a_checkout_is_no_install(lab, npm):
    """Whoever works on the package runs `npm ci` in it, and packs what is left."""
    checkout = lab.folder / "checkout"
    shutil.copytree(npm.tree, checkout)
    done = lab.run("npm", "install", "--no-audit", "--no-fund", "--no-update-notifier", cwd=checkout)
    assert done.returncode == 0 and (checkout / "footfall/first-run").exists(), done.stdout
    assert lab.run("script", "-qec", "node bin/hookable.js", "/dev/null", cwd=checkout).returncode == 0
    lab.assert_silent()


def test_a_shim_that_has_lost_its_bit(lab, npm):
    (npm.tree / f"footfall/footfall-{PLATFORM}").chmod(0o644)
    npm.pack()
    npm.install()
    lab.assert_counted("npm")


def test_the_caller_of_sudo_says_no(lab, npm):
    """What he has saved holds; and a caller whose home nobody finds may have saved it."""
    def postinstall(caller):
        assert lab.run("node", npm.tree / "footfall/footfall.cjs", env={"SUDO_USER": caller}).returncode == 0

    for stranger in ("alice@corp.example", "CORP\\carol"):
        postinstall(stranger)
        lab.assert_silent()
    with lab.caller() as (name, choice):
        choice.write_text("off\n")
        postinstall(name)
        lab.assert_silent()
        choice.write_text("on\n")
        postinstall(name)
        lab.assert_counted("npm")


@pytest.mark.parametrize("variables", [
    {"npm_config_telemetry": "false"}, {"npm_config_no_telemetry": "true"}, {"npm_config_do_not_track": "true"},
    {"NPM_CONFIG_TELEMETRY": "false"}, {"NPM_CONFIG_DO_NOT_TRACK": "1"}, {"npm_config_telemetry": ""}, {"npm_config_telemetry": "perhaps"}, {"npm_config_no_telemetry": "perhaps"},
    {"npm_config_offline": "true"}, {"YARN_ENABLE_TELEMETRY": "0"}, {"DO_NOT_TRACK": "1"},
    {"HOOKABLE_NO_TELEMETRY": "1"}, {"FOOTFALL_ALLOW_CI": None, "CI": "true"}], ids=lambda v: " ".join(map(str, v)))
def test_the_environment_says_no(lab, npm, variables):
    """With what npm makes of its options, as it hands it to postinstall."""
    done = lab.run("node", npm.tree / "footfall/footfall.cjs", env=variables)
    assert (done.returncode, done.stdout) == (0, "")
    assert not (npm.tree / "footfall/first-run").exists()
    lab.assert_silent()


def test_the_environment_says_yes(lab, npm):
    assert lab.run("node", npm.tree / "footfall/footfall.cjs", env={"npm_config_telemetry": "true"}).returncode == 0
    lab.assert_counted("npm")


def test_who_says_no_at_the_first_run_is_not_counted(lab, npm):
    npm.install("--ignore-scripts")
    assert npm.program(env={"DO_NOT_TRACK": "1"}) == "at work\n"
    lab.assert_silent()


def test_an_image_build_is_not_counted(lab, npm):
    """This lab is one: no init system, and npm gives scripts no terminal."""
    if pathlib.Path("/proc/1/comm").read_text().strip() in ("init", "systemd"):
        pytest.skip("this is a whole machine")
    done = lab.run("setsid", "--wait", "node", "footfall/footfall.cjs", cwd=npm.tree, env={"FOOTFALL_ALLOW_CI": None})
    assert (done.returncode, done.stdout) == (0, "")
    lab.assert_silent()


@pytest.mark.parametrize("shim", ["#!/bin/sh\nkill -SEGV $$\n", "", None])
def test_a_broken_shim_is_not_noticed(lab, npm, shim):
    path = npm.tree / f"footfall/footfall-{PLATFORM}"
    path.unlink()
    if shim is not None:
        path.write_text(shim)
        path.chmod(0o755)
    assert lab.run("node", "footfall/footfall.cjs", cwd=npm.tree).returncode == 0
    (npm.tree / "footfall/first-run").touch()
    assert lab.run("node", "-e", "require('./footfall/footfall.cjs').firstRun()", cwd=npm.tree).stdout == ""
    lab.assert_silent()


def test_a_home_that_cannot_be_marked_counts_nothing(lab, npm):
    """Once could not be kept."""
    lab.place.write_text("in the way")
    assert lab.run("node", "footfall/footfall.cjs", cwd=npm.tree).returncode == 0
    assert lab.sink.connections == 0


def test_nothing_waits(lab, npm):
    with Sink(answer=silence) as hole:
        lab.render(ENDPOINT=hole.url)
        shutil.copy(lab.hooks / "npm/footfall.cjs", npm.tree / "footfall")
        start = time.monotonic()
        assert lab.run("node", npm.tree / "footfall/footfall.cjs", env=PATIENT).returncode == 0  # reads to the end of its pipe
        assert time.monotonic() - start < SOON and wait_for(lambda: len(hole.requests) == 2, 30)
