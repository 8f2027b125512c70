"""Erasure, retention and what never reaches disk, log or metric."""
import json
import pathlib
import re
import signal
import socket
import sqlite3
import subprocess
import threading
import time
import uuid

import pytest

from collector_lab import BINARY, ROOT, STARTED, Collector, aged, make_event, wait_until

JSON = {"Content-Type": "application/json"}
OPEN = "rate-limit = 0\n[app default]\n[app tool]\n"
FAKETIME = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


def everything_of(folder):
    return {p: p.read_bytes() for p in folder.iterdir() if p.is_file()}


def holds(folder, cid):
    raw = bytes.fromhex(cid.replace("-", ""))
    forms = (raw, cid.encode(), cid.replace("-", "").encode(), cid.upper().encode(), raw[::-1])
    return any(form in data for data in everything_of(folder).values() for form in forms)


def holds_a_part(folder, cid, size=6):
    raw = bytes.fromhex(cid.replace("-", ""))
    return any(raw[i:i + size] in data for data in everything_of(folder).values() for i in range(17 - size))


def test_an_erased_id_is_in_no_file_of_the_store(tmp_path):
    one = Collector(tmp_path, OPEN).start()
    cids = [str(uuid.uuid4()) for _ in range(300)]
    one.post_all(make_event(label, cid=cid) for label in ("install_start", "install_complete") for cid in cids)
    assert all(holds(tmp_path, cid) for cid in cids), "the search would find an id that is there"
    gone = cids[::3]
    for cid in gone:
        status, headers, body = one.ask("DELETE", f"/v1/install/{cid}")
        assert (status, body) == (204, b"")
    one.post_all(make_event() for _ in range(50))
    assert one.stop() == 0
    assert not [cid for cid in gone if holds(tmp_path, cid) or holds_a_part(tmp_path, cid)]
    assert all(holds(tmp_path, cid) for cid in set(cids) - set(gone))


def test_an_erased_id_is_gone_from_the_journal_too_while_running(tmp_path):
    one = Collector(tmp_path, OPEN).start()
    cid = str(uuid.uuid4())
    assert one.post(make_event(cid=cid)) == 204
    assert one.ask("DELETE", f"/v1/install/{cid}")[0] == 204
    wait_until(lambda: not holds(tmp_path, cid), what="the journal emptied")
    assert one.stop() == 0


@pytest.fixture
def reader(tmp_path):
    """reader(one): another program that reads the store, as a backup or a check does, until it is closed."""
    opened = []

    def start(one):
        opened.append(sqlite3.connect(one.db, isolation_level=None))
        opened[-1].execute("BEGIN")
        opened[-1].execute("SELECT count(*) FROM counts").fetchone()
        return opened[-1]

    yield start
    for connection in opened:
        connection.close()


def erased_beside(reader, tmp_path):
    """A collector with an event that came before the other program read, and was erased after that."""
    one = Collector(tmp_path, OPEN).start()
    cid = str(uuid.uuid4())
    assert one.post(make_event(cid=cid)) == 204
    other = reader(one)
    assert one.ask("DELETE", f"/v1/install/{cid}")[0] == 204
    return one, cid, other


def test_an_erasure_beside_another_reader_holds_up_no_event(reader, tmp_path):
    one, cid, other = erased_beside(reader, tmp_path)
    for _ in range(3):
        assert one.ask("DELETE", f"/v1/install/{uuid.uuid4()}")[0] == 204
        took = []
        for _ in range(20):
            began = time.monotonic()
            assert one.post(make_event()) == 204
            took.append(time.monotonic() - began)
        assert max(took) < 0.5
    assert holds(tmp_path, cid), "the other one reads what was there before"
    other.close()
    wait_until(lambda: not holds(tmp_path, cid), what="the journal emptied")
    assert one.stop() == 0


def test_the_end_waits_a_while_for_another_reader(reader, tmp_path):
    one, cid, other = erased_beside(reader, tmp_path)
    one.process.send_signal(signal.SIGTERM)
    time.sleep(3)
    assert one.process.poll() is None
    other.close()
    assert one.wait() == 0
    assert not holds_a_part(tmp_path, cid) and not any("another program" in line for line in one.log)


def test_an_end_that_leaves_erased_ids_behind_says_so(reader, tmp_path):
    one, cid, other = erased_beside(reader, tmp_path)
    assert one.stop() == 0
    assert holds(tmp_path, cid)
    assert any("another program reads the store" in line and "erased" in line for line in one.log)
    one.start()
    other.close()
    assert one.stop() == 0 and not holds_a_part(tmp_path, cid)


