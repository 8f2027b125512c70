"""Events go on to Google Analytics 4 and PostHog: all of them, in order, whatever happens on the way."""
import os
import pathlib
import signal
import socket
import subprocess
import time

import pytest

from collector_lab import ROOT, Collector, aged, free_port, make_event, wait_until
from services import Ga4, PostHog

ID, SECRET = "G-TEST123456", "sEcReT-never-shown_42"
KEY = "phc_never-shown-key-73"


@pytest.fixture
def ga4():
    service = Ga4(ID, SECRET)
    yield service
    service.close()


@pytest.fixture
def posthog():
    service = PostHog(KEY)
    yield service
    service.close()


@pytest.fixture
def collector(tmp_path):
    """collector(app lines): a running collector whose default app has these lines."""
    made = []

    def start(lines="", before="", env=None, folder="c"):
        (tmp_path / "ga4-secret").write_text(SECRET + "\n")
        (tmp_path / "posthog-key").write_text(KEY + "\n")
        text = f"rate-limit = 0\n{before}\n[app default]\n{lines}\n"
        made.append(Collector(tmp_path / folder, text, env).start())
        return made[-1]

    yield start
    for one in made:
        one.stop()


def ga4_lines(tmp_path, url):
    return f"ga4-measurement-id = {ID}\nga4-secret-file = {tmp_path}/ga4-secret\nga4-url = {url}\n"


def posthog_lines(tmp_path, url):
    return f"posthog-key-file = {tmp_path}/posthog-key\nposthog-url = {url}\n"


def installs(count):
    for number in range(count):
        start = make_event("install_start", release=f"v{number}")
        yield start
        yield dict(start, event_label="install_complete")


def told(events):
    return [(e["cid"], e["event_label"], e["release"]) for e in events]


def got_by_ga4(service):
    return [(cid, name, params["release"]) for cid, name, params in service.events]


def got_by_posthog(events):
    return [(e["distinct_id"], e["event"], e["properties"]["release"]) for e in events]


def test_ga4_gets_every_event_once_and_in_order(collector, ga4, tmp_path):
    one = collector(ga4_lines(tmp_path, ga4.url))
    events = list(installs(40))
    one.post_all(events)
    wait_until(lambda: len(ga4.events) >= 80, what="80 events at GA4")
    assert got_by_ga4(ga4) == told(events)
    assert ga4.faults == []
    wait_until(lambda: one.metric("footfall_forward_sent_total", target="ga4") == 80, what="the metric")


def test_start_and_outcome_of_an_install_share_a_session(collector, ga4, tmp_path):
    one = collector(ga4_lines(tmp_path, ga4.url))
    one.post_all(installs(1))
    wait_until(lambda: len(ga4.events) == 2)
    first, second = (params["session_id"] for _, _, params in ga4.events)
    assert first == second


def test_posthog_gets_every_event_once_and_in_order(collector, posthog, tmp_path):
    one = collector(posthog_lines(tmp_path, posthog.url))
    events = list(installs(300))
    one.post_all(events)
    wait_until(lambda: len(posthog.events) >= 600, what="600 events at PostHog")
    assert got_by_posthog(posthog.events) == told(events)
    assert len(posthog.unique()) == 600
    assert posthog.faults == []


def test_both_at_once_each_with_its_own_place(collector, ga4, posthog, tmp_path):
    posthog.plan = [(503, {})] * 2
    one = collector(ga4_lines(tmp_path, ga4.url) + posthog_lines(tmp_path, posthog.url))
    one.post_all(installs(5))
    wait_until(lambda: len(ga4.events) == 10, what="10 events at GA4")
    wait_until(lambda: len(posthog.events) == 10, what="10 events at PostHog")


def test_only_events_since_forwarding_was_switched_on(collector, posthog, tmp_path):
    one = collector()
    one.post_all(installs(3))
    one.stop()
    one.config.write_text("rate-limit = 0\n[app default]\n" + posthog_lines(tmp_path, posthog.url))
    one.start()
    later = make_event(release="later")
    one.post_all([later])
    wait_until(lambda: posthog.events, what="an event")
    assert got_by_posthog(posthog.events) == told([later])


