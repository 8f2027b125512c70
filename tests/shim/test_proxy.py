"""The way there: proxies from the environment, and names with several addresses (contract 1, 5)."""

import base64
import contextlib
import ctypes
import os
import shutil
import socket
import subprocess
import threading

import pytest
import sink as server
from shim_lab import SOON, wait_for
from sink import Sink, tunnel

as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can set this up")


@pytest.fixture
def far(pki):
    """The collector, behind the proxy."""
    with Sink(tls=pki) as far:
        yield far


@pytest.fixture
def send(make_case, pki, far):
    """Sends one event to the collector, and waits until all is over."""
    def send(env, *options, endpoint=None, namespace=()):
        case = make_case(far)
        words = case.words("install_start", "--cacert", pki.ca, "--deadline", "2", *options, endpoint=endpoint)
        case.run([*namespace, *words], env).assert_unnoticed()
        assert case.wait_until_gone(2 + SOON)
        assert len(far.requests) <= 1
        return far.labels == ["install_start"]
    return send


def proxy_url(proxy, user=""):
    return f"http://{user}127.0.0.1:{proxy.port}"


@pytest.mark.parametrize("variable", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
def test_the_environment_names_a_proxy(send, far, variable):
    with Sink(answer=tunnel) as proxy:
        assert send({variable: proxy_url(proxy)})
    (connect,) = proxy.requests
    assert connect.line == f"CONNECT 127.0.0.1:{far.port} HTTP/1.1"
    assert connect.headers == [("Host", f"127.0.0.1:{far.port}")]
    assert [name for name, _ in far.requests[0].headers] == ["Host", "Content-Type", "Content-Length"]


def test_a_proxy_without_a_scheme(send):
    with Sink(answer=tunnel) as proxy:
        assert send({"https_proxy": f"127.0.0.1:{proxy.port}"}) and len(proxy.requests) == 1


def test_the_proxy_of_plain_http_is_another_matter(send):
    with Sink(answer=tunnel) as proxy:
        assert send({"http_proxy": proxy_url(proxy)}) and proxy.connections == 0


def test_plain_http_to_loopback_goes_through_no_proxy(case):
    with Sink(answer=tunnel) as proxy:
        env = dict.fromkeys(["http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"], proxy_url(proxy))
        case.emit("install_start", env=env).assert_unnoticed()
        assert wait_for(lambda: case.sink.labels) and proxy.connections == 0


def test_a_password_reaches_the_proxy_and_nobody_else(send, far):
    with Sink(answer=tunnel) as proxy:
        assert send({"https_proxy": proxy_url(proxy, "user:p%40ss%20word@")})
    authorization = base64.b64encode(b"user:p@ss word").decode()
    assert ("Proxy-Authorization", f"Basic {authorization}") in proxy.requests[0].headers
    assert b"uthorization" not in far.requests[0].head


def test_the_password_is_not_in_the_receipt(make_case, pki, far):
    with Sink(answer=tunnel) as proxy:
        case = make_case(far)
        case.emit("install_start", "--cacert", pki.ca, env={"https_proxy": proxy_url(proxy, "user:hunter2@")})
        assert wait_for(lambda: far.labels) and case.wait_until_gone()
    assert all(b"hunter2" not in path.read_bytes() for path in case.folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("no_proxy, host, direct", [
    ("*", "127.0.0.1", True), ("127.0.0.1", "127.0.0.1", True), ("localhost", "localhost", True),
    ("example.com,localhost", "localhost", True),
    (" example.com , localhost ", "localhost", True), ("LOCALHOST", "localhost", True), (".localhost", "localhost", True),
    ("127.0.0.0/8", "127.0.0.1", True), ("10.0.0.0/8", "127.0.0.1", False), ("", "127.0.0.1", False),
    ("host", "localhost", False), ("local", "localhost", False), ("127.0.0.2", "127.0.0.1", False), ("example.com", "localhost", False),
])
@pytest.mark.parametrize("variable", ["no_proxy", "NO_PROXY"])
def test_what_needs_no_proxy(send, far, no_proxy, host, direct, variable):
    with Sink(answer=tunnel) as proxy:
        env = {"https_proxy": proxy_url(proxy), variable: no_proxy}
        assert send(env, endpoint=f"https://{host}:{far.port}/v1/events")
        assert proxy.connections == (0 if direct else 1)


BAD_ANSWERS = {
    "403": server.status(403), "407": server.status(407, 'Proxy-Authenticate: Basic realm="x"'), "502": server.status(502),
    "302": server.status(302, "Location: http://127.0.0.1:1/"), "says nothing": server.silence, "resets": server.reset, "closes": lambda *_: None,
    "garbage": server.garbage, "drips": server.drip, "endless head": server.header_flood, "200 and nothing": server.status(200),
}


@pytest.mark.parametrize("way", BAD_ANSWERS)
@pytest.mark.parametrize("user", ["", "user:password@"])
def test_a_proxy_that_does_not_help(send, far, way, user):
    """Not delivered; and never around it."""
    with Sink(answer=BAD_ANSWERS[way]) as proxy:
        assert not send({"https_proxy": proxy_url(proxy, user)})
        assert far.connections == 0 and 1 <= proxy.connections <= 2
        assert all(request.line.startswith("CONNECT ") for request in proxy.requests)


def test_a_proxy_that_never_accepts(send, far):
    with Sink(accepts=False) as proxy:
        assert not send({"https_proxy": proxy_url(proxy)}) and far.connections == 0


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "socks5://127.0.0.1:1", "socks5h://127.0.0.1:1", "ftp://127.0.0.1:1", "http://",
                                 "http://[::1", "%%%", "http://127.0.0.1:99999"])
