"""docs/adopt.md: its commands, run as they stand by somebody with an empty folder."""

import json
import re
import socket
import subprocess

from installer_lab import ROOT

PAGE = (ROOT / "docs/adopt.md").read_text()


def commands():
    return "".join(re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return str(listener.getsockname()[1])


def test_the_page_counts_an_install(tmp_path):
    text = commands().replace("8443", free_port()).replace("8377", free_port())
    script = f"collector= server=\ntrap 'kill $collector $server 2>/dev/null || :' EXIT\n{text}\ncollector= server="
    done = subprocess.run(["sh", "-eu", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=90,
                          env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "FOOTFALL": str(ROOT)}, check=False)
    assert "Hello from Acme" in done.stdout, done.stdout + done.stderr
    stats = json.loads(re.search(r'^\{"generated".*?(?=downloading|$)', done.stdout, re.MULTILINE)[0])
    totals = {key: stats["totals"][key] for key in ("starts", "completes", "failures")}
    assert totals == {"starts": 1, "completes": 1, "failures": 0}
    assert done.returncode == 0, done.stderr
    # The two runs that opted out said nothing of telemetry, and the first one did.
    assert done.stderr.count("sends one anonymous event") == 1
    assert len(re.findall(r"^[A-Z0-9_]+=", re.search(r"END'\n(.*?)\nEND", text, re.DOTALL)[1], re.MULTILINE)) <= 12


def test_the_page_names_every_key():
    usage = subprocess.run([ROOT / "scripts/render-installers", "--help"], capture_output=True, text=True, check=True)
    listed = set(re.findall(r"^  ([A-Z0-9_]+) ", usage.stdout, re.MULTILINE))
    table = PAGE[PAGE.index("| key |"):PAGE.index("Serve shims")]
    assert listed and listed <= set(re.findall(r"`([A-Z0-9_]+)`", table))
