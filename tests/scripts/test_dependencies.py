"""What we build from: fetched by its pinned hash alone, from an upstream that is a server of the test's own."""

import functools
import hashlib
import http.server
import io
import pathlib
import shutil
import subprocess
import tarfile
import threading

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEAD = "#name\tversion\tsha256\tarchive\turl\tfrom\tlicence\twhy\n"
TOOLS = "sh dirname grep cut sed tr cat sha256sum mkdir mktemp rm mv flock curl find awk sort head tail tar gzip diff cmp git".split()


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


# ---- newer releases ----


def archive(**files):
    """A release's archive, of files in a folder that is named after it; two calls with the same files give the same bytes."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, text in files.items():
            info = tarfile.TarInfo("lib/" + name.replace("_dot_", "."))
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    return out.getvalue()


OLD = archive(COPYING="MIT\n", lib_dot_c="int old;\n", same="x\n")
NEW = archive(COPYING="MIT, but not for you\n", lib_dot_c="int new;\nint more;\n", same="x\n")


@pytest.fixture
def released(project, upstream):
    """1.2 is pinned. The listing has 1.3 and 1.10, what is no release, and another line."""
    folder, url = upstream
    (folder / "list.html").write_text("".join(f'<a href="lib-{version}.tar">lib-{version}.tar</a>\n' for version in
                                               ("1.2", "1.10", "1.3", "1.11-rc1", "2.0", "1.1")))
    for version, content in (("1.2", OLD), ("1.3", OLD), ("1.10", NEW), ("2.0", NEW), ("1.11-rc1", NEW)):
        (folder / f"lib-{version}.tar").write_bytes(content)
    pin(project, url, OLD)
    (project / "scripts/releases.tsv").write_text(f"#head\nlib\t1\\.[0-9]+\t{url}/list.html\tlib-%V.tar\thttps://lib.example/changes\t-\n")
    shutil.copy(ROOT / "scripts/fetch-source", project / "scripts")
    return project


def pins(project):
    return (project / "scripts/deps.tsv").read_text()


def test_it_shows_what_changed_and_writes_nothing(released):
    before = pins(released)
    done = run(released, "update-deps")
    assert done.returncode == 0, done
    assert done.stdout.startswith("lib 1.2 -> 1.10\n") and "/lib-1.10.tar\n" in done.stdout
    assert f"sha256    {hashlib.sha256(NEW).hexdigest()}" in done.stdout and "https://lib.example/changes" in done.stdout
    assert "2 files changed, 3 insertions(+), 2 deletions(-)" in done.stdout and "lib.c" in done.stdout and "same" not in done.stdout
    assert "licence   CHANGED" in done.stdout and "-MIT\n" in done.stdout and "+MIT, but not for you\n" in done.stdout
    assert pins(released) == before


def test_it_writes_the_pin_that_fetch_source_then_takes(released, upstream):
    before = pins(released)
    assert run(released, "update-deps", "--write", "lib").returncode == 0
    assert pins(released) == before.replace("1.2", "1.10").replace(hashlib.sha256(OLD).hexdigest(), hashlib.sha256(NEW).hexdigest())
    shutil.rmtree(upstream[0])
    upstream[0].mkdir()  # the archive that was looked at is the one that is built from
    done = run(released, "fetch-source", "lib")
    assert done.returncode == 0 and pathlib.Path(done.stdout.strip()).read_bytes() == NEW
    again = run(released, "update-deps")
    assert again.returncode == 1 and "nobody says what is newest" in again.stderr


def test_the_newest_is_left_alone(released, upstream):
    pin(released, upstream[1], OLD)
    text = pins(released).replace("1.2", "1.10")
    (released / "scripts/deps.tsv").write_text(text)
    done = run(released, "update-deps", "--write")
    assert done.returncode == 0 and "lib 1.10: nothing newer of its line" in done.stdout and pins(released) == text


def test_a_listing_that_is_ahead_of_its_archives(released, upstream):
    (upstream[0] / "lib-1.10.tar").unlink()
    done = run(released, "update-deps")
    assert done.returncode == 1 and "1.10 is listed" in done.stderr and done.stdout.startswith("lib 1.2 -> 1.3\n")
    assert "licence   unchanged (MIT)" in done.stdout


def test_the_distributions_source_package_stands_in(released, upstream):
    """A debian-source of the test's own, with an epoch, a repacked version and a candidate for a release."""
    pages = upstream[0]
    shutil.copy(pages / "lib-1.10.tar", released / "orig")
    (pages / "lib-1.10.tar").unlink()
    (pages / "list.html").unlink()
    stand_in = released / "scripts/debian-source"
    stand_in.write_text('#!/bin/sh\n[ "$1" = fetch ] || printf "%s\\n" 1:1.9-1 1:1.10-2 1.11+dfsg-1 1.12~rc1-1\n[ "$1" = fetch ] || exit 0\n'
                        f'[ "$2 $3" = "lib 1:1.10-2" ] && cp {released}/orig "$4/lib_1.10.orig.tar.xz" && : >"$4/lib_1.10.orig.tar.xz.asc"\n')
    stand_in.chmod(0o755)
    (released.parent / "bin/cp").symlink_to(shutil.which("cp"))
    done = run(released, "update-deps")
    assert done.returncode == 0 and "lib 1.2 -> 1.10\n  from      Debian, lib 1:1.10-2\n" in done.stdout, done


