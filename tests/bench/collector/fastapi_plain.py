"""The comparison: FastAPI as its documentation writes an endpoint, SQLite with one commit a request."""
import sqlite3
import os

from fastapi import FastAPI, Response
from pydantic import BaseModel

app = FastAPI()


def connect():
    db = sqlite3.connect(os.environ["BENCH_DB"], check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    return db


with connect() as first:
    first.execute("CREATE TABLE IF NOT EXISTS event (id INTEGER PRIMARY KEY, received INTEGER DEFAULT (unixepoch()),"
                  " event_label TEXT, os TEXT, arch TEXT, platform TEXT, release TEXT, method TEXT, cid TEXT)")


class Event(BaseModel):
    event_label: str
    os: str
    arch: str
    platform: str
    release: str
    method: str
    cid: str


@app.post("/v1/events", status_code=204)
def take(event: Event):
    db = connect()
    try:
        with db:
            db.execute("INSERT INTO event (event_label, os, arch, platform, release, method, cid)"
                       " VALUES (?, ?, ?, ?, ?, ?, ?)",
                       (event.event_label, event.os, event.arch, event.platform, event.release, event.method, event.cid))
    finally:
        db.close()
    return Response(status_code=204)
