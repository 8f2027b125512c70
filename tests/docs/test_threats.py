"""docs/threats.md: every line names tests that exist, or says why nothing holds it."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/threats.md").read_text()
ROWS = [line for line in PAGE.splitlines() if line.startswith("|") and not re.match(r"\| could|\|---", line)]
TEST = re.compile(r"`(\S+\.py)::(\w+)`")


def exists(file, name):
    path = ROOT / "tests" / file
    return path.is_file() and re.search(rf"^def {name}\(", path.read_text(), re.MULTILINE) is not None


def test_the_page_was_read():
    assert len(ROWS) > 45 and len(re.findall("^## ", PAGE, re.MULTILINE)) == PAGE.count("| could | but | held by |")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2:50].strip())
def test_a_line_is_held_by_tests_that_exist_or_says_that_it_is_not(row):
    cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
    assert len(cells) == 3, cells
    named = TEST.findall(cells[2])
    if "not held" in cells[2]:
        assert not named and re.match(r"(it holds .*)?not held[^:]*: .{20,}|not held by code: ", cells[2]), cells[2]
    else:
        assert named and TEST.sub("", cells[2]).strip(", ") == "", "only names of tests belong here"
        assert [f"{file}::{name}" for file, name in named if not exists(file, name)] == []


def test_a_name_that_is_none_would_be_found():
    assert exists("docs/test_threats.py", "test_the_page_was_read")
    assert not exists("docs/test_threats.py", "test_nothing") and not exists("docs/test_nothing.py", "test_the_page_was_read")


def test_the_ways_to_report_are_stated():
    security = (ROOT / "SECURITY.md").read_text()
    assert re.search(r"[\w.]+@[\w.]+", security)
    for heading in ("Reporting", "Supported versions", "What counts"):
        assert f"\n## {heading}\n" in security
