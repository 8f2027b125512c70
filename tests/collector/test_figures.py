"""/v1/stats, /metrics, /v1/schema and export: exact, fresh, and never about few."""
import csv
import io
import json
import re
import subprocess
import time
import uuid

import pytest

from collector_lab import BINARY, ROOT, Collector, make_event, wait_until

JSON = {"Content-Type": "application/json"}


def by(rows, *keys):
    return {tuple(row[k] for k in keys): row for row in rows}


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """Three releases on three platforms, one of each too rare to show."""
    made = Collector(tmp_path_factory.mktemp("figures"), "rate-limit = 0\nk = 5\n[app default]\n[app tool]\n").start()
    plan = [("install_start", "v1", "linux-x86_64", "shell", 20), ("install_complete", "v1", "linux-x86_64", "shell", 14),
            ("install_failed", "v1", "linux-x86_64", "shell", 2), ("install_start", "v2", "macos-aarch64", "brew", 7),
            ("install_complete", "v2", "macos-aarch64", "brew", 9), ("install_start", "v1", "macos-aarch64", "brew", 6),
            ("install_start", "v3-secret", "linux-x86_64", "shell", 4), ("install_start", "v1", "haiku-x86_64", "pip", 3)]
    made.events = []
    for label, release, platform, method, count in plan:
        made.events += [make_event(label, release=release, platform=platform, method=method) for _ in range(count)]
    made.post_all(made.events)
    made.post_all((make_event("install_start") for _ in range(5)), "tool")
    yield made
    assert made.stop() == 0


def test_totals_are_exact_and_at_once(one):
    wait_until(lambda: one.stats()["totals"]["starts"] == 45)
    totals = one.stats()["totals"]
    assert totals == {"starts": 45, "completes": 23, "failures": 2, "unknown": 20}


def test_new_events_show_within_ten_seconds(tmp_path):
    own = Collector(tmp_path, "rate-limit = 0\n[app default]\n").start()
    assert own.stats()["totals"]["starts"] == 0
    for n in range(1, 4):
        own.post(make_event("install_start"))
        wait_until(lambda: own.stats()["totals"]["starts"] == n, 3)
        wait_until(lambda: own.metric("footfall_events_total", app="default", event="install_start") == n, 3)
    own.ask("POST", "/v1/events", "{", JSON)
    wait_until(lambda: own.stats()["rejected"]["by_reason"] == {"invalid_json": 1}, 5)
    assert own.stop() == 0
    own.start()
    assert own.stats()["totals"]["starts"] == 3 and own.stats()["rejected"]["total"] == 1
    assert own.metric("footfall_events_total", app="default", event="install_start") == 3
    assert own.stop() == 0


def test_cells_below_k_are_folded_into_other(one):
    text = one.ask("GET", "/v1/stats")[2].decode()
    assert "v3-secret" not in text and "haiku" not in text and '"pip"' not in text
    stats = json.loads(text)
    releases = by(stats["releases"], "release")
    assert set(releases) == {("v1",), ("v1.0.0",), ("v2",), ("other",)}
    assert releases["other",]["starts"] == 4
    cells = by(stats["platform_releases"], "platform", "release")
    assert cells["linux-x86_64", "v1"]["failures"] == 2
    assert cells["other", "other"]["starts"] == 4 + 3, "too few for their platform's own row"
    for table in ("releases", "platforms", "methods", "platform_releases", "release_days", "days", "apps"):
        assert sum(row["starts"] for row in stats[table]) == 45, table
        assert sum(row["completes"] for row in stats[table]) == 23, table


def test_starts_without_an_outcome(one):
    releases = by(one.stats()["releases"], "release")
    assert releases["v1",]["unknown"] == 29 - 16
    assert releases["v2",]["unknown"] == 0, "more outcomes than starts is never negative"


def test_filters(one):
    stats = one.stats(release="v1", platform="linux-x86_64")
    assert stats["totals"] == {"starts": 20, "completes": 14, "failures": 2, "unknown": 4}
    assert stats["filter"] == {"app": None, "release": "v1", "platform": "linux-x86_64", "method": None}
    assert stats["days"][0]["distinct_ids"] is None
    assert one.stats(app="tool")["totals"]["starts"] == 5
    assert one.stats(method="brew")["totals"]["starts"] == 13


