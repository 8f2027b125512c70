"""What we build from: fetched by its pinned hash alone, from an upstream that is a server of the test's own."""

import functools
import hashlib
import http.server
import pathlib
import shutil
import subprocess
import threading

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEAD = "#name\tversion\tsha256\tarchive\turl\tfrom\tlicence\twhy\n"
TOOLS = "sh dirname grep cut sed tr cat sha256sum mkdir mktemp rm mv flock curl find".split()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def upstream(tmp_path):
    """A folder, and the address it is served at."""
    folder = tmp_path / "upstream"
    folder.mkdir()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def project(tmp_path):
    """The scripts, with pins of their own; no package manager is within reach."""
    (tmp_path / "project/scripts").mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool))
    return tmp_path / "project"


def run(project, script, *words):
    shutil.copy(ROOT / "scripts" / script, project / "scripts")
    return subprocess.run([project / "scripts" / script, *words], capture_output=True, text=True, timeout=60,
                          env={"PATH": str(project.parent / "bin"), "HOME": str(project), "LC_ALL": "C"})


def pin(project, url, content):
    digest = hashlib.sha256(content).hexdigest()
    (project / "scripts/deps.tsv").write_text(f"{HEAD}lib\t1.2\t{digest}\tlib-%V.tar\t{url}/lib-%V.tar\tlib\tMIT\twhy\n")
    return digest


def test_the_pinned_archive_is_fetched_once(project, upstream):
    folder, url = upstream
    (folder / "lib-1.2.tar").write_bytes(b"good")
    pin(project, url, b"good")
    done = run(project, "fetch-source", "lib")
    assert done.returncode == 0 and pathlib.Path(done.stdout.strip()).read_bytes() == b"good", done
    (folder / "lib-1.2.tar").unlink()
    assert run(project, "fetch-source", "lib").stdout == done.stdout


def test_an_archive_with_another_hash_is_refused(project, upstream):
    folder, url = upstream
    (folder / "lib-1.2.tar").write_bytes(b"evil")
    digest = pin(project, url, b"good")
    done = run(project, "fetch-source", "lib")
    assert done.returncode == 1 and done.stdout == "" and f"cannot get lib-1.2.tar with SHA-256 {digest}" in done.stderr
    assert not list((project / "build/sources").glob("*.tar"))


def test_an_archive_that_was_exchanged_since_is_fetched_anew(project, upstream):
    folder, url = upstream
    (folder / "lib-1.2.tar").write_bytes(b"good")
    pin(project, url, b"good")
    archive = pathlib.Path(run(project, "fetch-source", "lib").stdout.strip())
    archive.write_bytes(b"evil")
    assert run(project, "fetch-source", "lib").returncode == 0 and archive.read_bytes() == b"good"
