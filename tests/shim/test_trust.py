"""Whom it trusts: HTTPS verified, TLS 1.2 or newer, and where the anchors come from (contract 5)."""

import os
import ssl

import pytest
from shim_lab import SHIM, wait_for
from sink import Sink

BUNDLES = "/etc/ssl /etc/pki /usr/local/share/certs /usr/local/etc/ssl /etc/certs"
as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can mount")


def attempt(make_case, sink, *options, env=None, namespace=(), endpoint=None, shim=None):
    """Delivered or not; in either case nobody notices."""
    case = make_case(sink)
    case.run([*namespace, *case.words("install_start", *options, endpoint=endpoint, shim=shim)], env).assert_unnoticed()
    assert case.wait_until_gone()
    assert len(sink.requests) <= 1 and sink.connections <= 1
    return len(sink.requests) == 1


def refused(make_case, sink, *options, **more):
    delivered = attempt(make_case, sink, *options, **more)
    return not delivered and sink.connections == 1 and wait_for(lambda: sink.failed_handshakes == 1)


@pytest.mark.parametrize("version, name", [(None, "TLSv1.3"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3"),
                                           (ssl.TLSVersion.TLSv1_2, "TLSv1.2")])
@pytest.mark.parametrize("certificate", ["good", "rsa", "chained"])
def test_a_server_vouched_for(make_case, pki, version, name, certificate):
    with Sink(tls=pki, version=version, certificate=certificate) as sink:
        assert attempt(make_case, sink, "--cacert", pki.ca)
        assert sink.requests[0].tls == name


@pytest.mark.parametrize("certificate", ["self-signed", "expired", "wrong-name", "unchained", "by-a-leaf"])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_not_vouched_for(make_case, pki, certificate, version):
    with Sink(tls=pki, certificate=certificate, version=version) as sink:
        assert not attempt(make_case, sink, "--cacert", pki.ca)
        assert sink.connections == 1


def test_an_old_version_of_tls_is_refused(make_case, pki):
    with Sink(tls=pki, version=ssl.TLSVersion.TLSv1_1) as sink:
        assert refused(make_case, sink, "--cacert", pki.ca)


def test_another_authority_is_not_enough(make_case, pki):
    with Sink(tls=pki) as sink:
        assert refused(make_case, sink)


def test_a_certificate_can_be_its_own_anchor(make_case, pki):
    with Sink(tls=pki, certificate="self-signed") as sink:
        assert attempt(make_case, sink, "--cacert", pki.folder / "self-signed.pem")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_names_and_addresses(make_case, pki, host):
    with Sink(tls=pki, host="::1" if host == "[::1]" else "127.0.0.1") as sink:
        assert attempt(make_case, sink, "--cacert", pki.ca, endpoint=f"https://{host}:{sink.port}/v1/events")


def test_the_environment_names_the_anchors(make_case, pki):
    with Sink(tls=pki) as sink:
        assert attempt(make_case, sink, env={"SSL_CERT_FILE": pki.ca})


def test_an_empty_variable_names_none(make_case, pki):
    with Sink(tls=pki) as sink:
        assert refused(make_case, sink, env={"SSL_CERT_FILE": ""})


def test_the_flag_wins_over_the_environment(make_case, pki):
    with Sink(tls=pki) as sink:
        assert attempt(make_case, sink, "--cacert", pki.ca, env={"SSL_CERT_FILE": "/nowhere"})


def test_a_relative_name(make_case, pki):
    with Sink(tls=pki) as sink:
        case = make_case(sink)
        case.emit("install_start", "--cacert", "ca.pem", cwd=pki.folder).assert_unnoticed()
        assert wait_for(lambda: sink.requests)


def test_the_right_anchor_among_many(make_case, pki, folder):
    bundle = folder / "bundle.pem"
    system = open("/etc/ssl/certs/ca-certificates.crt").read()
    bundle.write_text(system + "# ours\r\n" + pki.ca.read_text().replace("\n", "\r\n") + system)
    with Sink(tls=pki) as sink:
        assert attempt(make_case, sink, "--cacert", bundle)


@pytest.mark.parametrize("kind", ["missing", "empty", "text", "cut", "broken", "folder", "fifo", "key", "huge"])
@pytest.mark.parametrize("way", ["--cacert", "SSL_CERT_FILE"])
def test_anchors_that_are_none(make_case, pki, folder, kind, way):
    """Named anchors that cannot be used are never made up for by others."""
    file = folder / "anchors.pem"
    pem = pki.ca.read_text()
    if kind == "folder":
        file.mkdir()
    elif kind == "fifo":
        os.mkfifo(file)
    elif kind != "missing":
        file.write_text({"empty": "", "text": "hello\n" * 100, "cut": pem[:200], "broken": pem.replace("A", "!"),
                         "key": (pki.folder / "ca.key").read_text(), "huge": "#" * (5 << 20) + pem}[kind])
    with Sink(tls=pki) as sink:
        if way == "--cacert":
            assert not attempt(make_case, sink, way, file)
        else:
            assert not attempt(make_case, sink, env={way: file})
        assert sink.requests == []


@pytest.fixture
def namespace(folder):
    """Runs a command where the places of the distributions' bundles are empty, but for one file."""
    def words(place=None, bundle=None):
        script = f'for d in {BUNDLES}; do [ ! -d $d ] || mount -t tmpfs none $d || exit 1; done\n'
        if place:
            top = next(top for top in BUNDLES.split() if place.startswith(top))
            script += f"mkdir -p {top} && mount -t tmpfs none {top} && mkdir -p {os.path.dirname(place)} && cp {bundle} {place}\n"
        return ["unshare", "-m", "sh", "-c", script + 'exec "$@"', "sh"]
    return words


@as_root
@pytest.mark.parametrize("place", ["/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"])
def test_where_distributions_keep_them(make_case, pki, namespace, place):
    with Sink(tls=pki) as sink:
        assert attempt(make_case, sink, namespace=namespace(place, pki.ca))


@as_root
@pytest.mark.parametrize("bundle", [None, "/dev/null"], ids=["none", "empty"])
def test_without_any_the_built_in_roots_decide(make_case, pki, namespace, bundle):
    with Sink(tls=pki) as sink:
        place = "/etc/ssl/certs/ca-certificates.crt" if bundle else None
        assert refused(make_case, sink, namespace=namespace(place, bundle))


def body_of(der):
    """The signed part of a certificate, which is all that the shim keeps of its roots."""
    assert der[0] == 0x30 and der[1] == 0x82 and der[4] == 0x30 and der[5] == 0x82
    return der[4:8 + int.from_bytes(der[6:8], "big")]


@as_root
def test_the_built_in_roots_are_trusted(make_case, pki, namespace, folder):
    """In a copy of the shim where one of them, Let's Encrypt's, has been exchanged for the tests' authority."""
    with open("/usr/share/ca-certificates/mozilla/ISRG_Root_X1.crt") as file:
        root = ssl.PEM_cert_to_DER_cert(file.read())
    ours = ssl.PEM_cert_to_DER_cert(pki.ca.read_text())
    program = bytearray(SHIM.read_bytes())
    at = program.find(body_of(root)) - 4
    assert at > 0 and len(ours) < len(body_of(root))
    program[at:at + len(ours)] = ours
    shim = folder / "footfall"
    shim.write_bytes(program)
    shim.chmod(0o755)
    with Sink(tls=pki) as sink:
        assert attempt(make_case, sink, namespace=namespace(), shim=shim)
    with Sink(tls=pki) as sink:
        # Where there is a bundle, it alone counts.
        assert not attempt(make_case, sink, shim=shim)


@as_root
def test_strict_says_that_it_is_trust(make_case, pki, namespace):
    with Sink(tls=pki) as sink:
        case = make_case(sink)
        result = case.run([*namespace(), *case.words("install_start", "--strict")])
        assert result.status == 4 and b"certificate is not trusted" in result.err, result


@pytest.mark.parametrize("variable", ["CURL_CA_BUNDLE", "SSL_CERT_DIR", "SSLKEYLOGFILE", "OPENSSL_CONF"])
def test_no_other_variable_matters(make_case, pki, folder, variable):
    with Sink(tls=pki) as sink:
        value = folder / "keys" if variable == "SSLKEYLOGFILE" else pki.ca
        assert refused(make_case, sink, env={variable: value})
    assert not (folder / "keys").exists()
