"""make size accounts for every byte of the program that ships."""

import re
import shutil
import subprocess

import pytest
from shim_lab import ROOT, SHIM


@pytest.fixture(scope="module")
def report():
    if shutil.which("lto-dump") is None:
        pytest.skip("lto-dump is not installed (it comes with gcc)")
    done = subprocess.run(["make", "-s", "size"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    head, *tables = done.stdout.strip().split("\n\n")
    rows = {}
    for table in tables:
        title, *lines = table.splitlines()
        rows[title] = [re.fullmatch(r" *(\d+) +([\d.]+)%  (.+)", line).groups() for line in lines]
    return head, rows


def test_every_byte_is_somebodys(report):
    head, rows = report
    size = ROOT.joinpath(SHIM).stat().st_size
    assert head.startswith(f"build/footfall: {size} bytes, gzip -9 ")
    bytes_by_library = {who: int(count) for count, _, who in rows["by library"]}
    assert sum(bytes_by_library.values()) == size
    assert bytes_by_library["(no file)"] < size / 50


def test_ten_are_named(report):
    _, rows = report
    for title in ("ten largest files", "ten largest functions and tables"):
        counts = [int(count) for count, _, _ in rows[title]]
        assert len(counts) == 10 and counts == sorted(counts, reverse=True)
    assert {"libcurl", "libmbedtls"} <= {who.split()[0] for _, _, who in rows["ten largest files"]}