@pytest.mark.parametrize("query", [{"release": "v3-secret"}, {"platform": "haiku-x86_64"}, {"method": "pip"},
                                   {"release": "v1", "method": "pip"}, {"release": "never"}])
def test_a_filter_never_shows_fewer_than_k(one, query):
    stats = one.stats(**query)
    assert stats["below_k"] is True and set(stats["totals"].values()) == {0}
    assert not any(stats[t] for t in ("days", "releases", "platforms", "methods", "platform_releases", "release_days"))


def test_k_of_1_shows_all(tmp_path):
    own = Collector(tmp_path, "rate-limit = 0\nk = 1\n[app default]\n").start()
    own.post(make_event(release="v9"))
    assert [r["release"] for r in own.stats()["releases"]] == ["v9"]
    assert own.stop() == 0


def test_ids_are_counted_once_a_day_and_app(tmp_path):
    own = Collector(tmp_path, "rate-limit = 0\n[app default]\n[app tool]\n").start()
    cids = [str(uuid.uuid4()) for _ in range(40)]
    own.post_all(make_event(label, cid=cid) for cid in cids for label in ("install_start", "install_complete"))
    own.post_all((make_event(cid=cid) for cid in cids[:10]), "tool")
    assert own.stats()["days"][0]["distinct_ids"] == 50 and own.stats()["days"][0]["distinct_exact"] is True
    assert own.stats(app="default")["days"][0]["distinct_ids"] == 40
    assert own.stop() == 0
    own.start()
    own.post_all(make_event(cid=cid) for cid in cids + [str(uuid.uuid4())])
    assert own.stats(app="default")["days"][0]["distinct_ids"] == 41, "a restart forgets no id"
    own.ask("DELETE", f"/v1/install/{cids[0]}")
    assert own.stop() == 0
    own.start()
    own.post_all(make_event(cid=cid) for cid in cids)
    assert own.stats(app="default")["days"][0]["distinct_ids"] == 41
    assert own.stop() == 0


@pytest.mark.parametrize("query,wrong", [("days=0", "days"), ("days=x", "days"), ("from=2026-02-30", "from"), ("to=tomorrow", "to"),
                                         ("x=1", "x"), ("days=7&Release=v1", "Release"), ("%3Cb%3E%22=1", "b"),
                                         ("release=a%20b", "release"), ("app=%00", "app"), ("from=2099-01-01", "from")])
def test_a_parameter_that_makes_no_sense_is_named(one, query, wrong):
    status, _, body = one.ask("GET", "/v1/stats?" + query)
    assert (status, json.loads(body)) == (400, {"error": "invalid_parameter", "field": wrong})


def test_a_page_without_parameters_is_made_once_whatever_they_are(one):
    """/metrics counts its own answers: made anew, it would differ."""
    time.sleep(1.1)
    assert len({one.ask("GET", f"/metrics?x={n}")[2] for n in range(4)}) == 1


def test_times_are_to_the_hour(one):
    for path in ("/v1/stats", "/v1/policy", "/metrics"):
        text = one.ask("GET", path)[2].decode()
        for found in re.findall(r"\d{4}-\d\d-\d\dT\d\d:(\S\S:\S\S)", text):
            assert found == "00:00"
    assert one.metric("footfall_last_purge_timestamp_seconds") % 3600 == 0


def test_metrics_are_in_prometheus_format(one):
    status, headers, body = one.ask("GET", "/metrics")
    assert status == 200 and headers["Content-Type"].startswith("text/plain; version=0.0.4")
    typed = set()
    for line in body.decode().splitlines():
        if line.startswith("# TYPE "):
            typed.add(line.split()[2])
        elif not line.startswith("#"):
            name = re.fullmatch(r'([a-z_]+)(\{([a-z]+="[^"\\]*",?)*\})? (\+Inf|[0-9.e+-]+)', line)
            assert name, line
            assert re.sub(r"_(bucket|sum|count)$", "", name[1]) in typed or name[1] in typed, line
    assert one.metric("footfall_today_events", platform="linux-x86_64", release="v1", event="install_start") == 20


