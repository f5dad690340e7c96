"""From a message's templates to a finished mail: the firm's brand, the reader's language, no vendor's name anywhere."""

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import jinja2

from portal.config import Settings
from portal.db.session import ReadSession
from portal.features.branding import service as branding
from portal.features.mail.domain import MESSAGE, Content, Letter, one_line
from portal.features.mail.models import MailMessage
from portal.features.parties import service as parties
from portal.features.parties.models import Firm
from portal.jobs.contract import Tools
from portal.kernel.addresses import mailable
from portal.kernel.language import use_language
from themes.css import Scheme, derive
from themes.environment import TEMPLATES
from themes.plates import on_plate

LOGO = "logo"
"""Content-ID of the firm's logo within a mail."""
LOGO_WIDTH, LOGO_HEIGHT = 280, 56
"""Pixels of it, at most, with the plate it stands on."""


@dataclass(frozen=True, slots=True)
class Stationery:
    """What every mail of a firm carries: who writes, from where, in which colours."""

    firm: Firm
    host: str
    origin: str
    colours: Scheme
    dark: Scheme
    logo: bytes | None


async def stationery(session: ReadSession, settings: Settings, firm_id: UUID) -> Stationery:
    """A firm's, from its published house style; links begin with its own main host.

    Raises:
        NotFound: the firm has no active host.
    """
    firm = await parties.firm(session, firm_id)
    host = await branding.main_host(session, firm_id)
    style = await branding.published(session, firm_id)
    palette = derive(branding.brand_of(firm.name, style))
    origin = settings.origin(host)
    return Stationery(firm, host, origin, palette.light, palette.dark, style.logo if style else None)


def check_message(message: str) -> None:
    """A message that nobody wrote is a fault of the program, found when it is asked for and not when it should leave.

    Raises:
        LookupError: there is no such folder.
    """
    if not MESSAGE.fullmatch(message) or not (TEMPLATES / "mail" / message / "subject.txt").is_file():
        raise LookupError(message)


@lru_cache(maxsize=4)
def _plain(templates: jinja2.Environment) -> jinja2.Environment:
    # Text parts are not HTML: a name with an apostrophe stays as it is.
    return templates.overlay(autoescape=False)


def compose(tools: Tools, paper: Stationery, mail: MailMessage, content: Content, *, job_id: UUID) -> Letter:
    """Render one mail in its reader's language.

    Raises:
        jinja2.UndefinedError: the context lacks a value that the templates ask for.
    """
    logo, width, height = _logo(paper)
    name, address = content.recipient or (mail.to_name, mail.to_email)
    context: dict[str, Any] = {
        **content.context,
        "firm": paper.firm,
        "origin": paper.origin,
        "colours": paper.colours,
        "dark": paper.dark,
        "logo": f"cid:{LOGO}@{paper.host}" if logo else None,
        "logo_width": width,
        "logo_height": height,
        "to_name": name,
        "language": mail.language.value,
    }
    plain, folder = _plain(tools.templates), f"mail/{mail.message}"
    with use_language(mail.language):
        subject = one_line(plain.get_template(f"{folder}/subject.txt").render(context))
        context["subject"] = subject
        text = plain.get_template(f"{folder}/body.txt").render(context)
        html = tools.templates.get_template(f"{folder}/body.html").render(context)
    sender = sender_address(tools.settings, paper.host)
    letter = EmailMessage(policy=SMTP)
    letter["From"] = Address(display_name=one_line(paper.firm.name), addr_spec=sender)
    address = mailable(address) or address
    letter["To"] = Address(display_name=one_line(name), addr_spec=address)
    answers = mailable(paper.firm.email) or paper.firm.email
    letter["Reply-To"] = Address(display_name=one_line(paper.firm.name), addr_spec=answers)
    letter["Subject"] = subject
    letter["Date"] = format_datetime(_whole_seconds(tools.clock.now()))
    # A retry of the same job has the same id: the receiving side recognises it.
    letter["Message-ID"] = f"<{job_id}{'.' + content.edition if content.edition else ''}@{paper.host}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(text.strip() + "\n", cte="quoted-printable")
    letter.add_alternative(html, subtype="html", cte="quoted-printable")
    letter["Content-Language"] = mail.language.value  # last: setting the content clears such headers
    if logo:
        body = letter.get_payload()[1]  # type: ignore[index] - the standard library's types of mail parts are too wide
        body.add_related(  # type: ignore[union-attr] - the standard library's types of mail parts are too wide
            logo, maintype="image", subtype="png", cid=f"<{LOGO}@{paper.host}>", filename="logo.png"
        )
    stamp = mail.created_at.strftime("%Y%m%dT%H%M%S")
    return Letter(sender, address, letter, f"{stamp}-{mail.id}.eml")


def _logo(paper: Stationery) -> tuple[bytes | None, int, int]:
    """The firm's logo on a plate of its own, and the size at which a mail shows it."""
    if not paper.logo:
        return None, 0, 0
    picture, ratio = on_plate(paper.logo, paper.colours.bar)
    height = min(LOGO_HEIGHT, round(LOGO_WIDTH / ratio))
    return picture, round(height * ratio), height


def sender_address(settings: Settings, host: str) -> str:
    """The address mails come from: `?from=` of the mail setting, else no-reply at the firm's main host.

    Answers go to the firm's own address (Reply-To).
    """
    given = parse_qs(urlsplit(settings.mail_url).query).get("from", [""])[0]
    return given or f"no-reply@{host}"


def _whole_seconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