@pytest.mark.parametrize("turn", range(5))
def test_where_it_begins_is_stored_before_the_first_request(tmp_path, turn):
    """Noted later, what came in between would never be forwarded. Two threads' race: one turn may miss it."""
    (tmp_path / "posthog-key").write_text(KEY + "\n")
    lines = posthog_lines(tmp_path, f"http://127.0.0.1:{free_port()}")
    one = Collector(tmp_path / "c", f"[app default]\n{lines}")
    one.start(wrapper=["strace", "-f", "-qq", "-s", "100000", "-e", "trace=write,writev,pwrite64", "-o", tmp_path / "log"])
    child = int(pathlib.Path(f"/proc/{one.process.pid}/task/{one.process.pid}/children").read_text().split()[0])
    os.kill(child, signal.SIGTERM)
    one.wait()
    log = (tmp_path / "log").read_text(errors="replace")
    assert "posthog" in log[:log.index("listening on")]


def test_a_reload_switches_forwarding_on_and_off(collector, posthog, tmp_path):
    one = collector()
    plain = one.config.read_text()
    for number in range(1, 3):
        one.config.write_text(plain + posthog_lines(tmp_path, posthog.url))
        one.process.send_signal(signal.SIGHUP)
        wait_until(lambda: one.metric("footfall_forward_sent_total", target="posthog") is not None, what="the metric")
        one.post_all([make_event(release=f"on{number}")])
        wait_until(lambda: len(posthog.unique()) >= number, what="an event")
        one.config.write_text(plain)
        one.process.send_signal(signal.SIGHUP)
        wait_until(lambda: one.metric("footfall_forward_sent_total", target="posthog") is None, what="the reload")
    assert [e["properties"]["release"] for e in posthog.unique()] == ["on1", "on2"]


def test_errors_are_tried_again_with_growing_pauses_and_in_order(collector, posthog, tmp_path):
    posthog.plan = [(500, {}), (502, {})]
    one = collector(posthog_lines(tmp_path, posthog.url))
    events = list(installs(3))
    one.post_all(events)
    wait_until(lambda: len(posthog.unique()) == 6, what="6 events")
    assert got_by_posthog(posthog.unique()) == told(events)
    assert one.metric("footfall_forward_failures_total", target="posthog") == 2
    times = [at for at, _ in posthog.requests]
    assert 0.4 < times[1] - times[0] < 1.8
    assert 0.9 < times[2] - times[1] < 2.8


def test_retry_after_is_obeyed(collector, posthog, tmp_path):
    posthog.plan = [(429, {"Retry-After": "3"})]
    one = collector(posthog_lines(tmp_path, posthog.url))
    one.post_all(installs(1))
    wait_until(lambda: posthog.events, what="an event")
    (first, _), (second, _) = posthog.requests[:2]
    assert 2.9 < second - first < 5


def test_events_over_the_quota_are_kept_for_later(collector, posthog, tmp_path):
    """PostHog says 200 to them, and throws them away."""
    posthog.plan = [(200, {}, b'{"status":1,"quota_limited":["events"]}')]
    one = collector(posthog_lines(tmp_path, posthog.url))
    events = list(installs(2))
    one.post_all(events)
    wait_until(lambda: len(posthog.unique()) == 4, what="4 events")
    assert got_by_posthog(posthog.unique()) == told(events)
    assert any("quota" in line for line in one.log)


def test_a_bad_event_is_given_up_alone(collector, posthog, tmp_path):
    posthog.poison = "poison"
    one = collector(posthog_lines(tmp_path, posthog.url))
    events = list(installs(20))
    events.insert(17, make_event(release="poison"))
    one.post_all(events)
    wait_until(lambda: len(posthog.unique()) == 40, what="the 40 good events")
    good = [e for e in told(events) if e[2] != "poison"]
    assert got_by_posthog(posthog.unique()) == good
    assert one.metric("footfall_forward_dropped_total", target="posthog", reason="refused") == 1