def test_an_npm_package_with_a_version_of_its_own(released):
    """As better-sqlite3 carries SQLite: the pin has the inner version, archive and origin the package's."""
    old = archive(package_dot_json='{"license": "MIT"}', lib_dot_h='#define LIB_VERSION        "3.1"\n')
    new = archive(package_dot_json='{"license": "EUPL-1.2"}', lib_dot_h='#define LIB_VERSION        "3.2"\n')
    (released / "scripts/deps.tsv").write_text(f"{HEAD}lib\t3.1\t{hashlib.sha256(old).hexdigest()}\tpack-7.0.1.tgz\t-\tnpm:@us/pack@7.0.1\tMIT\twhy\n")
    (released / "scripts/releases.tsv").write_text("lib\t7\\.[0-9]+\\.[0-9]+\t-\t-\thttps://lib.example\tlib.h LIB_VERSION\n")
    (released / "build/sources").mkdir(parents=True)
    (released / "build/sources/pack-7.0.1.tgz").write_bytes(old)
    (released / "new").write_bytes(new)
    npm = released.parent / "bin/npm"
    npm.write_text('#!/bin/sh\ncase "$*" in\n"view @us/pack versions --json") printf \'["7.0.1", "7.2.0", "7.10.0", "8.0.0-beta"]\' ;;\n'
                   f'"pack --silent @us/pack@7.10.0") cat {released}/new >us-pack-7.10.0.tgz ;;\n*) exit 1 ;;\nesac\n')
    npm.chmod(0o755)
    done = run(released, "update-deps", "--write")
    assert done.returncode == 0 and done.stdout.startswith("lib 3.1 -> 3.2\n  from      npm @us/pack@7.10.0\n"), done
    assert "EUPL-1.2" in done.stdout
    assert pins(released).splitlines()[1].split("\t")[1:6] == [
        "3.2", hashlib.sha256(new).hexdigest(), "pack-7.10.0.tgz", "-", "npm:@us/pack@7.10.0"]
    assert run(released, "fetch-source", "lib").returncode == 0


def test_wrong_usage(released):
    assert "usage: update-deps" in run(released, "update-deps", "--bogus").stderr
    done = run(released, "update-deps", "nonsense")
    assert done.returncode == 2 and "no 'nonsense' in scripts/deps.tsv; it has: lib" in done.stderr


def test_every_pin_says_where_its_releases_are_listed():
    names = [[line.split("\t")[0] for line in (ROOT / "scripts" / name).read_text().splitlines() if not line.startswith("#")]
             for name in ("deps.tsv", "releases.tsv")]
    assert sorted(names[0]) == sorted(names[1])
