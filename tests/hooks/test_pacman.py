"""pacman's .install under pacman."""

import os
import shutil

import pytest
from hook_lab import APP, BOTH

if os.geteuid() != 0:
    pytest.skip("only root installs packages", allow_module_level=True)
if shutil.which("pacman") is None:
    pytest.skip("pacman is not installed", allow_module_level=True)


def test_a_first_install_is_counted_and_upgrade_and_removal_are_not(lab):
    done = lab.pacman("-U", lab.pacman_package())
    assert done.returncode == 0 and "counts first installs" in done.stdout, done.stdout
    lab.assert_counted("pacman")
    for words in (["-U", lab.pacman_package("2.0-1")], ["-R", APP]):
        done = lab.pacman(*words)
        assert done.returncode == 0 and "counts first installs" not in done.stdout, done.stdout
    assert not lab.shim.exists() and lab.labels() == BOTH


@pytest.mark.parametrize("work", ["exit 3", "false || exit"])
def test_work_that_fails_is_reported(lab, work):
    lab.work(lab.hooks / f"pacman/{APP}.install", work)
    assert "failed to execute" in lab.pacman("-U", lab.pacman_package()).stdout
    lab.assert_counted("pacman", ["install_failed", "install_start"])


def test_the_environment_says_no(lab):
    assert lab.pacman("-U", lab.pacman_package(), env={"DO_NOT_TRACK": "1"}).returncode == 0
    lab.assert_silent()