def test_a_wrong_key_loses_nothing(collector, tmp_path):
    port = free_port()
    stern = PostHog("phc_another", port=port)
    one = collector(posthog_lines(tmp_path, stern.url))
    one.post_all(installs(2))
    wait_until(lambda: len(stern.requests) >= 2, what="two attempts")
    stern.api_key = KEY
    wait_until(lambda: len(stern.unique()) == 4, what="4 events")
    stern.close()
    assert any("401" in line for line in one.log)


def test_nothing_is_lost_over_restarts_while_the_service_is_away(collector, tmp_path):
    port = free_port()
    one = collector(ga4_lines(tmp_path, f"http://127.0.0.1:{port}"))
    events = list(installs(4))
    one.post_all(events[:4])
    assert one.stop() == 0
    one.start()
    one.post_all(events[4:])
    service = Ga4(ID, SECRET, port=port)
    wait_until(lambda: len(service.events) >= 8, what="8 events")
    service.close()
    assert got_by_ga4(service) == told(events)


def test_kill_9_in_the_middle_loses_nothing(collector, posthog, tmp_path):
    one = collector(posthog_lines(tmp_path, posthog.url))
    events = list(installs(150))
    one.post_all(events[:100])
    one.kill()
    one.start()
    one.post_all(events[100:200])
    one.kill()
    one.start()
    one.post_all(events[200:])
    wait_until(lambda: len(posthog.unique()) == 300, what="300 events")
    assert got_by_posthog(posthog.unique()) == told(events)


