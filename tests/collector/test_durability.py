"""What was answered with 204 is there: after kill -9, a full disk, a locked store, a clean end."""
import http.client
import json
import os
import random
import shutil
import sqlite3
import subprocess
import threading
import time
import uuid

import pytest

from collector_lab import BINARY, Collector, check, make_event, stored_ids, wait_until

JSON = {"Content-Type": "application/json"}
OPEN = "rate-limit = 0\n[app default]\n"


class Load:
    """Threads that send events over kept connections and note what was acknowledged."""

    def __init__(self, one, threads=8):
        self.sent, self.acknowledged, self.statuses = set(), set(), {}
        self.lock = threading.Lock()
        self.stopping = False
        self.threads = [threading.Thread(target=self._run, args=(one.address,)) for _ in range(threads)]
        for t in self.threads:
            t.start()

    def _run(self, address):
        connection = http.client.HTTPConnection(*address, timeout=10)
        while not self.stopping:
            event = make_event()
            with self.lock:
                self.sent.add(event["cid"].replace("-", ""))
            try:
                connection.request("POST", "/v1/events", json.dumps(event), JSON)
                reply = connection.getresponse()
                reply.read()
            except (OSError, http.client.HTTPException):
                return
            with self.lock:
                self.statuses[reply.status] = self.statuses.get(reply.status, 0) + 1
                if reply.status == 204:
                    self.acknowledged.add(event["cid"].replace("-", ""))
            if reply.status != 204:
                time.sleep(0.02)

    def end(self):
        self.stopping = True
        for t in self.threads:
            t.join(15)
            assert not t.is_alive()


def kill_and_compare(tmp_path, times):
    one = Collector(tmp_path, OPEN)
    acknowledged, sent = set(), set()
    for _ in range(times):
        one.start()
        load = Load(one)
        time.sleep(random.uniform(0.05, 0.3))
        one.kill()
        load.end()
        acknowledged |= load.acknowledged
        sent |= load.sent
    one.start()
    assert one.stop() == 0
    found = stored_ids(one.db)
    assert len(acknowledged) > 10 * times, "too little load to say anything"
    assert not acknowledged - set(found), "acknowledged and lost"
    assert len(found) == len(set(found)), "stored twice"
    assert set(found) <= sent
    check(one.db)


def test_kill_9_under_load_loses_and_doubles_nothing(tmp_path):
    kill_and_compare(tmp_path, 8)


@pytest.mark.long
def test_kill_9_a_hundred_times(tmp_path):
    kill_and_compare(tmp_path, 100)


def test_term_under_load_answers_what_it_took_and_ends_with_0(tmp_path):
    one = Collector(tmp_path, OPEN).start()
    load = Load(one)
    time.sleep(0.4)
    assert one.stop() == 0
    load.end()
    found = stored_ids(one.db)
    assert load.acknowledged and not load.acknowledged - set(found)
    # Whatever is stored was answered, but for requests whose client was cut off in between.
    assert len(set(found) - load.acknowledged) <= len(load.threads)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["collector.conf", "footfall.db"], "the journal is gone"
    check(one.db)


