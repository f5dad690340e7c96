"""Addresses, and certificates that are checked under the name a person typed."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from portal.syncagent.address import is_loopback, portal_url
from tests.unit.syncagent.simulator import Agent, Portal


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("noordzee.localhost:8000", "http://noordzee.localhost:8000"),
        ("localhost", "http://localhost"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("[::1]:8000", "http://[::1]:8000"),
        ("http://noordzee.localhost:8000/", "http://noordzee.localhost:8000"),
        ("https://noordzee.localhost", "https://noordzee.localhost"),
        ("my.kantoor.be", "https://my.kantoor.be"),
        (" https://My.Kantoor.be/ ", "https://my.kantoor.be"),
        ("https://kantoor.be:8443", "https://kantoor.be:8443"),
        ("bücher.example", "https://xn--bcher-kva.example"),
        ("192.0.2.7", "https://192.0.2.7"),
    ],
)
def test_an_address_as_people_type_it(typed: str, url: str) -> None:
    assert portal_url(typed) == url


@pytest.mark.parametrize(
    ("host", "answer"),
    [
        ("localhost", True),
        ("a.b.LOCALHOST", True),
        ("localhost.", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost.example", False),
        ("notlocalhost", False),
        ("10.0.0.1", False),
        ("example.be", False),
    ],
)
def test_what_is_this_computer_by_definition(host: str, answer: bool) -> None:
    assert is_loopback(host) is answer


def certificate(folder: Path, name: str, *, days: int) -> Path:
    """A certificate for `name` that signs itself, valid for `days` (negative: expired), with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "portal.pem"
    path.write_bytes(
        built.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


@pytest.fixture
def secure(portal: Portal, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """The portal with TLS; the path of its certificate."""
    path = certificate(tmp_path, **request.param)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    assert portal.server is not None
    plain = portal.server.socket
    portal.server.socket = context.wrap_socket(plain, server_side=True)
    portal.url = f"https://{portal.url}"
    yield path
    portal.server.socket.close()


NAME = "noordzee.localhost"


@pytest.mark.parametrize("secure", [{"name": NAME, "days": 30}], indirect=True)
def test_a_trusted_certificate_is_checked_under_the_name_that_only_browsers_know(
    unpaired: Agent, portal: Portal, secure: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(secure))
    assert unpaired.pair(portal) == 0
    portal.offer({"CODA/a.cod": b"a"})
    assert unpaired.once() == 0


@pytest.mark.parametrize("secure", [{"name": NAME, "days": 30}], indirect=True)
def test_a_certificate_nobody_vouches_for_is_refused(unpaired: Agent, portal: Portal, secure: Path) -> None:
    assert unpaired.pair(portal) == 5
    assert "is not trusted" in unpaired.said
    assert portal.pairings == []


@pytest.mark.parametrize("secure", [{"name": "ardennes.localhost", "days": 30}], indirect=True)
def test_a_certificate_of_another_name_is_refused(
    unpaired: Agent, portal: Portal, secure: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(secure))
    assert unpaired.pair(portal) == 5
    assert "is not trusted" in unpaired.said


@pytest.mark.parametrize("secure", [{"name": NAME, "days": -3}], indirect=True)
def test_an_expired_certificate_points_at_the_clock(
    unpaired: Agent, portal: Portal, secure: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(secure))
    assert unpaired.pair(portal) == 5
    assert "Check this computer's clock" in unpaired.said