def test_a_service_that_hangs_delays_no_shim_and_no_end(collector, tmp_path):
    hole = socket.create_server(("127.0.0.1", 0))
    url = "http://127.0.0.1:%d" % hole.getsockname()[1]
    one = collector(ga4_lines(tmp_path, url) + posthog_lines(tmp_path, url))
    one.post_all(installs(1))
    hole.settimeout(5)
    hanging, _ = hole.accept()
    took = []
    for event in installs(25):
        begin = time.monotonic()
        assert one.post(event) == 204
        took.append(time.monotonic() - begin)
    assert sorted(took)[len(took) // 2] < 0.1 and max(took) < 1
    begin = time.monotonic()
    assert one.stop() == 0
    assert time.monotonic() - begin < 4
    hanging.close()
    hole.close()


def test_an_erased_id_is_not_forwarded(collector, tmp_path):
    port = free_port()
    one = collector(posthog_lines(tmp_path, f"http://127.0.0.1:{port}"))
    events = list(installs(3))
    one.post_all(events)
    erased = events[2]["cid"]
    assert one.ask("DELETE", f"/v1/install/{erased}")[0] == 204
    service = PostHog(KEY, port=port)
    wait_until(lambda: len(service.unique()) == 4, what="the events of the other two")
    service.close()
    assert erased not in {e["distinct_id"] for e in service.events}


def test_what_is_too_late_for_ga4_is_dropped_and_counted(collector, ga4, tmp_path):
    one = collector(ga4_lines(tmp_path, ga4.url))
    one.stop()
    old = make_event(release="old")
    line = "\t".join([str(int(time.time()) - 73 * 3600), *old.values()]) + "\n"
    subprocess.run([ROOT / "build" / "load", one.db], input=line, text=True, check=True)
    one.start()
    new = make_event(release="new")
    one.post_all([new])
    wait_until(lambda: ga4.events, what="the new event")
    assert got_by_ga4(ga4) == told([new])
    assert ga4.faults == []
    assert one.metric("footfall_forward_dropped_total", target="ga4", reason="late") == 1


def test_what_is_purged_before_it_was_sent_is_counted(collector, tmp_path):
    port = free_port()
    one = collector(posthog_lines(tmp_path, f"http://127.0.0.1:{port}") + "retention-days = 30\n")
    service = PostHog(KEY, port=port)
    sent, waiting = make_event(release="sent"), list(installs(4))
    one.post_all([sent])
    wait_until(lambda: service.events, what="the first event")
    wait_until(lambda: one.metric("footfall_forward_sent_total", target="posthog") == 1, what="the metric")
    service.close()
    one.post_all(waiting)
    assert one.ask("DELETE", f"/v1/install/{waiting[0]['cid']}")[0] == 204
    assert one.stop() == 0
    aged(one.db, 40)
    one.log.clear()
    one.start()
    wait_until(lambda: one.metric("footfall_forward_dropped_total", target="posthog", reason="purged") == 6, what="the metric")
    assert any("events=6" in line and "reason=purged" in line for line in one.log)
    service = PostHog(KEY, port=port)
    later = make_event(release="later")
    one.post_all([later])
    wait_until(lambda: service.events, what="the later event")
    assert got_by_posthog(service.events) == told([later])
    service.close()
    assert one.stop() == 0
    one.start()
    assert one.metric("footfall_forward_dropped_total", target="posthog", reason="purged") == 0, "told once"


def test_a_place_ahead_of_the_clock_is_told(collector, posthog, tmp_path):
    """The clock was ahead for a while: what comes in now lies before what was sent."""
    one = collector(posthog_lines(tmp_path, posthog.url))
    one.post_all([make_event()])
    wait_until(lambda: posthog.events, what="an event")
    assert one.stop() == 0
    aged(one.db, -100)
    one.start()
    one.post_all([make_event()])
    wait_until(lambda: any("until the clock reaches" in line and "app=default" in line for line in one.log), what="the warning")
    assert one.metric("footfall_forward_waiting_since_timestamp_seconds", target="posthog") > time.time() - 60


def test_a_secret_shows_nowhere(collector, tmp_path):
    dead = f"http://127.0.0.1:{free_port()}"
    one = collector(ga4_lines(tmp_path, dead) + posthog_lines(tmp_path, dead), before="log-requests = yes")
    one.post_all(installs(2))
    wait_until(lambda: sum("stands still" in line for line in one.log) >= 2, what="two warnings")
    proc = pathlib.Path(f"/proc/{one.process.pid}")
    shown = "\n".join(one.log) + proc.joinpath("cmdline").read_text() + proc.joinpath("environ").read_text()
    for path in ("/metrics", "/v1/policy", "/v1/stats", "/"):
        shown += one.ask("GET", path)[2].decode()
    assert one.stop() == 0
    shown += "\n".join(one.log)
    assert SECRET not in shown and KEY not in shown
    for file in one.folder.glob("footfall.db*"):
        assert SECRET.encode() not in file.read_bytes() and KEY.encode() not in file.read_bytes()


def test_a_secret_from_the_environment(collector, posthog):
    one = collector(f"posthog-url = {posthog.url}\n", env={"FOOTFALL_POSTHOG_KEY": KEY})
    one.post_all(installs(1))
    wait_until(lambda: len(posthog.events) == 2, what="two events")


@pytest.mark.parametrize("lines, named", [
    (f"ga4-measurement-id = {ID}\nga4-secret-file = /nonexistent/secret\n", "/nonexistent/secret"),
    (f"ga4-measurement-id = {ID}\n", "FOOTFALL_GA4_SECRET"),
    ("posthog-key-file = /dev/null\n", "/dev/null"),
])
def test_a_missing_secret_is_named_and_the_rest_works(collector, lines, named):
    one = collector(lines)
    assert one.post(make_event()) == 204
    wait_until(lambda: any(named in line and "not forwarding" in line for line in one.log), what="the line")


def test_plain_http_to_elsewhere_is_refused(collector, tmp_path):
    one = collector(posthog_lines(tmp_path, "http://posthog.example.com"))
    wait_until(lambda: any("posthog-url" in line and "https" in line for line in one.log), what="the line")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", folder / "key", "-out", folder / "cert"], check=True, capture_output=True)
    return folder / "cert", folder / "key"


def test_tls_is_verified(collector, certificate, tmp_path):
    service = PostHog(KEY, tls=certificate)
    one = collector(posthog_lines(tmp_path, service.url), folder="stranger")
    one.post_all(installs(1))
    wait_until(lambda: any("certificate" in line for line in one.log), what="the warning")
    one.stop()
    assert service.events == []
    one = collector(posthog_lines(tmp_path, service.url), before=f"forward-ca-file = {certificate[0]}", folder="friend")
    one.post_all(installs(1))
    wait_until(lambda: len(service.events) == 2, what="two events")
    service.close()
