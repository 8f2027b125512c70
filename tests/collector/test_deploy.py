"""The example fronts and the service file, tried with the real nginx, Caddy and systemd."""
import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile

import pytest

from collector_lab import BINARY, ROOT, Collector, free_port, make_event, wait_until

DEPLOY = ROOT / "collector" / "deploy"
HOST = "telemetry.example.com"


def need(*tools):
    for tool in tools:
        if not shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            pytest.skip(f"needs {tool}")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}",
                    "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True)
    return folder


def changed(example, **changes):
    """The example with its places replaced; each must be there, or the example was not what is tested."""
    text = (DEPLOY / example).read_text()
    for old, new in changes.items():
        assert old in text, f"{example} has no {old}"
        text = text.replace(old, new)
    return text


class Front:
    """nginx or Caddy, in front of a collector that believes it."""

    def __init__(self, command, port, folder, certificate):
        self.port, self.certificate, self.output = port, certificate, folder / "output"
        env = {"PATH": "/usr/sbin:/usr/bin:/bin", "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                            start_new_session=True)
        try:
            wait_until(self.answers, 15, "the front")
        except BaseException:
            self.stop()
            raise

    def answers(self):
        assert self.process.poll() is None, self.output.read_text()
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def ask(self, method, path, body=None, headers=None):
        context = ssl.create_default_context(cafile=str(self.certificate / "cert.pem"))
        raw = socket.create_connection(("127.0.0.1", self.port), 10)
        connection = http.client.HTTPConnection(HOST)
        connection.sock = context.wrap_socket(raw, server_hostname=HOST)
        connection.request(method, path, body, headers or {})
        reply = connection.getresponse()
        found = reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read()
        connection.close()
        return found

    def post(self, event, **headers):
        return self.ask("POST", "/v1/events", json.dumps(event), {"Content-Type": "application/json", **headers})

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)


def start_nginx(folder, port, backend, certificate):
    need("nginx")
    (folder / "site.conf").write_text(changed(
        "nginx.conf", **{"127.0.0.1:8377": backend, "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
                         "listen [::]:443 ssl": f"listen [::1]:{port} ssl",
                         "/etc/ssl/telemetry.example.com.pem": f"{certificate}/cert.pem",
                         "/etc/ssl/private/telemetry.example.com.key": f"{certificate}/key.pem",
                         "/var/log/nginx/footfall.error.log": f"{folder}/error.log"}))
    places = "".join(f"{name}_temp_path {folder}/{name};\n" for name in
                     ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/main.log;\nevents {{}}\n"
        f"http {{\n{places}access_log {folder}/access.log;\ninclude {folder}/site.conf;\n}}\n")
    return Front(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")], port, folder, certificate)


def start_caddy(folder, port, backend, certificate):
    need("caddy")
    text = changed("Caddyfile", **{"127.0.0.1:8377": backend, HOST + " {":
                                   f"https://{HOST}:{port} {{\n\ttls {certificate}/cert.pem {certificate}/key.pem"})
    (folder / "Caddyfile").write_text("{\n\tadmin off\n\tauto_https disable_redirects\n}\n" + text)
    return Front(["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"], port, folder,
                 certificate)


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def chain(request, tmp_path_factory, certificate):
    folder = tmp_path_factory.mktemp(request.param)
    one = Collector(folder / "c", "rate-limit = 20\ntrusted-proxies = 127.0.0.1\nlog-requests = yes\n"
                                  "[app default]\n").start()
    start = {"nginx": start_nginx, "caddy": start_caddy}[request.param]
    try:
        front = start(folder, free_port(), "127.0.0.1:%d" % one.address[1], certificate)
        yield front, one, folder
        front.stop()
    finally:
        one.stop()


def test_an_event_comes_through(chain):
    front, one, _ = chain
    before = one.stats()["totals"]["completes"]
    assert front.post(make_event())[0] == 204
    wait_until(lambda: one.stats()["totals"]["completes"] == before + 1)


def test_answers_are_the_collectors_own(chain):
    front, _, _ = chain
    status, _, body = front.post(make_event(method="telepathy"))
    assert (status, json.loads(body)) == (400, {"error": "invalid_value", "field": "method"})
    assert front.ask("POST", "/v1/events", "x" * 5000, {"Content-Type": "application/json"})[0] == 413
    assert front.ask("PUT", "/v1/events", "{}", {"Content-Type": "application/json"})[0] == 405
    assert front.ask("DELETE", "/v1/install/9b7f0ee2-0a5a-4bda-8f1a-3a9d53f1b3e7")[0] == 204


def test_the_dashboard_comes_through_whole(chain):
    front, _, _ = chain
    status, headers, body = front.ask("GET", "/")
    assert status == 200 and "default-src 'none'" in headers["content-security-policy"]
    asset = re.search(rb'href="(assets/dashboard.css[^"]*)"', body)[1].decode()
    status, headers, _ = front.ask("GET", "/" + asset, headers={"Accept-Encoding": "gzip"})
    assert status == 200 and headers["content-encoding"] == "gzip" and headers["etag"]


def test_metrics_stay_inside(chain):
    front, one, _ = chain
    assert front.ask("GET", "/metrics")[0] == 404
    assert one.ask("GET", "/metrics")[0] == 200


def test_what_a_client_says_of_its_address_is_not_believed(chain):
    """Each request claims another address; if the front passed that on, no limit would ever be met."""
    front, _, _ = chain
    answers = [front.post(make_event(), **{"X-Forwarded-For": f"203.0.113.{i}"}) for i in range(40)]
    refused = [headers for status, headers, _ in answers if status == 429]
    assert len(refused) >= 15
    assert all(int(headers["retry-after"]) > 0 for headers in refused)


@pytest.mark.parametrize("proxies, limited", [("127.0.0.1", False), ("192.0.2.0/24", True)])
def test_the_proxys_word_is_believed_from_the_proxy_alone(tmp_path, proxies, limited):
    one = Collector(tmp_path, f"rate-limit = 5\ntrusted-proxies = {proxies}\n[app default]\n").start()
    try:
        answers = []
        for i in range(20):
            headers = {"Content-Type": "application/json", "X-Forwarded-For": f"198.51.100.{i}"}
            answers.append(one.ask("POST", "/v1/events", json.dumps(make_event()), headers)[0])
        assert (429 in answers) == limited
    finally:
        one.stop()


def test_nobody_on_the_way_writes_an_address_down(chain):
    front, one, folder = chain
    front.post(make_event(), **{"X-Forwarded-For": "203.0.113.77"})
    written = front.output.read_text() + "\n".join(one.log)
    for file in folder.rglob("*"):
        if file.is_file() and file.suffix in (".log", ".db"):
            written += file.read_bytes().decode("latin-1")
    assert "203.0.113" not in written and "client: 127" not in written


def test_systemd_takes_the_service_file(tmp_path):
    need("systemd-analyze")
    unit = (DEPLOY / "footfall-collector.service").read_text()
    assert "ExecStart=/usr/bin/footfall-collector " in unit
    copy = tmp_path / "footfall-collector.service"
    copy.write_text(unit.replace("/usr/bin/footfall-collector", str(BINARY)).replace(
        "Documentation=man:footfall-collector(1)\n", ""))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", copy], capture_output=True, text=True)
    said = [line for line in (done.stdout + done.stderr).splitlines() if "footfall" in line]
    assert said == [] and done.returncode == 0


def test_systemd_finds_the_service_well_shut(tmp_path):
    need("systemd-analyze")
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=15",
                           DEPLOY / "footfall-collector.service"], capture_output=True, text=True)
    level = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert level and float(level[1]) <= 1.5, done.stdout + done.stderr


