"""The mailbox of the self-contained demo: what would have been mailed, with links that work."""

import re
from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template
from markupsafe import Markup, escape

from portal.features.mail.service import outbox
from portal.jobs.contract import Tools
from portal.kernel.errors import NotFound
from portal.web.directories import HostFirm
from portal.web.render import render
from portal.web.security import public

_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)]")
AS_MAIL = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""Mails carry their style in attributes, which no page of the portal may: this one answer allows it, and nothing else."""


@get("/_mail", guards=[public], include_in_schema=False)
async def mailbox_page(
    request: HTMXRequest, tools: NamedDependency[Tools], firm: NamedDependency[HostFirm]
) -> Template:
    """The mails of this host's firm, newest first."""
    mails = await outbox.outbox(tools.settings, firm.firm_id)
    if mails is None:
        raise NotFound
    return render(request, "pages/mail/mailbox.html", mails=mails)


@get("/_mail/{name:str}", guards=[public], include_in_schema=False)
async def mail_page(
    request: HTMXRequest, name: FromPath[str], tools: NamedDependency[Tools], firm: NamedDependency[HostFirm]
) -> Template:
    """One mail: its text, with clickable links."""
    mail = await outbox.outbox_mail(tools.settings, firm.firm_id, name)
    if mail is None:
        raise NotFound
    answer = render(request, "pages/mail/mail.html", mail=mail, text=_with_links(mail.text))
    answer.headers["referrer-policy"] = "no-referrer"
    return answer


@get("/_mail/{name:str}/html", guards=[public], include_in_schema=False)
async def mail_as_sent(
    name: FromPath[str], tools: NamedDependency[Tools], firm: NamedDependency[HostFirm]
) -> Response[Any]:
    """The HTML part as a mail program shows it."""
    mail = await outbox.outbox_mail(tools.settings, firm.firm_id, name)
    if mail is None:
        raise NotFound
    return Response(
        mail.html,
        media_type="text/html",
        headers={"content-security-policy": AS_MAIL, "referrer-policy": "no-referrer"},
    )


def _with_links(text: str) -> Markup:
    place, parts = 0, list[Markup]()
    for found in _LINK.finditer(text):
        parts.append(escape(text[place : found.start()]))
        parts.append(Markup('<a href="{0}">{0}</a>').format(found[0]))
        place = found.end()
    parts.append(escape(text[place:]))
    return Markup("").join(parts)


ROUTES: list[Any] = [mailbox_page, mail_page, mail_as_sent]
