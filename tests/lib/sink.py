"""A recording HTTP and HTTPS server on loopback, as well-behaved or as hostile as a test wants it.

    with Sink() as sink: ...                          answers 204
    with Sink(tls=pki) as sink: ...                   HTTPS, sink.url says so
    with Sink(answer=status(503)) as sink: ...        what happens once a request has been read
    with Sink(greet=reset) as sink: ...               what happens instead of reading one

sink.requests holds every request whose head arrived, sink.connections how often somebody connected.
"""

import contextlib
import json
import socket
import ssl
import struct
import subprocess
import threading
import time
import warnings


class Pki:
    """A throw-away authority, and certificates of every kind made under it; they live for a day."""

    def __init__(self, folder):
        self.folder = folder
        self.ca = folder / "ca.pem"
        self._key("ca")
        self._openssl("req", "-x509", "-key", "ca.key", "-out", "ca.pem", "-days", "1", "-subj", "/CN=Test authority")
        (folder / "index.txt").write_text("")
        (folder / "ca.cnf").write_text(
            "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nnew_certs_dir=.\nrand_serial=yes\ndefault_md=sha256\n"
            "policy=p\nunique_subject=no\ncopy_extensions=copy\n[p]\ncommonName=supplied\n")
        self.contexts = {}

    def _openssl(self, *words):
        subprocess.run(["openssl", *words], check=True, cwd=self.folder, capture_output=True)

    def _key(self, name):
        kind = ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"] if name == "rsa" else ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
        self._openssl("genpkey", "-algorithm", *kind, "-out", f"{name}.key")

    def _sign(self, kind, extensions, signer="ca", dates=("-days", "1")):
        """kind.pem: a certificate with these extensions, by the authority or by whoever signs."""
        self._key(kind)
        self._openssl("req", "-new", "-key", f"{kind}.key", "-out", f"{kind}.csr", "-subj", f"/CN={kind}",
                      *(word for extension in extensions for word in ("-addext", extension)))
        self._openssl("ca", "-batch", "-config", "ca.cnf", "-cert", f"{signer}.pem", "-keyfile", f"{signer}.key",
                      "-notext", "-in", f"{kind}.csr", "-out", f"{kind}.pem", *dates)

    def _certificate(self, kind):
        """One of: good, rsa, expired, wrong-name, self-signed, chained (its intermediate comes along),
        unchained (it does not), by-a-leaf (signed by who may not sign)."""
        names = "DNS:elsewhere.example" if kind == "wrong-name" else "DNS:localhost,DNS:footfall.test,IP:127.0.0.1,IP:::1"
        names = [f"subjectAltName={names}"]
        if kind == "self-signed":
            self._key(kind)
            self._openssl("req", "-x509", "-key", f"{kind}.key", "-out", f"{kind}.pem", "-days", "1",
                          "-subj", "/CN=leaf", "-addext", *names)
        elif kind in ("chained", "unchained", "by-a-leaf"):
            signer = f"{kind}-signer"
            self._sign(signer, names if kind == "by-a-leaf" else ["basicConstraints=critical,CA:TRUE"])
            self._sign(kind, names, signer)
            if kind != "unchained":
                with open(self.folder / f"{kind}.pem", "a") as file:
                    file.write((self.folder / f"{signer}.pem").read_text())
        else:
            past = ["-startdate", "200101000000Z", "-enddate", "200201000000Z"]
            self._sign(kind, names, dates=past if kind == "expired" else ["-days", "1"])

    def context(self, kind="good", version=None):
        """For a server with a certificate of that kind that speaks this version of TLS alone, or any."""
        if (kind, version) not in self.contexts:
            if not (self.folder / f"{kind}.pem").exists():
                self._certificate(kind)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.folder / f"{kind}.pem", self.folder / f"{kind}.key")
            if version is not None:
                context.set_ciphers("ALL:@SECLEVEL=0")
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", DeprecationWarning)  # old versions are what is wanted here
                    context.minimum_version = ssl.TLSVersion.TLSv1_1
                    context.maximum_version = context.minimum_version = version
            self.contexts[kind, version] = context
        return self.contexts[kind, version]


class Request:
    """One request as it came off the wire."""

    def __init__(self, head, body, tls):
        self.head, self.body, self.tls, self.time = head, body, tls, time.monotonic()

    @property
    def line(self):
        return self.head.split(b"\r\n", 1)[0].decode()

    @property
    def headers(self):
        """Names and values in the order they came."""
        lines = self.head.decode().split("\r\n")[1:]
        return [tuple(line.split(": ", 1)) for line in lines if line]

    @property
    def event(self):
        return json.loads(self.body)

    @property
    def label(self):
        return self.event["event_label"]


