"""Builders around invitations: an invited entrepreneur, the link in a mail, an activation through the pages."""

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import httpx

from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import opening
from portal.features.onboarding.service import invitations
from portal.kernel.actor import Actor
from portal.kernel.language import Language
from tests.support.builders import PASSWORD
from tests.support.world import World

LINK = re.compile(r"https?://[^\s<>\"]+")


def mails(world: World, firm_id: Any = None) -> list[EmailMessage]:
    """What lies in the outbox, oldest first; of one firm when it is named."""
    paths = sorted(
        (world.folder / "outbox").rglob("*.eml"), key=lambda path: (path.name[:15], path.stat().st_mtime_ns)
    )
    return [
        message_from_bytes(path.read_bytes(), _class=EmailMessage, policy=SMTP)
        for path in paths
        if firm_id is None or path.parent.name == str(firm_id)
    ]


def text_of(mail: EmailMessage) -> str:
    """Its text part."""
    part = mail.get_body(("plain",))
    assert part is not None
    return part.get_content()


def link_in(mail: EmailMessage, path: str) -> str:
    """The path and query of the first link that leads to `path`."""
    found = next(link for link in LINK.findall(text_of(mail)) if path in link)
    return "/" + found.split("/", 3)[3]


async def an_invitation(
    world: World,
    actor: Actor,
    dossier: Dossier,
    email: str = "bert@claes.example",
    name: str = "Bert Claes",
    language: Language = Language.EN,
) -> str:
    """Invite and let the mail leave; gives the path of the one-time link."""
    async with opening.dossier(world.tools.database, actor, dossier.id) as (session, found):
        await invitations.invite(session, actor, found, email=email, name=name, language=language)
    await world.run_jobs()
    return link_in(mails(world, dossier.firm_id)[-1], "/activate/")


async def activate(client: httpx.AsyncClient, path: str, **changes: str) -> httpx.Response:
    """Fill the form behind a one-time link in and send it."""
    page = await client.get(path)
    assert page.status_code == 200, page.text
    form = {
        "name": "Bert Claes",
        "language": "en",
        "password": PASSWORD,
        "csrf_token": token_in(page),
        **changes,
    }
    return await client.post(path, data=form)


def token_in(page: httpx.Response) -> str:
    """The token that the forms of a page carry."""
    return page.text.partition('name="csrf-token" content="')[2].partition('"')[0]


async def touch(client: httpx.AsyncClient, path: str) -> None:
    """Open a one-time link and do something at its page, as a person does."""
    token = token_in(await client.get(path))
    said = await client.post(f"{path}/opened", headers={"x-csrf-token": token})
    assert said.status_code == 204, said.text