def test_a_proxy_that_cannot_be_used_is_not_gone_around(send, far, url):
    assert not send({"https_proxy": url}) and far.connections == 0


# ---- the proxies that people have ----


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@contextlib.contextmanager
def running(words, port):
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert wait_for(lambda: listens(port), 20), f"{words[0]} does not answer"
        yield port
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def tinyproxy(folder, *lines):
    program = shutil.which("tinyproxy") or pytest.skip("tinyproxy is not installed")
    port = free_port()
    config = folder / "tinyproxy.conf"
    config.write_text("\n".join([f"Port {port}", "Listen 127.0.0.1", "Allow 127.0.0.1", "Timeout 60", "MaxClients 10",
                                 f'LogFile "{folder}/proxy.log"', *lines]) + "\n")
    return running([program, "-d", "-c", config], port)


def squid(folder, *lines):
    program = shutil.which("squid", path="/usr/sbin:/usr/bin") or pytest.skip("squid is not installed")
    port = free_port()
    config = folder / "squid.conf"
    config.write_text("\n".join([f"http_port 127.0.0.1:{port}", "cache deny all", "cache_log /dev/null", "access_log none",
                                 "pid_filename none", f"coredump_dir {folder}", "shutdown_lifetime 0 seconds",
                                 "netdb_filename none", "pinger_enable off", *lines]) + "\n")
    return running([program, "-N", "-f", config], port)


BASIC = ["auth_param basic program /usr/lib/squid/basic_ncsa_auth {folder}/users", "acl known proxy_auth REQUIRED",
         "http_access allow known"]
SQUIDS = {"open": ["http_access allow all"], "password": BASIC, "refusing": ["http_access deny all"]}
TINYPROXIES = {"open": [], "password": ["BasicAuth user secret"], "refusing": ["ConnectPort 1"]}


@pytest.mark.parametrize("kind", TINYPROXIES)
def test_tinyproxy(send, folder, kind):
    with tinyproxy(folder, *TINYPROXIES[kind]) as port:
        delivered = send({"https_proxy": f"http://user:secret@127.0.0.1:{port}"})
        assert delivered == (kind != "refusing")


def test_tinyproxy_wants_a_password(send, folder):
    with tinyproxy(folder, *TINYPROXIES["password"]) as port:
        assert not send({"https_proxy": f"http://127.0.0.1:{port}"})


@as_root
@pytest.mark.parametrize("kind", SQUIDS)
def test_squid(send, folder, kind):
    hashed = subprocess.run(["openssl", "passwd", "-apr1", "secret"], check=True, capture_output=True, text=True).stdout
    (folder / "users").write_text(f"user:{hashed}")
    with squid(folder, *[line.format(folder=folder) for line in SQUIDS[kind]]) as port:
        delivered = send({"https_proxy": f"http://user:secret@127.0.0.1:{port}"})
        assert delivered == (kind != "refusing")


# ---- names and addresses ----


@pytest.fixture
def named(folder):
    """A namespace where footfall.test has these addresses, in this order."""
    def words(*addresses):
        hosts = folder / "hosts"
        hosts.write_text("127.0.0.1 localhost\n" + "".join(f"{address} footfall.test\n" for address in addresses))
        return ["unshare", "-m", "sh", "-c", f'mount --bind "{hosts}" /etc/hosts && exec "$@"', "sh"]
    return words


@as_root
@pytest.mark.parametrize("dead", ["127.0.0.2", "::1"])
@pytest.mark.parametrize("way", ["refuses", "hangs"])
def test_a_dead_first_address(send, far, named, dead, way):
    with contextlib.ExitStack() as stack:
        if way == "hangs":
            stack.enter_context(Sink(accepts=False, host=dead, port=far.port))
        url = f"https://footfall.test:{far.port}/v1/events"
        assert send({}, "--deadline", "5", endpoint=url, namespace=named(dead, "127.0.0.1"))


@as_root
def test_a_name_that_has_none(send, far, named):
    assert not send({}, endpoint=f"https://nowhere.invalid:{far.port}/v1/events", namespace=["unshare", "-n", *named()])


@as_root
def test_ipv6_alone(make_case, pki, named):
    """A network without any address of the old kind."""
    quiet = 'ip link set lo up && ip addr del 127.0.0.1/8 dev lo && echo && exec sleep 60'
    holder = subprocess.Popen(["unshare", "-n", "sh", "-c", quiet], stdout=subprocess.PIPE)
    try:
        holder.stdout.readline()
        made = []
        thread = threading.Thread(target=lambda: made.append(enter_and_listen(holder.pid, pki)))
        thread.start()
        thread.join()
        with made[0] as far:
            case = make_case(far)
            words = case.words("install_start", "--cacert", pki.ca, endpoint=f"https://footfall.test:{far.port}/v1/events")
            case.run(["nsenter", "-t", holder.pid, "-n", *named("::1"), *words]).assert_unnoticed()
            assert wait_for(lambda: far.labels == ["install_start"])
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()


def enter_and_listen(pid, pki):
    """Only this thread is in that network from now on, and what it listens on."""
    with open(f"/proc/{pid}/ns/net") as namespace:
        assert ctypes.CDLL(None).setns(namespace.fileno(), 0) == 0
    return Sink(tls=pki, host="::1")
