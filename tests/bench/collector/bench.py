#!/usr/bin/python3
"""The collector's figures, as ratios within one run: make bench-collector.

Every server runs on this machine together with its load (wrk, 32 kept connections), one after the other, in rounds; the
median of the rounds counts. Each commits to a file on the same disk, in WAL with synchronous=FULL.
"""
import argparse
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
COLLECTOR = pathlib.Path(os.environ.get("FOOTFALL_COLLECTOR", ROOT / "build" / "footfall-collector"))
GROW = ROOT / "build" / "grow"
MODULES = ROOT / "build" / "tools" / "bench" / "node_modules"
PYTHON = "/usr/bin/python3"
FULL_SIZE = 100_000_000


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A program that answers on a port, with a folder of its own."""

    def __init__(self, name, command, store=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="footfall-bench."))
        self.port = free_port()
        self.db = self.folder / "bench.db"
        if store:
            shutil.move(store, self.db)
        env = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "BENCH_DB": str(self.db), "BENCH_PORT": str(self.port),
               "NODE_PATH": str(MODULES), "PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1"}
        words = [str(w).format(port=self.port, db=self.db) for w in command]
        self.process = subprocess.Popen(words, env=env, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    sys.exit(f"{name} does not start: {' '.join(words)}")
                time.sleep(0.05)
        sys.exit(f"{name} does not answer")

    def load(self, seconds, connections=32, script="events.lua"):
        done = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", HERE / script,
                               f"http://127.0.0.1:{self.port}/v1/events", str(time.time_ns() % 100000)],
                              capture_output=True, text=True, check=True)
        if "Non-2xx" in done.stdout:
            sys.exit(f"refused under load: {done.stdout}")
        return float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)[1])

    def rss_kb(self):
        return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{self.process.pid}/status").read_text())[1])

    def get_ms(self, path, times=5):
        """The slowest of some answers, none of them from a cache."""
        worst = 0
        for i in range(times):
            began = time.perf_counter()
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            connection.request("GET", f"{path}?days={30 + i}")
            reply = connection.getresponse()
            reply.read()
            connection.close()
            if reply.status != 200:
                sys.exit(f"{path}: {reply.status}")
            worst = max(worst, time.perf_counter() - began)
        return worst * 1000

    def erase_ms(self):
        """The erasure of an id that is not there: every raw event is looked at, and nothing ends the search early."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        began = time.perf_counter()
        connection.request("DELETE", f"/v1/install/{uuid.uuid4()}")
        status = connection.getresponse().status
        connection.close()
        if status != 204:
            sys.exit(f"erasure: {status}")
        return (time.perf_counter() - began) * 1000

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        kept = self.folder / "kept.db"
        if self.db.exists():
            os.replace(self.db, kept)
        return kept

    def remove(self):
        shutil.rmtree(self.folder)


COLLECTOR_COMMAND = [COLLECTOR, "--listen", "127.0.0.1:{port}", "--db", "{db}", "--rate-limit", "0"]
RIVALS = {
    "FastAPI, uvicorn, one commit a request": [PYTHON, "-m", "uvicorn", "fastapi_plain:app", "--port", "{port}", "--loop", "asyncio",
                                               "--http", "h11", "--no-access-log"],
    "FastAPI, async, uvloop, httptools": [PYTHON, "-m", "uvicorn", "fastapi_fast:app", "--port", "{port}", "--loop", "uvloop",
                                          "--http", "httptools", "--no-access-log"],
    "Express, better-sqlite3": ["node", HERE / "express.cjs"],
}
GOALS = dict(zip(RIVALS, (20, 8, 10)))


def rate_of(name, command, seconds):
    server = Server(name, command)
    server.load(1)
    rate = server.load(seconds)
    server.stop()
    server.remove()
    return rate


def compare(rounds, seconds):
    rates = {"footfall-collector": []}
    rivals = dict(RIVALS)
    if not MODULES.is_dir():
        rivals.pop("Express, better-sqlite3")
    for _ in range(rounds):
        rates["footfall-collector"].append(rate_of("footfall-collector", COLLECTOR_COMMAND, seconds))
        for name, command in rivals.items():
            rates.setdefault(name, []).append(rate_of(name, command, seconds))
    return {name: statistics.median(values) for name, values in rates.items()}


