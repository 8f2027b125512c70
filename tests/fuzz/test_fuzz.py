"""Every fuzz target for a few seconds; for long: make fuzz."""
import pathlib
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent
BUILT = HERE.parents[1] / "build" / "test" / "fuzz"
SECONDS = 6


@pytest.mark.parametrize("name", sorted(source.stem for source in HERE.glob("fuzz_*.c")))
def test_target(name, tmp_path):
    done = subprocess.run([BUILT / name, f"-max_total_time={SECONDS}", "-max_len=4096", "-print_final_stats=1",
                           f"-artifact_prefix={tmp_path}/", tmp_path],
                          capture_output=True, text=True, errors="replace", timeout=120)
    assert done.returncode == 0, done.stderr[-4000:]
    runs = [line for line in done.stderr.splitlines() if "number_of_executed_units" in line]
    assert int(runs[0].split()[-1]) > 1000