def test_an_erasure_survives_kill_9(tmp_path):
    one = Collector(tmp_path, OPEN).start()
    cid = str(uuid.uuid4())
    assert one.post(make_event(cid=cid)) == 204
    assert one.ask("DELETE", f"/v1/install/{cid}")[0] == 204
    one.kill()
    one.start()
    assert one.post(make_event(cid=cid)) == 204
    assert one.stop() == 0
    assert not holds(tmp_path, cid)


def test_hit_and_miss_answer_alike_and_late_events_stay_out(tmp_path):
    one = Collector(tmp_path, OPEN).start()
    known, unknown = str(uuid.uuid4()), str(uuid.uuid4())
    assert one.post(make_event(cid=known)) == 204
    hit = one.ask("DELETE", f"/v1/install/{known.upper()}")
    miss = one.ask("DELETE", f"/v1/install/{unknown}")
    assert hit[0] == miss[0] == 204 and hit[1].keys() == miss[1].keys()
    for cid in (known, unknown):
        assert one.post(make_event(cid=cid)) == 204
        assert one.post(make_event(cid=cid), "tool") == 204
    wait_until(lambda: one.stats()["rejected"]["by_reason"].get("erased") == 4)
    assert one.stats()["totals"]["completes"] == 1, "erasure keeps the daily counts, late events add nothing"
    assert one.metric("footfall_erased_events_total") == 1
    assert one.stop() == 0
    assert not holds(tmp_path, known) and not holds(tmp_path, unknown)


@pytest.mark.parametrize("path", ["/v1/events", "/v1/apps/tool/events", "/api/telemetry"])
def test_footfall_forget_finds_every_endpoint_s_sibling(tmp_path, path):
    one = Collector(tmp_path, OPEN).start()
    words = ["--app", "acme", "--endpoint", one.url + path]
    for command in (["emit", "install_complete", "--strict"], ["forget"]):
        done = subprocess.run([ROOT / "build" / "footfall", *command, *words], capture_output=True, text=True, timeout=20,
                              env={"HOME": str(tmp_path)})
        assert done.returncode == 0, done.stderr
    assert "erased at the collector" in done.stdout
    assert one.stop() == 0


def test_an_erasure_in_one_app_leaves_the_others(tmp_path):
    one = Collector(tmp_path, OPEN).start()
    cid = str(uuid.uuid4())
    assert one.post(make_event(cid=cid)) == one.post(make_event(cid=cid), "tool") == 204
    assert one.ask("DELETE", f"/v1/apps/tool/install/{cid}")[0] == 204
    assert one.post(make_event(cid=cid), "tool") == 204
    assert one.ask("DELETE", f"/v1/apps/nobody/install/{cid}")[0] == 404
    assert one.stop() == 0
    assert holds(tmp_path, cid)
    check = subprocess.run([BINARY, "--db", one.db, "check"], capture_output=True, text=True)
    assert check.stdout == "ok\n"


@pytest.mark.parametrize("cid", ["x", "9b7f0ee2-0a5a-1bda-8f1a-3a9d53f1b3e7", "%27%20OR%201=1", "a" * 100])
def test_what_is_no_id_cannot_be_erased(tmp_path, cid):
    one = Collector(tmp_path, OPEN).start()
    status, _, body = one.ask("DELETE", f"/v1/install/{cid}")
    assert (status, json.loads(body)) == (400, {"error": "invalid_value", "field": "cid"})
    assert one.stop() == 0


def test_erasing_under_load_leaves_no_byte(tmp_path):
    one = Collector(tmp_path, OPEN).start()
    cids = [str(uuid.uuid4()) for _ in range(40)]
    stop = threading.Event()

    def load():
        i = 0
        while not stop.is_set():
            one.post(make_event(cid=cids[i % len(cids)]))
            i += 1

    threads = [threading.Thread(target=load) for _ in range(4)]
    for t in threads:
        t.start()
    for cid in cids[:20]:
        assert one.ask("DELETE", f"/v1/install/{cid}")[0] == 204
    stop.set()
    for t in threads:
        t.join()
    assert one.stop() == 0
    assert not [cid for cid in cids[:20] if holds_a_part(tmp_path, cid)]


@pytest.fixture(autouse=True)
def fake_clocks_leave_nothing():
    """libfaketime keeps two files for each process, and forgets them when that is killed."""
    yield
    for process in STARTED:
        for kind in ("faketime_shm", "sem.faketime_sem"):
            pathlib.Path(f"/dev/shm/{kind}_{process.pid}").unlink(missing_ok=True)


