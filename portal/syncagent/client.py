"""The contract as calls; every trouble becomes one of `errors`, by what one can do about it."""

import platform
import socket
import ssl
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import NoReturn, TypeVar
from urllib.parse import quote, urlsplit

import httpx
import msgspec

from portal.syncagent import VERSION, contract
from portal.syncagent.address import LoopbackTransport, is_loopback
from portal.syncagent.errors import (
    AgentError,
    AwayError,
    DeliveryFailedError,
    DeliveryGoneError,
    DeliveryUnavailableError,
    HostAwayError,
    RevokedError,
)
from portal.syncagent.texts import problem_words

T = TypeVar("T")
MAX_ANSWER = 32 << 20
MAX_WAIT = 3600.0
_TIMEOUT = httpx.Timeout(60.0, connect=15.0)
GONE = frozenset(
    {
        "delivery_archive_damaged",
        "delivery_code_clash",
        "delivery_confirmed",
        "delivery_not_found",
        "delivery_taken",
    }
)
"""Why there is nothing to do about a delivery any more, as far as we have a sentence for it."""
_TOO_EARLY, _EXPIRED = 9, 10  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED


class InterruptedDownloadError(Exception):
    """The line was cut; what came so far is kept."""


class Portal:
    """One portal. Not safe between threads.

    `skew`: seconds this computer's clock is ahead of the portal's, by the last answer's Date.
    """

    def __init__(
        self,
        url: str,
        token: str | None,
        now: Callable[[], datetime],
        *,
        verify: ssl.SSLContext | None = None,
    ) -> None:
        self.host = urlsplit(url).netloc
        self._now = now
        self.skew = 0.0
        headers = {
            "User-Agent": f"fidero-agent/{VERSION} ({describe_platform()})",
            "Accept": "application/json",
        }
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if verify is None:  # without TLS nothing is read from disk and nobody is trusted
            verify = trust() if url.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # An own transport also keeps the proxies of the environment away from this computer's own names.
        local = LoopbackTransport(verify=verify) if is_loopback(urlsplit(url).hostname or "") else None
        self._http = httpx.Client(
            base_url=url,
            headers=headers,
            timeout=_TIMEOUT,
            verify=verify,
            transport=local,
            follow_redirects=False,  # the token goes to the paired host only
        )

    def close(self) -> None:
        """Close the connections to the portal."""
        self._http.close()

    def pair(self, request: contract.PairRequest) -> contract.Paired:
        """Exchange a code for an identity.

        Raises:
            AgentError: `wrong_code`, `too_many_tries`; HostAwayError otherwise.
        """
        return self._call("POST", contract.PAIR, contract.Paired, request)

    def heartbeat(self, beat: contract.Heartbeat) -> contract.HeartbeatReply:
        """Tell the portal how this agent is.

        Raises:
            RevokedError, HostAwayError.
        """
        return self._call("POST", contract.HEARTBEAT, contract.HeartbeatReply, beat)

    def deliveries(self, *, wait: float = 0, mark: str = "") -> "Feed":
        """What waits for this agent, each still to be decoded: one that is odd must not hide the others.

        Args:
            wait: so many seconds the portal may keep the call until something else waits than `mark` stands for.

        Raises:
            RevokedError, HostAwayError.
        """
        asked = f"?wait={wait:.0f}&mark={quote(mark, safe='')}" if wait else ""
        return self._call("GET", contract.DELIVERIES + asked, Feed)

    def confirm(self, delivery_id: str, confirmation: contract.Confirmation) -> contract.Confirmed:
        """Hand in the proofs of a delivery.

        Raises:
            DeliveryGoneError, DeliveryFailedError, RevokedError, HostAwayError.
        """
        return self._call("POST", _of(delivery_id, "confirm"), contract.Confirmed, confirmation, delivery_id)

    def refuse(self, delivery_id: str, notice: contract.RefusalNotice) -> None:
        """Say why a delivery cannot be written.

        Raises:
            as `confirm`.
        """
        self._call("POST", _of(delivery_id, "refuse"), msgspec.Raw, notice, delivery_id)

    @contextmanager
    def bundle(self, delivery_id: str, headers: dict[str, str]) -> Generator["BundleAnswer"]:
        """The ZIP of a delivery as it comes in.

        Raises:
            InterruptedDownloadError: the line was cut after the answer began; as `confirm` otherwise.
        """
        headers = {**headers, "Accept": "application/zip", "Accept-Encoding": "identity"}
        with self._stream("GET", _of(delivery_id, "bundle"), headers=headers) as response:
            if response.status_code not in {200, 206, 416}:
                self._raise_for(response, delivery_id)
            yield BundleAnswer(response)

    def _call(
        self,
        method: str,
        path: str,
        kind: type[T],
        body: msgspec.Struct | None = None,
        delivery_id: str | None = None,
    ) -> T:
        content = None if body is None else msgspec.json.encode(body)
        headers = {} if body is None else {"Content-Type": "application/json"}
        try:
            with self._stream(method, path, content=content, headers=headers) as response:
                if response.status_code not in {200, 201}:
                    self._raise_for(response, delivery_id)
                data = _limited(response)
        except InterruptedDownloadError as error:
            raise HostAwayError("host_away", host=self.host, detail=error) from error
        try:
            return msgspec.json.decode(data, type=kind)
        except ValueError as error:
            kind_given = response.headers.get("Content-Type", "no content type")
            detail = f"{path}: {kind_given}, {error}"
            raise HostAwayError("no_portal", host=self.host, detail=detail) from error

    @contextmanager
    def _stream(
        self, method: str, path: str, *, headers: dict[str, str], content: bytes | None = None
    ) -> Generator[httpx.Response]:
        begun = False
        try:
            with self._http.stream(method, path, headers=headers, content=content) as response:
                begun = True
                self._note_clock(response)
                yield response
        except httpx.TransportError as error:
            if begun:
                raise InterruptedDownloadError(_reason(error)) from error
            raise self._away(error) from error
        except (httpx.InvalidURL, httpx.DecodingError, httpx.TooManyRedirects) as error:
            raise HostAwayError("no_portal", host=self.host, detail=_reason(error)) from error

    def _away(self, error: httpx.TransportError) -> AwayError:
        for cause in _causes(error):
            if isinstance(cause, ssl.SSLCertVerificationError):
                early_or_late = cause.verify_code in {_TOO_EARLY, _EXPIRED}
                return HostAwayError(
                    "certificate_time" if early_or_late else "certificate",
                    host=self.host,
                    detail=cause.verify_message,
                    now=self._now().strftime("%Y-%m-%d %H:%M UTC"),
                )
            if isinstance(cause, socket.gaierror):
                return HostAwayError("host_unknown", host=self.host)
        return HostAwayError("host_away", host=self.host, detail=_reason(error))

    def _note_clock(self, response: httpx.Response) -> None:
        try:
            portal = parsedate_to_datetime(response.headers["Date"])
            self.skew = (self._now() - portal).total_seconds()
        except (KeyError, ValueError, TypeError):  # no date, not a date, one without a zone
            return

    def _raise_for(self, response: httpx.Response, delivery_id: str | None) -> NoReturn:
        status = response.status_code
        problem = _problem(response)
        retry_after = _retry_after(response)
        detail = problem_words(status, problem.code if problem else "")
        if 300 <= status < 400:
            target = urlsplit(response.headers.get("Location", "")).netloc or "another page"
            raise HostAwayError("moved", host=self.host, target=target)
        if problem is not None:
            if status == 401:
                raise RevokedError("revoked", host=self.host)
            if problem.code == "wrong_code":
                raise AgentError("wrong_code")
            if status == 429:
                seconds = round(retry_after or 60)
                raise HostAwayError("too_many_tries", seconds=seconds, retry_after=retry_after)
            if status == 403:
                raise HostAwayError("forbidden", detail=detail)
            if delivery_id is not None and status in {404, 409, 410}:
                own = f"delivery_{problem.code}"
                key = own if own in GONE else "delivery_gone"
                raise DeliveryGoneError(key, delivery=delivery_id, detail=detail)
        if delivery_id is not None and problem is not None and status not in {408, 503}:
            raise DeliveryFailedError("delivery_failed", delivery=delivery_id, detail=detail)
        if delivery_id is not None:  # the portal answered a moment ago: this may be about this one delivery
            raise DeliveryUnavailableError("delivery_failed", delivery=delivery_id, detail=detail)
        if status in {408, 429} or status >= 500:
            raise HostAwayError("portal_error", detail=detail, retry_after=retry_after)
        raise HostAwayError("no_portal", host=self.host, detail=detail, retry_after=retry_after)


