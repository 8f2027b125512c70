"""The comparison in its fastest form: an async endpoint (uvloop, httptools), one connection, one commit a request."""
import os
import sqlite3

from fastapi import FastAPI, Response
from pydantic import BaseModel

app = FastAPI()
db = sqlite3.connect(os.environ["BENCH_DB"], check_same_thread=False, isolation_level=None)
db.execute("PRAGMA journal_mode = WAL")
db.execute("PRAGMA synchronous = FULL")
db.execute("CREATE TABLE IF NOT EXISTS event (id INTEGER PRIMARY KEY, received INTEGER DEFAULT (unixepoch()),"
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
async def take(event: Event):
    db.execute("INSERT INTO event (event_label, os, arch, platform, release, method, cid)"
               " VALUES (?, ?, ?, ?, ?, ?, ?)",
               (event.event_label, event.os, event.arch, event.platform, event.release, event.method, event.cid))
    return Response(status_code=204)
