// The comparison: Express and better-sqlite3, one commit a request.
const Database = require("better-sqlite3");
const express = require("express");

const members = ["event_label", "os", "arch", "platform", "release", "method", "cid"];
const db = new Database(process.env.BENCH_DB);
db.pragma("journal_mode = WAL");
db.pragma("synchronous = FULL");
db.exec(`CREATE TABLE IF NOT EXISTS event (id INTEGER PRIMARY KEY, received INTEGER DEFAULT (unixepoch()), ${members.join(" TEXT, ")} TEXT)`);
const insert = db.prepare(`INSERT INTO event (${members.join(", ")}) VALUES (${members.map((m) => "@" + m).join(", ")})`);

const app = express();
app.use(express.json());
app.post("/v1/events", (request, response) => {
    if (members.some((m) => typeof request.body[m] !== "string" || request.body[m].length > 64))
        return response.status(400).end();
    insert.run(request.body);
    response.status(204).end();
});
app.listen(Number(process.env.BENCH_PORT), "127.0.0.1");