@contextlib.contextmanager
def started(command, env):
    """Runs the command until it listens, gives the port, and ends it as systemd and podman do."""
    process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    said = []
    try:
        for line in process.stderr:
            said.append(line)
            found = re.search(r"listening on http://\S+:(\d+)", line)
            if found:
                break
        else:
            raise AssertionError(f"{command} did not start: {said}")
        yield int(found[1])
        process.send_signal(signal.SIGTERM)
        process.stderr.read()
        assert process.wait(15) == 0
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def test_the_services_command_line_is_the_programs(tmp_path):
    """The options in ExecStart are the program's; only the places differ here."""
    unit = (DEPLOY / "footfall-collector.service").read_text()
    command = re.search(r"^ExecStart=(.*)$", unit, re.M)[1].split()
    folder = tmp_path / "state"
    folder.mkdir()
    (tmp_path / "collector.conf").write_text("listen = 127.0.0.1:0\n[app default]\n")
    command = [a.replace("/usr/bin/footfall-collector", str(BINARY)).replace("/etc/footfall", str(tmp_path))
               .replace("/var/lib/footfall-collector", str(folder)) for a in command]
    with started(command, {"PATH": "/usr/bin:/bin"}):
        pass
    assert (folder / "footfall.db").exists()


def test_the_container_holds_what_it_needs(tmp_path):
    """The image is the program, certificates and a folder: run it with just that as its whole world."""
    if os.getuid() != 0:
        pytest.skip("needs root, to change the root folder and become the container's user")
    text = (DEPLOY / "Containerfile").read_text()
    entry = json.loads(re.search(r"^ENTRYPOINT (\[.*\])$", text, re.M)[1])
    user, group = re.search(r"^USER (\d+):(\d+)$", text, re.M).groups()
    copied = dict(re.findall(r"^COPY --from=build (?:--chown=\S+ )?(\S+) (\S+)$", text, re.M))
    assert set(copied.values()) == {entry[0], "/licences", "/etc/ssl/certs/ca-certificates.crt", "/data"}
    assert pathlib.Path(BINARY).name == pathlib.Path(entry[0]).name
    with tempfile.TemporaryDirectory() as root:
        os.chmod(root, 0o755)
        shutil.copy(BINARY, root + entry[0])
        os.mkdir(root + "/data")
        os.chown(root + "/data", int(user), int(group))
        port = free_port()
        entry = [a.replace(":8377", f":{port}") for a in entry]
        command = ["chroot", f"--userspec={user}:{group}", root, *entry]
        with started(command, {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/healthz")
            assert connection.getresponse().status == 200
            connection.close()
        assert os.stat(root + "/data/footfall.db").st_uid == int(user)
