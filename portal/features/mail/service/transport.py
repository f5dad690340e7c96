"""The ways a mail leaves: an SMTP server, or a folder of files (`outbox:///folder`) in demos and tests.

smtp://user:password@host:587       STARTTLS is required, except for a server on this very machine
smtp://host:25?tls=optional         STARTTLS where the server offers it
smtps://user:password@host:465      TLS from the first byte
…?from=post@example.org             the address mails come from
"""

import asyncio
import contextlib
import os
import tempfile
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit
from uuid import UUID

import aiosmtplib

from portal.features.mail.domain import Letter, NotNow, Refused
from portal.kernel.language import N_
from portal.kernel.parts import MAIL, PARTS

TIMEOUT = 20.0
"""Seconds for connecting, and for every answer of the server."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")
NOT_ACCEPTED = N_("The receiving mail server does not accept this address.")
NOT_POSSIBLE = N_("The mail server refused this mail.")
SERVER_AWAY = N_("The mail server is away; it is tried again.")


async def hand_over(mail_url: str, firm_id: UUID, letter: Letter) -> None:
    """Let a mail leave.

    Raises:
        Refused: it will never be taken.
        NotNow: the server is away or busy.
    """
    parts = urlsplit(mail_url)
    if parts.scheme == "outbox":
        await asyncio.to_thread(_keep, outbox_of(mail_url, firm_id), letter)
    else:
        await _send(parts, letter)
    PARTS.back(MAIL)


def outbox_of(mail_url: str, firm_id: UUID) -> Path:
    """The folder with the mails of one firm."""
    return Path(unquote(urlsplit(mail_url).path)) / str(firm_id)


def _keep(folder: Path, letter: Letter) -> None:
    # Written under another name and renamed: a reader never meets half a mail, a retry replaces the first try.
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(letter.message.as_bytes())
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(folder / letter.file_name)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
            raise
    except OSError as error:
        PARTS.away(MAIL, error)
        raise NotNow(SERVER_AWAY) from error


async def _send(parts: SplitResult, letter: Letter) -> None:
    options = parse_qs(parts.query)
    host = parts.hostname or "localhost"
    secure = parts.scheme == "smtps"
    optional = options.get("tls", [""])[0] == "optional" or host in LOOPBACK
    try:
        await aiosmtplib.send(
            letter.message,
            sender=letter.sender,
            recipients=[letter.recipient],
            hostname=host,
            port=parts.port or (465 if secure else 587),
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            use_tls=secure,
            start_tls=False if secure else (None if optional else True),
            timeout=TIMEOUT,
        )
    except aiosmtplib.SMTPRecipientsRefused as error:
        answers = list(error.recipients)
        if answers and all(_for_ever(answer.code) for answer in answers):
            raise Refused(NOT_ACCEPTED) from None
        raise NotNow(SERVER_AWAY) from None
    except aiosmtplib.SMTPDataError as error:
        if _for_ever(error.code):
            raise Refused(NOT_POSSIBLE) from None
        raise NotNow(SERVER_AWAY) from None
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        PARTS.away(MAIL, error)
        # Wrong credentials and a refused sender too: settings can be corrected, the mail waits meanwhile.
        raise NotNow(SERVER_AWAY) from None


def _for_ever(code: int) -> bool:
    return 500 <= code < 600
