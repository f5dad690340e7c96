"""The portal's address, and the way to names that only browsers know."""

import ipaddress
import re
from urllib.parse import urlsplit

import httpx

from portal.syncagent.errors import AgentError

LOOPBACK = "127.0.0.1"
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(\.{_LABEL})*")


def portal_url(text: str) -> str:
    """Scheme, host and port of what a person typed: `my.office.be`, `https://my.office.be/`, `x.localhost:80`.

    Without a scheme it is https, and http for names of this computer. Names outside ASCII become their IDNA
    form.

    Raises:
        AgentError: `bad_host`, `plain_http`.
    """
    typed = text.strip()
    try:
        parts = urlsplit(typed if "://" in typed else f"//{typed}")
        host, port = parts.hostname or "", parts.port
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    except ValueError as error:  # UnicodeError is one
        raise AgentError("bad_host", host=text) from error
    extra = parts.username or parts.password or parts.query or parts.fragment or parts.path not in {"", "/"}
    if extra or not (_HOST.fullmatch(host) or _is_address(host)) or parts.scheme not in {"", "http", "https"}:
        raise AgentError("bad_host", host=text)
    scheme = parts.scheme or ("http" if is_loopback(host) else "https")
    if scheme == "http" and not is_loopback(host):
        raise AgentError("plain_http", host=host)
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}" + (f":{port}" if port else "")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether a name or address is this computer by definition (RFC 6761: `localhost` and names below it)."""
    if _is_address(host):
        return ipaddress.ip_address(host).is_loopback
    return f".{host.lower().rstrip('.')}".endswith(".localhost")


class LoopbackTransport(httpx.HTTPTransport):
    """Connects to this computer for `*.localhost`, which browsers know and system resolvers do not.

    The Host header stays, and TLS still asks for (and checks) the name.
    """

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to 127.0.0.1 in the name of its host."""
        host = request.url.host
        if _is_address(host):
            return super().handle_request(request)
        return super().handle_request(
            httpx.Request(
                request.method,
                request.url.copy_with(host=LOOPBACK),
                headers=request.headers,
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": host},
            )
        )
