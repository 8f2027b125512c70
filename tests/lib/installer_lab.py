"""A place to try installers in: a release server with TLS, a sink for events, an own home for each run.

The release server gives out whatever is in its folder; the first parts of a path may ask for trouble:
/late=0.5/..., /hang/..., /cut/..., /404/..., /slow=SECONDS/... (the body in small pieces), /gate=NAME/...
(not before the test opens that gate), /moved/... (to the same over plain http); /for=CASE/... asks for none.
"""

import collections
import contextlib
import hashlib
import http.server
import io
import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import tarfile
import threading
import time

from shim_lab import wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHIM = pathlib.Path(os.environ.get("FOOTFALL_SHIM", ROOT / "build/footfall"))
PLATFORM = "linux-" + os.uname().machine
MEMBERS = ["event_label", "os", "arch", "platform", "release", "method", "cid"]


def make_certificates(folder):
    """A throw-away authority and a certificate for localhost; they live for a day."""

    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, cwd=folder, capture_output=True)

    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"]
    openssl("req", "-x509", *new_key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=lab")
    openssl("req", *new_key[:-2], "-keyout", "key.pem", "-out", "csr.pem", "-subj", "/CN=localhost")
    (folder / "ext").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", "csr.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-out", "cert.pem", "-days", "1", "-extfile", "ext")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, handler, context=None):
        super().__init__(("127.0.0.1", 0), handler)
        self.context = context
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def finish_request(self, request, address):
        # Shaking hands in the request's own thread: a client that does not finish holds nobody up.
        if self.context is not None:
            request.settimeout(30)
            request = self.context.wrap_socket(request, server_side=True)
        self.RequestHandlerClass(request, address, self)
        if self.context is not None:
            with contextlib.suppress(OSError):
                request.unwrap()
            request.close()

    def handle_error(self, request, address):
        pass

    @property
    def port(self):
        return self.server_address[1]


class Releases(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def log_message(self, *_):
        pass

    def do_GET(self):
        parts = self.path.strip("/").split("/")
        trouble = {}
        while parts and parts[0].split("=")[0] in ("late", "hang", "cut", "404", "slow", "gate", "moved", "for"):
            key, _, value = parts.pop(0).partition("=")
            trouble[key] = value
        self.server.seen.append(self.path)
        file = self.server.folder.joinpath(*parts)
        if "late" in trouble:
            time.sleep(float(trouble["late"]))
        if "gate" in trouble:
            self.server.gates[trouble["gate"]].wait(60)
        if "hang" in trouble:
            self.server.closing.wait(60)
            return
        if "moved" in trouble:
            self.send_response(302)
            self.send_header("Location", f"{self.server.plain_url}/{'/'.join(parts)}")
            self.end_headers()
            return
        if "404" in trouble or not file.is_file():
            self.send_error(404)
            return
        body = file.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if "cut" in trouble:
            body = body[: len(body) // 2]
        if "slow" in trouble:
            for at in range(0, len(body), max(1, len(body) // 10)):
                self.wfile.write(body[at : at + max(1, len(body) // 10)])
                time.sleep(float(trouble["slow"]) / 10)
            return
        self.wfile.write(body)


class Sink(http.server.BaseHTTPRequestHandler):
    """Keeps the events of /CASE/v1/events under CASE, with what their requests' headers were."""

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        case = self.path.split("/")[1]
        with self.server.lock:
            self.server.events.setdefault(case, []).append((body, dict(self.headers.items())))
        self.send_response(204)
        self.end_headers()


class Lab:
    """Servers, a product called acme with its release v1.2.3, and installers rendered for them."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.served = self.folder / "served"
        self.cases = 0
        self.lock = threading.Lock()
        self.rendered, self.mounts = {}, []
        make_certificates(self.folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "cert.pem", self.folder / "key.pem")
        # The same over TLS and, for tools that trust nobody, without.
        self.releases, self.plain = Server(Releases, context), Server(Releases)
        self.releases.folder, self.releases.seen = self.served, []
        self.releases.closing = threading.Event()
        self.releases.gates = collections.defaultdict(threading.Event)
        self.releases.plain_url = f"http://127.0.0.1:{self.plain.port}"
        vars(self.plain).update({name: vars(self.releases)[name] for name in ("folder", "seen", "closing", "gates")})
        self.sink = Server(Sink)
        self.sink.events, self.sink.lock = {}, threading.Lock()
        self.url = f"https://localhost:{self.releases.port}"
        self.make_release()

    def mount(self, folder, options):
        """A file system in memory, for root alone to make; it is there until the lab closes."""
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "lab", folder], check=True)
        self.mounts.append(folder)

    def close(self):
        for folder in self.mounts:
            subprocess.run(["umount", "-l", folder], check=False)
        self.releases.closing.set()
        for server in (self.releases, self.plain, self.sink):
            server.shutdown()
            server.server_close()

    def make_release(self, tag="v1.2.3"):
        release = self.served / "dl" / tag
        shims = self.served / "shims"
        release.mkdir(parents=True)
        shims.mkdir(exist_ok=True)
        program = self.folder / "acme"
        program.write_text(f"#!/bin/sh\necho acme {tag}\n" + "# weight\n" * 20000)
        program.chmod(0o755)
        archive = release / f"acme-{PLATFORM}.tar.gz"
        with tarfile.open(archive, "w:gz") as tar:
            tar.add(program, f"acme-{tag}/acme")
        sums = f"{hashlib.sha256(archive.read_bytes()).hexdigest()}  {archive.name}\n"
        (release / "SHA256SUMS").write_text(sums)
        for platform in (PLATFORM, "linux-riscv64"):
            shutil.copy(SHIM, shims / f"footfall-{platform}")
        self.make_bad_releases(archive)

    def pack(self, tag, members, sums="{sum}  {name}\n"):
        """A release whose archive has these members: text, or for a link the Path that it names."""
        release = self.served / "dl" / tag
        release.mkdir()
        archive = release / f"acme-{PLATFORM}.tar.gz"
        with tarfile.open(archive, "w:gz") as tar:
            for name, content in members.items():
                entry = tarfile.TarInfo(name)
                entry.mode, entry.uid, entry.gid = 0o755, 501, 20  # as on a Mac
                if isinstance(content, pathlib.Path):
                    entry.type, entry.linkname = tarfile.SYMTYPE, str(content)
                else:
                    entry.size = len(content)
                tar.addfile(entry, io.BytesIO(b"" if entry.linkname else content.encode()))
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        (release / "SHA256SUMS").write_bytes(sums.format(sum=digest, SUM=digest.upper(), name=archive.name).encode())

    def make_bad_releases(self, good):
        """Releases that have something wrong with them, each under the tag that says what."""
        empty = io.BytesIO()
        with tarfile.open(fileobj=empty, mode="w:gz"):
            pass
        bodies = {"bad-checksum": good.read_bytes(), "bad-archive": b"no archive\n" * 100,
                  "no-program": empty.getvalue()}
        for tag, body in bodies.items():
            release = self.served / "dl" / tag
            release.mkdir()
            (release / good.name).write_bytes(body)
            digest = hashlib.sha256(body + b"?" * (tag == "bad-checksum")).hexdigest()
            (release / "SHA256SUMS").write_text(f"{digest}  {good.name}\n")

    def config(self, **changes):
        lines = {
            "APP": "acme", "NAME": "Acme", "RELEASE": "v1.2.3", "DOWNLOAD_URL": self.url + "/dl",
            "ARTIFACT": "acme-{platform}.tar.gz", "BINARIES": "acme",
            "SHA256SUMS": self.served / "dl/v1.2.3/SHA256SUMS",
            "ENDPOINT": f"http://127.0.0.1:{self.sink.port}/unset/v1/events",
            "PRIVACY_URL": "https://acme.example/privacy",
            "SHIMS": self.served / "shims", "SHIM_URL": self.url + "/shims",
        }
        lines.update(changes)
        return "".join(f"{key}={value}\n" for key, value in lines.items() if value is not None)

    def render(self, block=None, script="install.sh", **changes):
        """The text of an installer for this configuration, or of its telemetry block."""
        text = self.config(**changes)
        with self.lock:
            if (text, block, script) not in self.rendered:
                config = self.folder / "acme.conf"
                config.write_text(text)
                out = self.folder / "rendered"
                action = ["--block", block] if block else ["--out", out]
                done = subprocess.run([ROOT / "scripts/render-installers", "--config", config, *action],
                                      check=True, capture_output=True, text=True)
                self.rendered[text, block, script] = done.stdout if block else (out / script).read_text()
            return self.rendered[text, block, script]

    def case(self, **places):
        with self.lock:
            self.cases += 1
            return Case(self, f"case{self.cases}", **places)


class Case:
    """One run of an installer: its own home, temporary folder, install folder, and its events."""

    def __init__(self, lab, name, temporary=None, target=None):
        self.lab, self.name = lab, name
        self.folder = lab.folder / name
        self.home = self.folder / "home"
        self.temporary = pathlib.Path(temporary or self.folder / "tmp")
        self.target = pathlib.Path(target or self.folder / "bin")
        for folder in (self.home, self.temporary):
            folder.mkdir(parents=True, exist_ok=True)
        self.endpoint = f"http://127.0.0.1:{lab.sink.port}/{name}/v1/events"

    def environment(self, **changes):
        values = {
            "PATH": "/usr/bin:/bin", "HOME": self.home, "TMPDIR": self.temporary, "LC_ALL": "C",
            "SSL_CERT_FILE": self.lab.folder / "ca.pem", "CURL_CA_BUNDLE": self.lab.folder / "ca.pem",
            "ACME_INSTALL_DIR": self.target, "FOOTFALL_ENDPOINT": self.endpoint,
        }
        values.update(changes)
        return {key: str(value) for key, value in values.items() if value is not None}

    def write(self, script, name="install.sh"):
        file = self.folder / name
        file.write_text(script)
        return file

    @property
    def processes(self):
        """The command lines of those that carry the case's home in their environment."""
        found = []
        for process in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                if f"HOME={self.home}".encode() in pathlib.Path(f"/proc/{process}/environ").read_bytes().split(b"\0"):
                    found.append(pathlib.Path(f"/proc/{process}/cmdline").read_bytes())
        return found

    @property
    def events(self):
        return list(self.lab.sink.events.get(self.name, []))

    @property
    def labels(self):
        return sorted(json.loads(body)["event_label"] for body, _ in self.events)

    def wait_for_events(self, count, seconds=10.0):
        wait_for(lambda: len(self.events) >= count, seconds)
        return self.labels

    def wait_for_download(self, seconds=30.0):
        """Until the release server was asked for /TROUBLE/for=CASE/..."""
        mark = f"/for={self.name}/"
        assert wait_for(lambda: any(mark in path for path in list(self.lab.releases.seen)), seconds), \
            "no download began"

    @property
    def leftovers(self):
        return sorted(name for name in os.listdir(self.temporary) if name != "full")


@contextlib.contextmanager
def black_hole():
    """A port that accepts connections and never says anything; its number."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield listener.getsockname()[1]
