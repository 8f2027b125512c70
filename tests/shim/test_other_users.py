"""What the other users of a machine can do to a run, and what one app's owner learns of another app."""

import os
import stat
import subprocess

import pytest
from shim_lab import NOBODY, SHIM, wait_for


@pytest.mark.usefixtures("own_tmp")
@pytest.mark.parametrize("place", ["home", "temporary folder"])
def test_nobody_else_can_end_a_watcher(case, place):
    """Its bell is for the user alone: who cannot ring it cannot silence the report of a failure."""
    if os.getuid() != 0:
        pytest.skip("only root can act as another user")
    env = {} if place == "home" else {"HOME": "/nonexistent"}
    case.run(case.words("install_start", "--watch", case.sleeper()), env)
    (bell,) = wait_for(lambda: [path for folder in (case.home, case.temporary) for path in folder.rglob("*.bell")])
    assert stat.S_ISFIFO(bell.stat().st_mode) and stat.S_IMODE(bell.stat().st_mode) == 0o600
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in bell.parents[:2]] == [0o700, 0o700]
    ring = ["sh", "-c", f"echo >'{bell}'"]
    assert subprocess.run(ring, user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True).returncode != 0
    watchers = case.senders()
    assert watchers
    assert subprocess.run(ring).returncode == 0  # and its own user can
    assert wait_for(lambda: not case.senders())


@pytest.mark.usefixtures("own_tmp")
def test_nobody_else_can_say_that_an_app_is_retired(case):
    """Nor that something has been sent: a folder in the temporary one that is somebody else's says nothing."""
    planted = case.temporary / f"footfall-{os.getuid()}-acme"
    planted.mkdir()
    (planted / "telemetry_retired").touch()
    os.chown(planted, NOBODY, NOBODY)
    case.emit("install_start").assert_unnoticed()
    case.assert_delivered()


def test_each_app_has_an_id_of_its_own(case):
    for app in ("acme", "other"):
        case.run([SHIM, "emit", "install_start", "--strict", "--app", app, "--endpoint", case.sink.url, "--run", "1"])
    ids = [request.event["cid"] for request in case.sink.requests]
    assert len(ids) == len(set(ids)) == 2
