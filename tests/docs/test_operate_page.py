"""docs/operate.md: its commands, run as they stand by somebody with an empty folder; and what it names."""

import os
import pathlib
import re
import signal
import subprocess
import uuid

import pytest
from collector_lab import BINARY, Collector, free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/operate.md").read_text()


@pytest.fixture(autouse=True)
def collector():
    if not BINARY.exists():
        pytest.skip("build/footfall-collector is not built: make build/footfall-collector")


def blocks(kind):
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def run(folder, text, **variables):
    return subprocess.run(["sh", "-eu", "-c", text], cwd=folder, capture_output=True, text=True, timeout=120,
                          env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "FOOTFALL": str(ROOT), **variables})


def test_a_life_of_a_collector(tmp_path):
    text = "".join(blocks("sh")).replace("8379", str(free_port()))
    try:
        done = run(tmp_path, text)
    finally:
        pid = int((tmp_path / "collector.pid").read_text())
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # as it should be: the last step stops it
    assert done.returncode == 0, done.stdout + done.stderr
    assert "<!doctype html>" in (tmp_path / "dashboard.html").read_text()
    assert re.search(r"install_complete,linux,.*,v1\.2\.3,other,1\n", done.stdout)
    log = (tmp_path / "collector.log").read_text()
    assert log.count("listening on") == 2 and "error" not in log
    # The restored store has the id that was erased after the backup, which is what the page warns of.
    cid = uuid.UUID((tmp_path / ".acme/telemetry_id").read_text().strip())
    store = (tmp_path / "footfall.db").read_bytes()
    assert cid.bytes in store or str(cid).encode() in store


def test_what_is_installed_on_a_server(tmp_path):
    """The same lines in a folder that stands for the root; systemctl has nobody to talk to here."""
    (lines,) = [block for block in blocks("text") if block.startswith("install ")]
    for folder in ("usr/bin", "work"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "work/collector.conf").write_text("[app default]\n")
    for name in ("build", "collector"):
        (tmp_path / "work" / name).symlink_to(ROOT / name)
    installing = [line for line in lines.splitlines() if line.startswith("install ")]
    assert [line for line in lines.splitlines() if line not in installing] == [
        "systemctl daemon-reload", "systemctl enable --now footfall-collector"]
    done = run(tmp_path / "work", re.sub(r" /(usr|etc)/", rf" {tmp_path}/\1/", "\n".join(installing)))
    assert done.returncode == 0, done.stderr
    unit = (tmp_path / "etc/systemd/system/footfall-collector.service").read_text()
    program, config = re.search(r"^ExecStart=(\S+) --config (\S+)", unit, re.MULTILINE).groups()
    assert os.access(f"{tmp_path}{program}", os.X_OK) and os.path.isfile(tmp_path / config[1:])
    assert "/var/lib/footfall-collector" in unit and "LoadCredential" in unit


def test_the_backup_of_a_server(tmp_path):
    (lines,) = [block for block in blocks("text") if "backup /var/backups" in block]
    one = Collector(tmp_path / "lib").start()
    (tmp_path / "backups").mkdir()
    old = tmp_path / "backups/footfall-2020-01-01.db"
    old.write_text("")
    os.utime(old, (0, 0))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/footfall-collector").symlink_to(BINARY)
    try:
        done = run(tmp_path, lines.replace("/var/lib/footfall-collector/footfall.db", str(one.db)).replace(
            "/var/backups", str(tmp_path / "backups")), PATH=f"{tmp_path}/bin:/usr/bin:/bin")
    finally:
        one.stop()
    assert done.returncode == 0, done.stderr
    assert [bool(re.fullmatch(r"footfall-20[2-9]\d-\d\d-\d\d\.db", path.name)) for path in (tmp_path / "backups").iterdir()] == [True]


def test_the_configuration_for_passing_on_is_one(tmp_path):
    (lines,) = [block for block in blocks("text") if "posthog-key-file" in block]
    lines = lines.replace("/run/credentials/footfall-collector.service", str(tmp_path))
    for name in ("ga4-secret", "posthog-key"):
        (tmp_path / name).write_text("secret")
    one = Collector(tmp_path, lines).start()
    policy = one.ask("GET", "/v1/policy")[2].decode()
    assert one.stop() == 0 and "Google Analytics 4" in policy and "PostHog" in policy


def test_every_alert_has_its_line():
    alerts = set(re.findall(r"alert: (\w+)", (ROOT / "collector/grafana/alerts.yml").read_text()))
    assert alerts == set(re.findall(r"`(Footfall[A-Z]\w+)`", PAGE))
    assert "job_name: footfall" in PAGE and 'job="footfall"' in (ROOT / "collector/grafana/alerts.yml").read_text()
