"""The ready-made dashboard and alerts for Grafana and Prometheus: they parse, they fire when they should, and they
name only metrics that the collector has."""
import json
import re
import shutil
import subprocess

import pytest

from collector_lab import ROOT, Collector, free_port, make_event, wait_until

GRAFANA = ROOT / "collector" / "grafana"


@pytest.fixture(scope="module")
def promtool():
    found = shutil.which("promtool")
    if not found:
        pytest.skip("needs promtool (Debian: prometheus)")
    return found


def dashboard_expressions():
    board = json.loads((GRAFANA / "dashboard.json").read_text())
    found = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    assert len(found) >= len(board["panels"]) > 8
    return found


@pytest.fixture(scope="module")
def metrics(tmp_path_factory):
    """Names of what a collector with forwarding and some events answers at /metrics."""
    one = Collector(tmp_path_factory.mktemp("metrics"),
                    f"rate-limit = 0\nposthog-url = http://127.0.0.1:{free_port()}\n[app default]\n",
                    env={"FOOTFALL_POSTHOG_KEY": "k"}).start()
    try:
        one.post_all(make_event() for _ in range(10))
        wait_until(lambda: one.metric("footfall_today_events", event="install_complete"), what="today's events")
        text = one.ask("GET", "/metrics")[2].decode()
    finally:
        one.stop()
    return set(re.findall(r"^(\w+)[{ ]", text, re.M))


TESTS = ROOT / "tests" / "collector"


@pytest.mark.parametrize("tests, interval", [("alerts.test.yml", "5m"), ("rates.test.yml", "1h")])
def test_alerts_fire_when_they_should(promtool, tmp_path, tests, interval):
    alerts = (GRAFANA / "alerts.yml").read_text()
    assert "    interval: 5m\n" in alerts
    (tmp_path / "alerts.yml").write_text(alerts.replace("interval: 5m", f"interval: {interval}"))
    shutil.copy(TESTS / tests, tmp_path)
    done = subprocess.run([promtool, "test", "rules", tests], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tested():
    alerts = set(re.findall(r"alert: (\w+)", (GRAFANA / "alerts.yml").read_text()))
    tested = "".join(file.read_text() for file in TESTS.glob("*.test.yml"))
    fired = set(re.findall(r"alertname: (\w+)\n\s+exp_alerts:\n\s+- ", tested))
    silent = set(re.findall(r"alertname: (\w+)\n\s+exp_alerts: \[\]", tested))
    assert alerts and alerts - fired == set()
    assert alerts - silent == set()


def test_dashboard_expressions_parse(promtool, tmp_path):
    rules = [{"record": f"panel:{i}", "expr": expr.replace("$app", ".*")}
             for i, expr in enumerate(dashboard_expressions())]
    file = tmp_path / "panels.json"
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    done = subprocess.run([promtool, "check", "rules", file], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_only_metrics_that_there_are_are_named(metrics):
    alerts = (GRAFANA / "alerts.yml").read_text()
    recorded = set(re.findall(r"record: (\S+)", alerts))
    named = set()
    for text in [alerts, *dashboard_expressions()]:
        named |= set(re.findall(r"\bfootfall[_:][\w:]+", text))
    assert len(named) > 10
    assert named - recorded - metrics == set()