# ---- answers: what to do with a connection once its request has been read ----


def status(number, *headers, body=b""):
    def answer(sink, connection):
        lines = [f"HTTP/1.1 {number} Whatever", *headers]
        if number != 204:
            lines.append(f"Content-Length: {len(body)}")
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
    return answer


def redirect(sink, connection):
    status(302, f"Location: {sink.url}/elsewhere")(sink, connection)


def silence(sink, connection):
    """Holds the connection and says nothing: before a request or after it."""
    sink.closing.wait(120)


def reset(sink, connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def garbage(sink, connection):
    connection.sendall(bytes(range(256)) * 16)


def drip(sink, connection):
    for byte in b"HTTP/1.1 204 No Content\r\n" + b"X-Slow: yes\r\n" * 10000:
        connection.sendall(bytes([byte]))
        if sink.closing.wait(0.1):
            return


def endless_body(sink, connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while not sink.closing.is_set():
        sink.sent += connection.send(b"x" * 65536)


def steady_body(sink, connection):
    """Slowly enough that what is sent is what is read, but for a moment's worth."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while not sink.closing.wait(0.02):
        sink.sent += connection.send(b"x" * 512)


def big_body(sink, connection):
    """100 MB, announced as such."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n")
    for _ in range(1600):
        sink.sent += connection.send(b"x" * 65536)


def header_flood(sink, connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while not sink.closing.is_set():
        sink.sent += connection.send(b"X-Flood: " + b"y" * 4000 + b"\r\n")


class Sink:
    """The server; up from the first line of a `with` to its end."""

    def __init__(self, answer=status(204), greet=None, tls=None, certificate="good", version=None,
                 host="127.0.0.1", port=0, accepts=True):
        self.answer, self.greet, self.host, self.accepts = answer, greet, host, accepts
        self.context = tls.context(certificate, version) if tls else None
        self.requests, self.connections, self.sent, self.failed_handshakes = [], 0, 0, 0
        self.closing = threading.Event()
        self.fillers = []
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # A backlog of nothing, filled up below, is how a server that never accepts looks.
        self.listener = socket.create_server((host, port), family=family, backlog=512 if accepts else 0)
        self.port = self.listener.getsockname()[1]
        self.name = f"[{host}]" if ":" in host else host

    @property
    def url(self):
        return f"{'https' if self.context else 'http'}://{self.name}:{self.port}/v1/events"

    @property
    def labels(self):
        return [request.label for request in list(self.requests)]

    def __enter__(self):
        if self.accepts:
            self.thread = threading.Thread(target=self._serve, daemon=True)
            self.thread.start()
        else:
            self._fill()
        return self

    def __exit__(self, *_):
        self.closing.set()
        if self.accepts:
            # Wakes the accept() that close() alone would leave asleep.
            with contextlib.suppress(OSError):
                self.listener.shutdown(socket.SHUT_RDWR)
            self.thread.join(5)
        self.listener.close()
        for filler in self.fillers:
            filler.close()

    def _fill(self):
        for _ in range(4):
            filler = socket.socket(self.listener.family, socket.SOCK_STREAM)
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect((self.host, self.port))
            self.fillers.append(filler)

    def _serve(self):
        while not self.closing.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._handle, args=(connection,), daemon=True).start()

    def _handle(self, connection):
        connection.settimeout(120)
        with contextlib.suppress(OSError), connection:
            if self.greet is not None:
                self.greet(self, connection)
                return
            if self.context is None:
                self._converse(connection)
                return
            try:
                secure = self.context.wrap_socket(connection, server_side=True)
            except OSError:
                self.failed_handshakes += 1
                raise
            with secure:
                self._converse(secure)

    def _converse(self, connection):
        data = b""
        while True:
            head, end, rest = data.partition(b"\r\n\r\n")
            if end and len(rest) >= self._length(head):
                break
            more = connection.recv(65536)
            if not more:
                break
            data += more
        if not data:
            return
        version = connection.version() if self.context else None
        self.requests.append(Request(head, rest, version))
        self.answer(self, connection)

    @staticmethod
    def _length(head):
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                return int(value)
        return 0


def tunnel(sink, connection):
    """An answer that makes the sink a proxy: CONNECT, and from then on whatever the two sides say."""
    host, _, port = sink.requests[-1].line.split()[1].rpartition(":")
    with socket.create_connection((host.strip("[]"), int(port))) as far:
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        back = threading.Thread(target=_pump, args=(far, connection), daemon=True)
        back.start()
        _pump(connection, far)
        back.join(10)


def _pump(source, target):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