def load(one, events, app="default", days_ago=0):
    """Straight into the store, as if they had come in then; the collector is stopped."""
    at = int(time.time()) - days_ago * 86400
    lines = "".join("\t".join([str(at), *event.values()]) + "\n" for event in events)
    subprocess.run([ROOT / "build" / "load", one.db, app], input=lines, text=True, check=True)


def test_metrics_have_so_many_rows_an_app_however_many_releases_are_invented(tmp_path):
    apps = [f"project-{i:02}" for i in range(16)]
    own = Collector(tmp_path, "rate-limit = 0\n" + "".join(f"[app {app}]\n" for app in apps)).start()
    assert own.stop() == 0
    for app in apps:
        load(own, (make_event(release=f"{r:04}" + "x" * 60, platform="p" * 64) for r in range(500) for _ in range(5)), app)
    own.start()
    status, _, body = own.ask("GET", "/metrics")
    assert status == 200
    for app in apps:
        rows = re.findall(rf'^footfall_today_events{{app="{app}",event="install_complete",.*,release="(\w+)"}} (\d+)$', body.decode(), re.M)
        assert len(rows) <= 102 and sum(int(n) for _, n in rows) == 2500
        assert sum(release != "other" for release, _ in rows) >= 98, "what is folded is the rest"
    assert own.stop() == 0


def test_the_days_with_raw_events_are_days(tmp_path):
    own = Collector(tmp_path, "rate-limit = 0\n[app a]\n[app b]\n").start()
    assert own.metric("footfall_raw_days") == 0
    assert own.stop() == 0
    for app, days_ago in (("a", 3), ("a", 1), ("b", 1)):
        load(own, [make_event()], app, days_ago)
    own.start()
    assert own.metric("footfall_raw_days") == 2
    assert own.stop() == 0


def test_invented_platforms_make_no_page_slow(tmp_path):
    def seconds(count):
        """For the figures of that many."""
        folder = tmp_path / str(count)
        folder.mkdir()
        own = Collector(folder, "rate-limit = 0\n[app default]\n").start()
        assert own.stop() == 0
        load(own, (make_event(platform=f"invented-{i}") for i in range(count)))
        own.start()
        began = time.monotonic()
        assert [row["platform"] for row in own.stats()["platforms"]] == ["other"]
        took = time.monotonic() - began
        assert own.stop() == 0
        return took

    assert seconds(19000) < 40 * max(seconds(1900), 0.02), "ten times as many"


def test_the_schema_by_itself_refuses_what_the_collector_refuses(one):
    schema = json.loads(one.ask("GET", "/v1/schema")[2])
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"

    def accepts(event):
        if not isinstance(event, dict) or any(r not in event for r in schema["required"]):
            return False
        for name, rule in schema["properties"].items():
            value = event[name]
            if not isinstance(value, str) or not rule["minLength"] <= len(value) <= rule["maxLength"]:
                return False
            if "enum" in rule and value not in rule["enum"]:
                return False
            if "pattern" in rule and not re.search(rule["pattern"], value):
                return False
        return True

    cases = [make_event(), make_event(cid=str(uuid.uuid1())), make_event(cid=str(uuid.uuid4()).upper()), make_event(os="a b"),
             make_event(release="v1\n"), make_event(method="x"), make_event(event_label="y"), make_event(arch=""), make_event(os=5),
             make_event(platform="p" * 65), make_event(platform="p" * 64), make_event(x=1)]
    for event in cases:
        status = one.ask("POST", "/v1/validate", json.dumps(event), JSON)[0]
        assert accepts(event) == (status == 200), event
    for example in schema["properties"].values():
        assert example["examples"]


def test_export_holds_the_daily_counts_and_no_id(one):
    done = subprocess.run([BINARY, "--db", one.db, "export", "--csv"], capture_output=True, text=True)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert done.returncode == 0 and sum(int(r["events"]) for r in rows) == len(one.events) + 5
    assert not any(e["cid"] in done.stdout for e in one.events)
    done = subprocess.run([BINARY, "--db", one.db, "export", "--json"], capture_output=True, text=True)
    assert sum(r["events"] for r in json.loads(done.stdout)) == len(one.events) + 5
    assert [list(r) for r in json.loads(done.stdout)][0] == list(rows[0])


def test_the_counts_equal_the_raw_events(one):
    assert subprocess.run([BINARY, "--db", one.db, "check"], capture_output=True, text=True).stdout == "ok\n"
