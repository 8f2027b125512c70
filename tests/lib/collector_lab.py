"""A collector of one's own for a test: started on a free port, asked over HTTP, ended by its process id."""
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import sqlite3
import subprocess
import threading
import time
import urllib.parse
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("FOOTFALL_COLLECTOR", ROOT / "build" / "footfall-collector"))


def wait_until(true, seconds=10, what="it"):
    """Polls until true() holds; fails with `what` when it never does."""
    end = time.monotonic() + seconds
    while True:
        found = true()
        if found:
            return found
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(0.02)


def make_event(label="install_complete", **members):
    event = {
        "event_label": label, "os": "linux", "arch": "x86_64", "platform": "linux-x86_64", "release": "v1.0.0",
        "method": "shell", "cid": str(uuid.uuid4()),
    }
    event.update(members)
    return event


STARTED = []


def end_all():
    """Whatever a failed test has left running."""
    for process in STARTED:
        if process.poll() is None:
            process.kill()
            process.wait()


class Collector:
    """Runs build/footfall-collector with a configuration, in a folder, under a scrubbed environment."""

    def __init__(self, folder, config="", env=None, listen="127.0.0.1:0"):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config = self.folder / "collector.conf"
        self.config.write_text(config)
        self.db = self.folder / "footfall.db"
        self.env = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder), **(env or {})}
        self.listen = listen
        self.binary = BINARY
        self.process = None
        self.log = []

    def start(self, wrapper=()):
        """wrapper: a command that runs it, and ends with it."""
        command = [*map(str, wrapper), str(self.binary), "--config", str(self.config), "--listen", self.listen, "--db", str(self.db)]
        self.process = subprocess.Popen(command, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True)
        STARTED.append(self.process)
        self.address = None
        self.reader = threading.Thread(target=self._read, args=(self.process.stderr,), daemon=True)
        self.reader.start()
        wait_until(lambda: self.address or self.process.poll() is not None, 20, what="listening")
        assert self.address, f"did not start: {self.log}"
        return self

    def _read(self, stream):
        for line in stream:
            self.log.append(line.rstrip("\n"))
            found = re.search(r"listening on http://(\S+):(\d+)", line)
            if found:
                self.address = (found[1].strip("[]"), int(found[2]))

    @property
    def url(self):
        return "http://%s:%d" % self.address

    def ask(self, method, path, body=None, headers=None, timeout=10):
        """Returns status, headers and body of one request."""
        connection = http.client.HTTPConnection(*self.address, timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            reply = connection.getresponse()
            return reply.status, dict(reply.getheaders()), reply.read()
        finally:
            connection.close()

    def post(self, event, app=None):
        path = f"/v1/apps/{app}/events" if app else "/v1/events"
        return self.ask("POST", path, json.dumps(event), {"Content-Type": "application/json"})[0]

    def post_all(self, events, app=None):
        """Over one connection; each must be stored."""
        path = f"/v1/apps/{app}/events" if app else "/v1/events"
        connection = http.client.HTTPConnection(*self.address, timeout=10)
        for event in events:
            connection.request("POST", path, json.dumps(event), {"Content-Type": "application/json"})
            reply = connection.getresponse()
            body = reply.read()
            assert reply.status == 204, (reply.status, body)
        connection.close()

    def stats(self, **query):
        status, _, body = self.ask("GET", "/v1/stats?" + urllib.parse.urlencode(query))
        assert status == 200, body
        return json.loads(body)

    def metric(self, name, **labels):
        """The value of a metric whose labels include these; None where there is none."""
        status, _, body = self.ask("GET", "/metrics")
        assert status == 200
        for line in body.decode().splitlines():
            if line.startswith(name) and all(f'{k}="{v}"' in line for k, v in labels.items()):
                if line[len(name)] in "{ ":
                    return float(line.rsplit(" ", 1)[1])
        return None

    def stop(self):
        """TERM, and its exit status."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def kill(self):
        self.process.kill()
        return self.wait()

    def wait(self):
        """Its exit status, once it has ended."""
        if not self.process:
            return None
        try:
            status = self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        self.reader.join(5)
        self.process.stderr.close()
        return status


def free_port():
    """A port nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def stored_ids(db):
    """All ids in the raw events, erased ones aside."""
    con = sqlite3.connect(db)
    tables = [row[0] for row in con.execute("SELECT name FROM sqlite_schema WHERE name LIKE 'raw!_%' ESCAPE '!'")]
    ids = []
    for table in tables:
        for (blob,) in con.execute(f"SELECT events FROM {table}"):
            ids += [blob[i:i + 16].hex() for i in range(0, len(blob), 20)]
    con.close()
    return [i for i in ids if i != "00" * 16]


def aged(db, days):
    """All that the store holds was received so many days earlier; the collector is stopped."""
    con = sqlite3.connect(db)
    for app, day in con.execute("SELECT app, day FROM part").fetchall():
        con.execute(f"ALTER TABLE raw_{app}_{day} RENAME TO raw_{app}_{day - days}")
        con.execute(f"UPDATE raw_{app}_{day - days} SET at = at - {days * 86400}")
    for table in ("part", "counts", "ids", "cursor"):
        con.execute(f"UPDATE {table} SET day = day - {days} WHERE day > 0")
    con.commit()
    con.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    con.close()


def check(db):
    """The collector itself finds the store whole."""
    done = subprocess.run([BINARY, "--db", str(db), "check"], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "ok\n"), done.stdout + done.stderr