@pytest.fixture
def small_disk(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("a small file system needs root")
    where = tmp_path / "small"
    where.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", where], capture_output=True).returncode != 0:
        pytest.skip("no tmpfs can be mounted here")
    yield where
    subprocess.run(["umount", "-l", where], check=True)


def test_a_full_disk_is_503_and_recovers(small_disk):
    one = Collector(small_disk, OPEN).start()
    assert one.post(make_event()) == 204
    filler = small_disk / "filler"
    with open(filler, "wb", buffering=0) as f:
        try:
            while True:
                f.write(b"x" * 4096)
        except OSError:
            pass
    # What the journal already holds may still take a few.
    before = 1
    for _ in range(3000):
        status, headers, body = one.ask("POST", "/v1/events", json.dumps(make_event()), JSON)
        if status == 503:
            break
        assert status == 204
        before += 1
    assert status == 503 and int(headers["Retry-After"]) > 0
    assert json.loads(body)["error"] == "store_unavailable"
    status, headers, _ = one.ask("GET", "/healthz")
    assert status == 503 and int(headers["Retry-After"]) > 0
    assert one.ask("GET", "/v1/schema")[0] == 200
    filler.unlink()
    # Not asked too often: each answer writes, and the disk is small. It is well once no event has failed for ten seconds.
    wait_until(lambda: time.sleep(0.5) or one.ask("GET", "/healthz")[0] == 200, 15)
    for _ in range(20):
        assert one.post(make_event()) == 204
    assert one.stop() == 0
    assert len(stored_ids(one.db)) == before + 20
    assert any("cannot store" in line for line in one.log) and any("again" in line for line in one.log)
    check(one.db)


def test_a_store_that_was_taken_away_is_503(tmp_path):
    """SQLite would go on in a file without a name, which ends with the process."""
    one = Collector(tmp_path, OPEN).start()
    assert one.post(make_event()) == 204
    one.db.rename(tmp_path / "away")
    for method, path in (("POST", "/v1/events"), ("DELETE", f"/v1/install/{uuid.uuid4()}"), ("GET", "/healthz")):
        status, headers, _ = one.ask(method, path, json.dumps(make_event()) if method == "POST" else None, JSON)
        assert status == 503 and int(headers["Retry-After"]) > 0, path
    assert any("the file was moved" in line for line in one.log)
    (tmp_path / "away").rename(one.db)
    assert one.post(make_event()) == 204 and one.ask("GET", "/healthz")[0] == 200
    assert one.stop() == 0 and len(stored_ids(one.db)) == 2


def test_a_store_locked_by_another_process_is_503_and_recovers(tmp_path):
    one = Collector(tmp_path, OPEN).start()
    assert one.post(make_event()) == 204
    other = sqlite3.connect(one.db, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    status, headers, _ = one.ask("POST", "/v1/events", json.dumps(make_event()), JSON)
    assert status == 503 and headers["Retry-After"] == "1" and time.monotonic() - began < 5
    assert one.ask("GET", "/healthz")[0] == 503
    # What needs no store is answered meanwhile.
    slow = threading.Thread(target=one.post, args=(make_event(),))
    slow.start()
    time.sleep(0.2)
    began = time.monotonic()
    assert one.ask("POST", "/v1/validate", json.dumps(make_event()), JSON)[0] == 200
    assert time.monotonic() - began < 1
    slow.join()
    other.execute("ROLLBACK")
    other.close()
    wait_until(lambda: one.post(make_event()) == 204)
    assert one.stop() == 0
    check(one.db)


def test_health_is_bad_until_an_event_is_stored(tmp_path):
    """A nearly full disk has room for what health writes, and none for an event."""
    one = Collector(tmp_path, OPEN).start()
    other = sqlite3.connect(one.db, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert one.post(make_event()) == 503
    other.execute("ROLLBACK")
    other.close()
    status, headers, _ = one.ask("GET", "/healthz")
    assert status == 503 and int(headers["Retry-After"]) > 0
    assert not any("storing events again" in line for line in one.log)
    assert one.post(make_event()) == 204 and one.ask("GET", "/healthz")[0] == 200
    wait_until(lambda: any("storing events again" in line for line in one.log))
    assert one.stop() == 0


def test_a_short_lock_only_delays(tmp_path):
    one = Collector(tmp_path, OPEN).start()
    other = sqlite3.connect(one.db, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(0.7, lambda: other.execute("COMMIT")).start()
    assert one.post(make_event()) == 204
    assert one.stop() == 0


def test_a_backup_under_load_is_whole(tmp_path):
    one = Collector(tmp_path / "c", OPEN).start()
    load = Load(one, threads=4)
    wait_until(lambda: len(load.acknowledged) > 50)
    known = set(load.acknowledged)
    copy = tmp_path / "copy.db"
    done = subprocess.run([BINARY, "--db", one.db, "backup", copy], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    load.end()
    assert one.stop() == 0
    assert known <= set(stored_ids(copy))
    check(copy)
    again = subprocess.run([BINARY, "--db", one.db, "backup", copy], capture_output=True, text=True, timeout=30)
    assert again.returncode == 3 and "copy.db" in again.stderr and "exists" in again.stderr


def test_an_older_store_is_brought_up_to_date_and_a_newer_one_refused(tmp_path):
    one = Collector(tmp_path, OPEN).start()
    one.post(make_event())
    assert one.stop() == 0
    con = sqlite3.connect(one.db)
    version = con.execute("PRAGMA user_version").fetchone()[0]
    con.close()
    # Version 0 of a store is an empty file, which every version must be able to grow from.
    empty = tmp_path / "empty.db"
    empty.touch()
    assert subprocess.run([BINARY, "--db", empty, "check"], capture_output=True, text=True).stdout == "ok\n"
    con = sqlite3.connect(empty)
    assert con.execute("PRAGMA user_version").fetchone()[0] == version
    # Version 1 knew no events that were purged before they were sent.
    assert version == 2
    con.executescript("ALTER TABLE cursor DROP COLUMN purged; PRAGMA user_version = 1")
    con.commit()
    con.close()
    assert subprocess.run([BINARY, "--db", empty, "check"], capture_output=True, text=True).stdout == "ok\n"
    con = sqlite3.connect(empty)
    assert con.execute("PRAGMA user_version").fetchone()[0] == version
    assert con.execute("SELECT count(purged) FROM cursor").fetchone()[0] == 0
    con.execute(f"PRAGMA user_version = {version + 1}")
    con.commit()
    con.close()
    done = subprocess.run([BINARY, "--db", empty, "check"], capture_output=True, text=True)
    assert done.returncode == 3 and "newer" in done.stderr and done.stderr.count("\n") == 1


def test_a_damaged_file_is_one_clear_line(tmp_path):
    for name, content in {"text.db": b"hello, this is no store\n" * 300, "torn.db": os.urandom(100000)}.items():
        (tmp_path / name).write_bytes(content)
        done = subprocess.run([BINARY, "--listen", "127.0.0.1:0", "--db", tmp_path / name], capture_output=True, text=True,
                              timeout=10)
        said = [x for x in done.stderr.splitlines() if name in x]
        assert done.returncode == 3 and len(said) == 1 and "backup" in said[0], done.stderr
    foreign = tmp_path / "foreign.db"
    con = sqlite3.connect(foreign)
    con.execute("CREATE TABLE mine (x)")
    con.commit()
    con.close()
    done = subprocess.run([BINARY, "--db", foreign, "check"], capture_output=True, text=True)
    assert done.returncode == 3 and "another program" in done.stderr


def test_check_finds_a_count_that_is_wrong_and_a_damaged_page(tmp_path):
    one = Collector(tmp_path, OPEN).start()
    one.post_all(make_event() for _ in range(300))
    assert one.stop() == 0
    check(one.db)
    broken = tmp_path / "broken.db"
    shutil.copy(one.db, broken)
    con = sqlite3.connect(broken)
    con.execute("UPDATE counts SET events = events + 1")
    con.commit()
    con.close()
    done = subprocess.run([BINARY, "--db", broken, "check"], capture_output=True, text=True)
    assert done.returncode == 1 and "301 events counted, 300 kept" in done.stdout
    data = bytearray(one.db.read_bytes())
    data[4096 * 3 + 8:4096 * 3 + 200] = os.urandom(192)
    broken.write_bytes(data)
    done = subprocess.run([BINARY, "--db", broken, "check"], capture_output=True, text=True)
    assert done.returncode != 0 and done.stdout + done.stderr
