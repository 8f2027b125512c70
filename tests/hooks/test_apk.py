"""apk's .post-install, run as apk runs it: apk itself is in no Debian."""

import shutil

import pytest
from hook_lab import APP


@pytest.fixture(params=["busybox sh", "dash", "bash"])
def post_install(lab, request):
    words = request.param.split()
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed")
    lab.put_shim()
    return lambda **more: lab.run(*words, lab.hooks / f"apk/{APP}.post-install", "1.0-r0", **more)


def test_a_first_install_is_counted(lab, post_install):
    done = post_install()
    assert done.returncode == 0 and "counts first installs" in done.stdout, done.stdout
    lab.assert_counted("apk")


@pytest.mark.parametrize("work, status", [("exit 3", 3), ("nobody-has-this-command 2>/dev/null || exit", 127)])
def test_work_that_fails_is_reported(lab, post_install, work, status):
    lab.work(lab.hooks / f"apk/{APP}.post-install", work)
    assert post_install().returncode == status
    lab.assert_counted("apk", ["install_failed", "install_start"])


def test_the_environment_says_no(lab, post_install):
    done = post_install(env={"DO_NOT_TRACK": "1"})
    assert (done.returncode, done.stdout) == (0, "")
    lab.assert_silent()


def test_an_upgrade_has_no_script(lab):
    assert [path.name for path in (lab.hooks / "apk").iterdir()] == [f"{APP}.post-install"]
