"""docs/privacy.md says what the schema says, and what a project's own page says."""

import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/privacy.md").read_text()
SCHEMA = [line.split("\t") for line in (ROOT / "shim/spec/event.tsv").read_text().splitlines() if not line.startswith("#")][1:]


def test_the_members_are_the_schemas_in_its_order():
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE, re.MULTILINE)
    assert [name for name, _ in rows] == [row[0] for row in SCHEMA]
    for (name, example), row in zip(rows, SCHEMA):
        assert f"`{row[4]}`" in example, name
        assert row[1] != "set" or all(word in row[3].split() for word in re.findall("`([^`]+)`", example)), name


def test_the_commands_are_those_of_a_projects_own_page(tmp_path):
    """Which installers/test_disclose.py runs."""
    (tmp_path / "c").write_text("APP=acme\nRELEASE=v1\nENDPOINT=https://t.acme.example/v1/events\nPRIVACY_URL=https://acme.example/p\n")
    told = subprocess.run([ROOT / "scripts/disclose", "--config", tmp_path / "c", "--retention", "400"], check=True,
                          capture_output=True, text=True).stdout
    lines = re.findall(r"^    (.+)$", PAGE, re.MULTILINE)
    assert len(lines) == 3 and [line for line in lines if f"    {line}\n" not in told] == []
    assert "400 days" in PAGE and 'KEY("retention-days", NUMBER, retention_days, 400,' in (ROOT / "collector/config_keys.h").read_text()