def faked(one, when):
    """The collector believes it is `when`; its steady clock is left alone."""
    if FAKETIME is None:
        pytest.skip("libfaketime is not installed")
    one.env = {**one.env, "LD_PRELOAD": str(FAKETIME), "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_NO_CACHE": "1",
               "FAKETIME_TIMESTAMP_FILE": str(one.folder.parent / "clock")}
    set_clock(one, when)
    return one


def set_clock(one, when):
    (one.folder.parent / "clock").write_text(when + "\n")


def is_static(binary):
    return "dynamic" not in subprocess.run(["file", "-L", str(binary)], capture_output=True, text=True).stdout


def clocked(tmp_path, config, when):
    one = Collector(tmp_path / "c", config)
    if is_static(BINARY):
        # No clock can be put under a static program; the build with sanitizers is dynamic.
        one.binary = BINARY.with_name("footfall-collector-asan")
        # The sandbox forbids the search for leaks; and an allocator that asks for the time while it is locked
        # waits for itself, as the fake clock allocates.
        one.env["ASAN_OPTIONS"] = "detect_leaks=0:allocator_release_to_os_interval_ms=-1"
    if not one.binary.exists():
        pytest.skip("make build/footfall-collector-asan")
    return faked(one, when)


def test_raw_events_go_after_the_retention_time_and_counts_stay(tmp_path):
    one = clocked(tmp_path, "rate-limit = 0\n[app default]\nretention-days = 10\n[app tool]\nretention-days = 400\n",
                  "@2026-03-01 12:00:00")
    one.start()
    # Under the fake clock a wait for the purge's turn ends at once, and what came in its middle would get 503.
    wait_until(lambda: any("purged events=0" in line for line in one.log))
    old, kept = str(uuid.uuid4()), str(uuid.uuid4())
    one.post_all(make_event(cid=old) for _ in range(600))
    assert one.post(make_event(cid=kept), "tool") == 204
    assert one.stop() == 0
    set_clock(one, "@2026-03-11 12:00:00")
    one.start()
    wait_until(lambda: any("purged events=0" in line for line in one.log))
    assert one.stop() == 0 and holds(one.folder, old), "the tenth day is not over"
    set_clock(one, "@2026-03-12 01:00:00")
    one.start()
    wait_until(lambda: any("purged events=600" in line for line in one.log))
    assert json.loads(one.ask("GET", "/v1/policy")[2])["last_purge"] == "2026-03-12T01:00:00Z"
    stats = one.stats(**{"from": "2026-03-01", "to": "2026-03-12"})
    assert stats["totals"]["completes"] == 601
    assert one.stop() == 0
    assert not holds_a_part(one.folder, old) and holds(one.folder, kept)


def test_an_app_that_lost_its_section_is_named_and_purged_all_the_same(tmp_path):
    both, one_left = "retention-days = 30\n[app default]\n[app old]\nretention-days = 60\n", "retention-days = 30\n[app default]\n"
    one = Collector(tmp_path, "rate-limit = 0\n" + both).start()
    cid = str(uuid.uuid4())
    assert one.post(make_event(cid=cid), "old") == 204
    assert one.stop() == 0
    aged(one.db, 40)
    one.start()
    wait_until(lambda: any("purged events=0" in line for line in one.log))
    one.config.write_text(one_left)
    one.process.send_signal(signal.SIGHUP)
    wait_until(lambda: any("without a section" in line and "app=old" in line for line in one.log), what="the warning")
    assert one.stop() == 0 and holds(tmp_path, cid)
    one.log.clear()
    one.start()
    wait_until(lambda: any("purged events=0" in line for line in one.log), what="the purge at the start, which spares it")
    assert any("without a section" in line and "app=old" in line for line in one.log)
    assert one.stop() == 0 and holds(tmp_path, cid)
    done = subprocess.run([BINARY, "--config", one.config, "--db", one.db, "purge"], capture_output=True, text=True, timeout=60,
                          check=True)
    assert done.stdout == "1 events purged\n" and not holds_a_part(tmp_path, cid)
    one.log.clear()
    one.start()
    assert one.stop() == 0 and not any("without a section" in line for line in one.log), "there is nothing left to say"


def test_the_nightly_purge_comes_after_its_hour(tmp_path):
    one = clocked(tmp_path, "rate-limit = 0\npurge-hour = 3\n[app default]\n", "@2026-03-01 23:59:30")
    one.start()
    wait_until(lambda: sum("purged" in line for line in one.log) == 1)
    # The fake clock is moved on by less than a jump at a time, as the real one would go.
    for when in ("00:40", "01:20", "02:00", "02:45"):
        time.sleep(1.3)
        set_clock(one, f"@2026-03-02 {when}:00")
    time.sleep(1.5)
    assert sum("purged" in line for line in one.log) == 1
    set_clock(one, "@2026-03-02 03:10:00")
    wait_until(lambda: sum("purged" in line for line in one.log) == 2)
    assert one.stop() == 0


