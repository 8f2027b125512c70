"""The unit tests in C (cmocka, under address and undefined sanitizers), each program a test."""
import pathlib
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent
BUILT = HERE.parents[1] / "build" / "test" / "unit"


@pytest.mark.parametrize("name", sorted(source.stem for source in HERE.glob("*.c")))
def test_program(name):
    done = subprocess.run([BUILT / name], capture_output=True, text=True, errors="replace", timeout=120,
                          env={"ASAN_OPTIONS": "detect_leaks=1", "CMOCKA_MESSAGE_OUTPUT": "STDOUT"})
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
