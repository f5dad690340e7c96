"""Mail: what a message is, when it is tried again, what an address looks like. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage

from portal.kernel.texts import line

MESSAGE = re.compile(r"[a-z][a-z_]{1,40}", re.ASCII)
"""A message is a folder of that name in themes/templates/mail, holding subject.txt, body.txt and body.html."""
KEEP_TRYING = timedelta(hours=24)
"""A server that is away is tried for a day; then the mail has failed."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a mail's templates are filled with, known only while it is being sent.

    Attributes:
        context: the values; they may hold a one-time link, so they are never stored or logged.
        edition: differs where a retry says something else (a new one-time link), so that mail programs, which drop a second
            mail with the same Message-ID, show the newer one too. Empty for mails that always say the same.
        recipient: name and address, where the sending firm may not know them (the row of the mail has none then).
    """

    context: dict[str, object]
    edition: str = ""
    recipient: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """A finished mail: what goes into the envelope, and the bytes."""

    sender: str
    recipient: str
    message: EmailMessage
    file_name: str


class Refused(Exception):
    """The receiving side will never take this mail; `why` is for people (no server text with addresses of others)."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class NotNow(Exception):
    """The mail server is away or busy; `why` names the kind of fault."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def one_line(text: str, longest: int = 200) -> str:
    """A text fit for a header: one line, nothing hidden."""
    return line(text)[:longest]


def pause_before_retry(created_at: datetime, now: datetime) -> float | None:
    """Seconds until a mail whose server was away is tried again; None when a day has passed.

    The pause grows with the mail's age: 10 seconds at first, an hour at most.
    """
    age = now - created_at
    if age >= KEEP_TRYING:
        return None
    return min(3600.0, max(10.0, age.total_seconds() / 2))