def latency(rate, seconds):
    """p50 and p99 in milliseconds at a fixed rate: a paced client of our own, as wrk knows full speed only."""
    server = Server("footfall-collector", COLLECTOR_COMMAND)
    done = subprocess.run([ROOT / "build" / "pace", str(server.port), str(int(rate)), str(seconds)], capture_output=True, text=True,
                          check=True)
    server.stop()
    server.remove()
    return json.loads(done.stdout)


def idle_memory():
    server = Server("footfall-collector", COLLECTOR_COMMAND)
    idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(1000)]
    for s in idle:
        s.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    for s in idle:
        s.recv(1000)
    kb = server.rss_kb()
    for s in idle:
        s.close()
    server.stop()
    server.remove()
    return kb / 1024


def grown(events, days, rounds, seconds):
    """A large store against an empty one, turn by turn."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="footfall-bench."))
    store = folder / "grown.db"
    subprocess.run([GROW, store, str(events), str(days)], check=True)
    size = store.stat().st_size
    empty, full, stats, page, erase = [], [], 0, 0, 0
    for _ in range(rounds):
        empty.append(rate_of("footfall-collector", COLLECTOR_COMMAND, seconds))
        server = Server("footfall-collector", COLLECTOR_COMMAND, store)
        stats = max(stats, server.get_ms("/v1/stats"))
        page = max(page, server.get_ms("/"))
        erase = max(erase, server.erase_ms())
        server.load(1)
        full.append(server.load(seconds))
        shutil.move(server.stop(), store)
        server.remove()
    shutil.rmtree(folder)
    return {"ratio": statistics.median(full) / statistics.median(empty), "stats_ms": stats, "page_ms": page,
            "erase_ms": erase, "bytes": size / events}


def row(figure, value, goal, met):
    print(f"| {figure} | {value} | {goal} | {'yes' if met else 'no'} |", flush=True)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=int, default=5)
    options.add_argument("--events", type=int, default=10_000_000)
    options.add_argument("--days", type=int, default=400)
    given = options.parse_args()

    print("| figure | measured | goal | met |\n|---|---|---|---|")
    rates = compare(given.rounds, given.seconds)
    own = rates.pop("footfall-collector")
    row("durable events a second, 32 connections", f"{own:,.0f}", "", True)
    for name, rate in rates.items():
        row(f"against {name} ({rate:,.0f}/s)", f"{own / rate:.1f}x", f"{GOALS[name]}x", own / rate >= GOALS[name])
    times = latency(own / 2, given.seconds)
    row(f"p50 / p99 at {own / 2:,.0f} events a second", f"{times['p50_ms']:.1f} / {times['p99_ms']:.1f} ms", "5 / 25 ms",
        times["p50_ms"] <= 5 and times["p99_ms"] <= 25)
    memory = idle_memory()
    row("memory with 1,000 idle connections", f"{memory:.1f} MB", "32 MB", memory <= 32)
    big = grown(given.events, given.days, given.rounds, given.seconds)
    of = f"after {given.events:,} events in {given.days} days"
    row(f"ingest {of}, against empty", f"{big['ratio']:.2f}", "0.8", big["ratio"] >= 0.8)
    row(f"/v1/stats {of}", f"{big['stats_ms']:.0f} ms", "200 ms", big["stats_ms"] < 200)
    row(f"/ {of}", f"{big['page_ms']:.0f} ms", "200 ms", big["page_ms"] < 200)
    row(f"erasure of one id {of}", f"{big['erase_ms']:.0f} ms", "", True)
    row("bytes of disk for a raw event", f"{big['bytes']:.1f}", "120", big["bytes"] <= 120)
    if given.events < FULL_SIZE:
        print(f"\nFigures for {FULL_SIZE:,} events follow from these: raw events are appended to the day's own table and have no "
              "index, so ingest\nis as fast at any size; figures are read from daily counts, whose number depends on days and "
              "cells, not events; an erasure reads\nevery raw event of its app, so its time grows with them. Or measure: "
              f"bench.py --events {FULL_SIZE}.")


if __name__ == "__main__":
    main()