def test_a_jumping_clock_purges_nothing_and_loses_nothing(tmp_path):
    one = clocked(tmp_path, "rate-limit = 0\npurge-hour = 0\n[app default]\nretention-days = 5\n", "@2026-03-01 23:59:58")
    one.start()
    wait_until(lambda: any("purged" in line for line in one.log))
    cid = str(uuid.uuid4())
    for when in ("@2026-03-01 23:59:59", "@2026-03-02 00:00:01", "@2028-07-01 00:00:01", "@2026-03-01 12:00:00",
                 "@2025-12-31 23:59:59", "@2026-03-02 00:00:05"):
        set_clock(one, when)
        for _ in range(5):
            assert one.post(make_event(cid=cid)) == 204
        time.sleep(1.2)
    assert any("clock jumped" in line for line in one.log)
    assert not any("purged events=" in line and "events=0" not in line for line in one.log)
    assert one.stats(**{"from": "2025-12-01", "to": "2028-12-01"})["totals"]["completes"] == 30
    assert one.stop() == 0 and holds(one.folder, cid)
    check = subprocess.run([BINARY, "--db", one.db, "check"], capture_output=True, text=True)
    assert check.stdout == "ok\n"


def test_the_policy_says_when_the_last_purge_really_was(tmp_path):
    one = Collector(tmp_path, OPEN).start()
    wait_until(lambda: any("purged" in line for line in one.log))
    policy = json.loads(one.ask("GET", "/v1/policy")[2])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:00:00Z", policy["last_purge"])
    assert policy["retention_days"] == 400 and [f["name"] for f in policy["fields"]] == list(make_event())
    assert [a["app"] for a in policy["apps"]] == ["default", "tool"]
    assert one.stop() == 0


def test_purge_by_hand(tmp_path):
    one = Collector(tmp_path, OPEN).start()
    assert one.stop() == 0
    done = subprocess.run([BINARY, "--config", one.config, "--db", one.db, "purge"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "0 events purged\n")
    one.start()
    assert one.post(make_event()) == one.post(make_event(), "tool") == 204
    assert one.stop() == 0
    aged(one.db, 500)
    one.config.write_text("[app default]\n")
    done = subprocess.run([BINARY, "--config", one.config, "--db", one.db, "purge"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "2 events purged\n")


def test_canaries_reach_no_disk_log_or_metric(tmp_path):
    one = Collector(tmp_path, "rate-limit = 5\nlog-requests = yes\ntrusted-proxies = 127.0.0.1\n[app default]\n").start()
    canary = "canary" + uuid.uuid4().hex[:8]
    address = "203.0.113.77"
    headers = {**JSON, "User-Agent": canary, "Cookie": canary, "X-Forwarded-For": address, "Referer": canary, canary: canary,
               "Authorization": canary}
    cid = str(uuid.uuid4())
    for _ in range(8):
        one.ask("POST", f"/v1/events?{canary}={canary}", json.dumps(make_event(cid=cid, **{canary: canary})), headers)
    one.ask("POST", "/v1/events", json.dumps(make_event(os=canary + "!")), headers)
    one.ask("POST", "/v1/events", canary, headers)
    one.ask("GET", f"/{canary}", headers=headers)
    one.ask("POST", f"/v1/apps/{canary}/events", "{}", headers)
    one.ask("BREW", "/v1/events", headers=headers)
    with socket.create_connection(one.address) as s:
        s.sendall(f"{canary} {canary} {canary}\r\n\r\n".encode())
        s.recv(1000)
    time.sleep(1.3)
    shown = b"".join(one.ask("GET", path)[2] for path in ("/metrics", "/v1/stats", "/v1/policy", "/"))
    for secret in (canary, address, "127.0.0.1", cid):
        assert secret.encode() not in shown, secret
    assert one.stop() == 0
    log = "\n".join(line for line in one.log if "listening on" not in line)
    assert "route=/v1/events" in log
    for secret in (canary, address, "127.0.0.1", cid):
        assert secret not in log, secret
    files = b"".join(data for path, data in everything_of(tmp_path).items() if path.name != "collector.conf")
    packed = socket.inet_aton(address)
    for secret in (canary.encode(), address.encode(), b"127.0.0.1", packed, cid.encode()):
        assert secret not in files, secret
