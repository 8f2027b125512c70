"""docs/package.md: its commands, run as they stand by somebody with an empty folder; and its table."""

import json
import re
import socket
import subprocess

import pytest
from hook_lab import APP, ROOT

PAGE = (ROOT / "docs/package.md").read_text()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return str(listener.getsockname()[1])


def test_the_page_counts_an_install(tmp_path):
    if not (ROOT / "build/footfall-collector").exists():
        pytest.skip("build/footfall-collector is not built: make build/footfall-collector")
    text = "".join(re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)).replace("8378", free_port())
    script = "trap 'kill $collector' EXIT\n" + text.replace("collector.log &", "collector.log & collector=$!")
    assert "collector=$!" in script
    done = subprocess.run(["sh", "-eu", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=90,
                          env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "FOOTFALL": str(ROOT)}, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    stats = json.loads((tmp_path / "stats.json").read_text())
    totals = {key: stats["totals"][key] for key in ("starts", "completes", "failures")}
    assert totals == {"starts": 1, "completes": 1, "failures": 0}
    # The upgrade and the run that opted out said nothing, and the first one did.
    assert done.stderr.count("Acme counts first installs anonymously (https://acme.example/privacy)") == 1


def test_every_file_has_its_row(lab):
    for path in lab.hooks.rglob("*"):
        name = str(path.relative_to(lab.hooks)).replace(APP, "acme")
        if path.is_file():
            assert f"`{name}`" in PAGE or f"`{name.split('/')[0]}/`" in PAGE, name
