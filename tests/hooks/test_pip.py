"""The first run of a program that pip has installed from a wheel."""

import os
import pty
import shutil
import subprocess
import sys
import time

import pytest
from hook_lab import BOTH, PATIENT, SOON
from shim_lab import SHIM, wait_for
from sink import Sink, silence

PYTHON = sys.executable
if subprocess.run([PYTHON, "-c", "import setuptools, wheel, pip"], capture_output=True).returncode != 0:
    pytest.skip("pip, setuptools and wheel are not installed", allow_module_level=True)

SETUP = """
from setuptools import setup
setup(name="hookable", version="{}", packages=["hookable"], package_data={{"hookable": ["footfall/*"]}},
      entry_points={{"console_scripts": ["hookable = hookable:main"]}})
"""
PROGRAM = "def main():\n    from . import footfall_hook\n    footfall_hook.first_run()\n    print('at work')\n"


class Pip:
    def __init__(self, lab):
        self.lab, self.target = lab, lab.folder / "site"
        self.tree = lab.folder / "wheel"
        package = self.tree / "hookable"
        (package / "footfall").mkdir(parents=True)
        (package / "__init__.py").write_text(PROGRAM)
        self.shim = package / f"footfall/footfall-linux-{os.uname().machine}"
        shutil.copy(SHIM, self.shim)
        shutil.copy(lab.hooks / "pip/footfall_hook.py", package)
        self.words = [PYTHON, "-c", "import hookable; hookable.main()"]
        self.path = self.tree

    def install(self, version):
        """From a wheel; until then the program runs from its sources, which is the same to it, and quicker."""
        self.words, self.path = [PYTHON, self.target / "bin/hookable"], self.target
        (self.tree / "setup.py").write_text(SETUP.format(version))
        pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "--no-cache-dir", "-q"]
        for words in (["wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", self.lab.folder, self.tree],
                      ["install", "--no-deps", "--no-index", "--upgrade", "--target", self.target, "--root-user-action=ignore",
                       self.lab.folder / f"hookable-{version}-py3-none-any.whl"]):
            done = self.lab.run(*pip, *words)
            assert done.returncode == 0, done.stdout

    def program(self, terminal=True, env=None):
        env = {"PYTHONPATH": self.path, **(env or {})}
        if not terminal:
            return self.lab.run(*self.words, env=env).stdout
        ours, theirs = pty.openpty()
        done = self.lab.run(*self.words, env=env, stderr=theirs)
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
def pip(lab):
    return Pip(lab)


def test_the_first_run_in_a_terminal_counts_and_no_other_does(lab, pip):
    pip.install("1.2.3")
    lab.assert_silent()
    assert pip.program(terminal=False) == "at work\n"
    lab.assert_silent()
    said = pip.program()
    assert said.startswith("Hookable counts first installs") and said.endswith("at work\n")
    lab.assert_counted("pip")
    assert pip.program() == "at work\n"
    pip.install("1.3.0")
    assert pip.program() == "at work\n"
    assert lab.labels() == BOTH


def test_who_says_no_is_not_counted(lab, pip):
    for env in ({"DO_NOT_TRACK": "1"}, {"HOOKABLE_TELEMETRY": "off"}, {"FOOTFALL_ALLOW_CI": None, "CI": "1"}):
        assert pip.program(env=env) == "at work\n"
        lab.assert_silent()


def test_what_is_broken_is_not_noticed(lab, pip):
    for break_it in (lambda: pip.shim.write_text("#!/bin/sh\nkill -SEGV $$\n"), lambda: pip.shim.write_text(""), pip.shim.unlink):
        break_it()
        assert pip.program() == "at work\n"
        lab.assert_silent()


def test_a_shim_that_has_lost_its_bit(lab, pip):
    pip.shim.chmod(0o644)
    assert pip.program().endswith("at work\n")
    lab.assert_counted("pip")


def test_a_home_that_cannot_be_marked_counts_nothing(lab, pip):
    """Once could not be kept."""
    lab.place.write_text("in the way")
    assert pip.program() == "at work\n"
    assert lab.sink.connections == 0


def test_nothing_waits(lab, pip):
    with Sink(answer=silence) as hole:
        lab.render(ENDPOINT=hole.url)
        shutil.copy(lab.hooks / "pip/footfall_hook.py", pip.tree / "hookable")
        start = time.monotonic()
        assert pip.program(env=PATIENT).endswith("at work\n")
        assert time.monotonic() - start < SOON and wait_for(lambda: len(hole.requests) == 2, 30)
