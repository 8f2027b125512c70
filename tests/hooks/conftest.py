"""The lab that packages are built and installed in."""

import os
import pathlib
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from hook_lab import HookLab  # noqa: E402
from shim_lab import SHIM  # noqa: E402
from sink import Sink  # noqa: E402


@pytest.fixture
def lab():
    if not SHIM.exists():
        pytest.skip("build/footfall is not built: make")
    # Not pytest's own temporary folder, whose name is too long for some and which others cannot enter.
    with tempfile.TemporaryDirectory(prefix="hooks.", ignore_cleanup_errors=True) as folder, Sink() as sink:
        os.chmod(folder, 0o755)
        yield HookLab(folder, sink)
