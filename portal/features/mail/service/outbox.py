"""Reading the outbox folder: the mailbox page of the demo."""

import asyncio
import base64
import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from portal.config import Settings
from portal.features.mail.service.transport import outbox_of

NAME = re.compile(r"\d{8}T\d{6}-[0-9a-f-]{36}", re.ASCII)
MOST = 200
"""The page shows so many of the newest."""


@dataclass(frozen=True, slots=True)
class OutboxMail:
    """One mail of the outbox as people see it."""

    name: str
    sender: str
    recipient: str
    subject: str
    sent_at: datetime
    text: str
    html: str


def is_open(settings: Settings) -> bool:
    """Whether there is a mailbox page at all: only in the self-contained demo, and only with an outbox folder."""
    return settings.embedded and urlsplit(settings.mail_url).scheme == "outbox"


async def outbox(settings: Settings, firm_id: UUID) -> list[OutboxMail] | None:
    """The newest mails of one firm, newest first; None where there is no mailbox page."""
    if not is_open(settings):
        return None
    return await asyncio.to_thread(_all, outbox_of(settings.mail_url, firm_id))


async def outbox_mail(settings: Settings, firm_id: UUID, name: str) -> OutboxMail | None:
    """One mail of one firm; None when there is none of that name."""
    if not is_open(settings) or not NAME.fullmatch(name):
        return None
    return await asyncio.to_thread(_one, outbox_of(settings.mail_url, firm_id) / f"{name}.eml")


def _all(folder: Path) -> list[OutboxMail]:
    if not folder.is_dir():
        return []
    names = sorted((path for path in folder.glob("*.eml") if NAME.fullmatch(path.stem)), reverse=True)
    return [mail for path in names[:MOST] if (mail := _one(path)) is not None]


def _one(path: Path) -> OutboxMail | None:
    try:
        letter = message_from_bytes(path.read_bytes(), _class=EmailMessage, policy=SMTP)
    except OSError:
        return None
    text, html = letter.get_body(("plain",)), letter.get_body(("html",))
    page = html.get_content() if html is not None else ""
    for part in letter.walk():
        content_id = str(part.get("Content-ID", "")).strip("<>")
        if content_id and part.get_content_type() == "image/png":
            picture = base64.b64encode(part.get_content()).decode()  # type: ignore[attr-defined] - the standard library's types of mail parts are too wide
            page = page.replace(f"cid:{content_id}", f"data:image/png;base64,{picture}")
    return OutboxMail(
        name=path.stem,
        sender=str(letter["From"]),
        recipient=str(letter["To"]),
        subject=str(letter["Subject"]),
        sent_at=parsedate_to_datetime(str(letter["Date"])),
        text=text.get_content() if text is not None else "",
        html=page,
    )