class BundleAnswer:
    """The beginning of a ZIP's download: what the headers say, then the bytes."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self.status = response.status_code
        self.etag = response.headers.get("ETag", "").removeprefix("W/").strip('"')
        self.content_type = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
        self.content_range = response.headers.get("Content-Range", "")

    def chunks(self) -> Iterator[bytes]:
        """The body in pieces, in bytes as they were sent."""
        return self._response.iter_raw()


class Feed(msgspec.Struct, frozen=True):
    """What waits, undecoded, and the portal's word for it."""

    deliveries: list[msgspec.Raw]
    mark: str = ""


def trust() -> ssl.SSLContext:
    """The authorities to trust: the known public ones and those of this system (an office's own)."""
    context = httpx.create_ssl_context()
    context.load_default_certs()
    return context


def describe_platform() -> str:
    """This system as people call it, in ASCII: `Windows 11`, `Linux 6.1.0`."""
    return f"{platform.system()} {platform.release()}".encode("ascii", "replace").decode("ascii")[:80].strip()


def _of(delivery_id: str, call: str) -> str:
    return f"{contract.DELIVERIES}/{delivery_id}/{call}"


def _limited(response: httpx.Response) -> bytes:
    data = bytearray()
    for chunk in response.iter_bytes():
        data += chunk
        if len(data) > MAX_ANSWER:
            raise InterruptedDownloadError("the answer is too long")
    return bytes(data)


def _problem(response: httpx.Response) -> contract.Problem | None:
    if "problem+json" not in response.headers.get("Content-Type", ""):
        return None
    try:
        return msgspec.json.decode(_limited(response), type=contract.Problem)
    except (ValueError, httpx.TransportError, InterruptedDownloadError):
        return None


def _retry_after(response: httpx.Response) -> float | None:
    value = response.headers.get("Retry-After", "")
    return min(float(value), MAX_WAIT) if value.isascii() and value.isdigit() else None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
