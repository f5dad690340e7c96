"""Mail: rendered in the reader's language and the firm's brand, sent once, never with a secret in a row."""

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller

from portal.features.mail.models import MailMessage, MailState
from portal.features.mail.service import delivery
from portal.features.parties.models import Firm
from portal.jobs.models import JobRow
from portal.kernel.actor import Actor, Door
from portal.kernel.errors import Invalid
from portal.kernel.ids import FirmId
from portal.kernel.language import Language
from tests.support.builders import a_firm
from tests.support.builders_dossiers import mails, text_of
from tests.support.servers import Servers
from tests.support.world import World, new_world

ACTIVATED = {"person": "Bert Claes", "company": "Bakkerij Peeters", "dossier_id": "1"}


def someone(firm: Firm) -> Actor:
    return Actor(door=Door.PAGE, name="An", firm_id=FirmId(firm.id), host_firm_id=FirmId(firm.id))


async def a_mail(world: World, firm: Firm, **changes: Any) -> Any:
    values: dict[str, Any] = {
        "message": "activated",
        "to_email": "an@noordzee.example",
        "to_name": "An",
        "language": Language.EN,
        "context": ACTIVATED,
        **changes,
    }
    async with world.as_scope(firm_id=firm.id, host_firm_id=firm.id) as session:
        return await delivery.send(session, someone(firm), firm.id, **values)


async def stored(world: World, mail_id: Any) -> MailMessage:
    async with world.as_system() as session:
        row = await session.get(MailMessage, mail_id)
    assert row is not None
    return row


class Receiver:
    """An SMTP server that keeps what it gets, and refuses what it is told to."""

    def __init__(self) -> None:
        self.received: list[tuple[str, list[str], EmailMessage]] = []
        self.refuse: str | None = None

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it so
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd calls it so
        letter = message_from_bytes(envelope.content, _class=EmailMessage, policy=SMTP)
        self.received.append((envelope.mail_from, list(envelope.rcpt_tos), letter))
        return "250 taken"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def smtp_server(port: int) -> Iterator[Receiver]:
    receiver = Receiver()
    controller = Controller(receiver, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield receiver
    finally:
        controller.stop()


@pytest.fixture
def smtp_port() -> int:
    return free_port()


@pytest.fixture
async def smtp_world(servers: Servers, tmp_path: Path, smtp_port: int) -> AsyncIterator[World]:
    """A world whose mail leaves by SMTP."""
    async with new_world(
        servers, tmp_path, mail_url=f"smtp://127.0.0.1:{smtp_port}?from=post@mail.example"
    ) as made:
        yield made


async def test_a_mail_lies_in_the_outbox_with_text_and_html_and_its_row_says_sent(world: World) -> None:
    firm = await a_firm(world)
    mail_id = await a_mail(world, firm)
    assert (await stored(world, mail_id)).state is MailState.QUEUED
    await world.run_jobs()
    row = await stored(world, mail_id)
    assert (row.state, row.subject, row.sent_at) == (
        MailState.SENT,
        "Bakkerij Peeters has activated",
        world.clock.now(),
    )
    [letter] = mails(world, firm.id)
    assert letter.get_body(("html",)) is not None
    assert "http://noordzee.localhost:8000/dossiers/1" in text_of(letter)
    assert list((world.folder / "outbox").rglob(".*")) == []


async def test_nothing_leaves_when_the_transaction_is_rolled_back(world: World) -> None:
    firm = await a_firm(world)

    async def fails_afterwards() -> None:
        async with world.as_scope(firm_id=firm.id, host_firm_id=firm.id) as session:
            await delivery.send(
                session,
                someone(firm),
                firm.id,
                message="activated",
                to_email="an@noordzee.example",
                to_name="An",
                language=Language.EN,
                context=ACTIVATED,
            )
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        await fails_afterwards()
    assert await world.run_jobs() == 0
    assert mails(world) == []


async def test_smtp_gets_the_mail_once_with_the_firms_name_and_its_reply_address(
    smtp_world: World, smtp_port: int
) -> None:
    firm = await a_firm(smtp_world)
    mail_id = await a_mail(smtp_world, firm)
    with smtp_server(smtp_port) as server:
        await smtp_world.run_jobs()
    [(sender, recipients, letter)] = server.received
    assert (sender, recipients) == ("post@mail.example", ["an@noordzee.example"])
    assert letter["From"] == "Kantoor Noordzee <post@mail.example>"
    assert letter["Reply-To"] == "Kantoor Noordzee <info@noordzee.example>"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter.get_content_type() == "multipart/alternative"
    assert "fidero" not in letter.as_string().lower()
    assert (await stored(smtp_world, mail_id)).state is MailState.SENT


async def test_a_server_that_is_away_is_tried_again_and_the_retry_is_recognisable(
    smtp_world: World, smtp_port: int
) -> None:
    firm = await a_firm(smtp_world)
    mail_id = await a_mail(smtp_world, firm)
    await smtp_world.run_jobs()
    row = await stored(smtp_world, mail_id)
    assert (row.state, row.error) == (MailState.QUEUED, "The mail server is away; it is tried again.")
    smtp_world.clock.at += timedelta(seconds=30)
    with smtp_server(smtp_port) as server:
        await smtp_world.run_jobs()
    assert (await stored(smtp_world, mail_id)).state is MailState.SENT
    async with smtp_world.as_system() as session:
        job_id = await session.scalar(sa.select(JobRow.id).where(JobRow.name == "mail.deliver"))
    assert server.received[0][2]["Message-ID"] == f"<{job_id}@noordzee.localhost>"


async def test_after_a_day_without_a_server_the_mail_has_failed_and_says_so(smtp_world: World) -> None:
    firm = await a_firm(smtp_world)
    mail_id = await a_mail(smtp_world, firm)
    for _ in range(60):
        await smtp_world.run_jobs()
        if (await stored(smtp_world, mail_id)).state is MailState.FAILED:
            break
        smtp_world.clock.at += timedelta(hours=1)
    row = await stored(smtp_world, mail_id)
    assert row.error == "The mail server was away for a whole day."
    assert smtp_world.clock.now() - row.created_at == timedelta(hours=24)


async def test_an_address_that_the_receiver_refuses_fails_at_once_and_a_busy_one_is_tried_again(
    smtp_world: World, smtp_port: int
) -> None:
    firm = await a_firm(smtp_world)
    refused, busy = await a_mail(smtp_world, firm), None
    with smtp_server(smtp_port) as server:
        server.refuse = "550 no such user"
        await smtp_world.run_jobs()
        busy = await a_mail(smtp_world, firm)
        server.refuse = "451 try later"
        await smtp_world.run_jobs()
    row = await stored(smtp_world, refused)
    assert (row.state, row.error) == (
        MailState.FAILED,
        "The receiving mail server does not accept this address.",
    )
    assert (await stored(smtp_world, busy)).state is MailState.QUEUED


async def test_names_are_neither_escaped_in_text_nor_markup_in_html_nor_headers(world: World) -> None:
    firm = await a_firm(world, name="O'Brien & Zonen")
    context = {**ACTIVATED, "company": "<b>D'Hondt</b>\r\nBcc: all@example.org"}
    await a_mail(world, firm, context=context, to_name="Eve\r\nBcc: all@example.org")
    await world.run_jobs()
    [letter] = mails(world)
    assert letter["Bcc"] is None
    assert "O'Brien & Zonen" in text_of(letter)
    assert "<b>D'Hondt</b>" in text_of(letter)
    html = letter.get_body(("html",))
    assert html is not None
    assert "<b>D" not in html.get_content()


async def test_an_address_that_is_none_is_refused_before_anything_is_written(world: World) -> None:
    firm = await a_firm(world)
    for wrong in (
        "",
        "an",
        "an@",
        "an@noordzee",
        "an @noordzee.example",
        "an@b..example",
        "a@b.example\nBcc: c@d.example",
    ):
        with pytest.raises(Invalid):
            await a_mail(world, firm, to_email=wrong)


async def test_a_message_that_nobody_wrote_is_found_when_it_is_asked_for(world: World) -> None:
    firm = await a_firm(world)
    for unknown in ("no_such", "../base", "Activated"):
        with pytest.raises(LookupError):
            await a_mail(world, firm, message=unknown)


async def test_another_firm_sees_none_of_the_mails(world: World) -> None:
    noordzee, ardennes = await a_firm(world), await a_firm(world, "ardennes", "Bureau Ardennes")
    mail_id = await a_mail(world, noordzee)
    async with world.as_scope(firm_id=ardennes.id) as session:
        assert await session.get(MailMessage, mail_id) is None
        assert (await session.scalars(sa.select(MailMessage))).all() == []


async def test_the_mailbox_shows_a_firm_its_own_mails_with_links_that_work(world: World) -> None:
    noordzee = await a_firm(world)
    await a_firm(world, "ardennes", "Bureau Ardennes")
    await a_mail(world, noordzee)
    await world.run_jobs()
    async with world.client() as client, world.client("ardennes.localhost") as other:
        box = await client.get("/_mail")
        assert "Bakkerij Peeters has activated" in box.text
        href = box.text.partition('href="/_mail/')[2].partition('"')[0]
        one = await client.get(f"/_mail/{href}")
        assert '<a href="http://noordzee.localhost:8000/dossiers/1">' in one.text
        html = await client.get(f"/_mail/{href}/html")
        assert html.headers["content-security-policy"].startswith(
            "default-src 'none'; style-src 'unsafe-inline'"
        )
        assert "script-src" not in html.headers["content-security-policy"]
        assert "has activated" not in (await other.get("/_mail")).text
        assert (await other.get(f"/_mail/{href}")).status_code == 404
        assert (await client.get("/_mail/..%2f..%2fx")).status_code == 404


@pytest.mark.parametrize("changes", [{"embedded": False}, {"mail_url": "smtp://127.0.0.1:1"}])
async def test_there_is_no_mailbox_outside_the_demo(
    servers: Servers, tmp_path: Path, changes: dict[str, Any]
) -> None:
    async with new_world(servers, tmp_path, **changes) as world:
        await a_firm(world)
        async with world.client() as client:
            assert (await client.get("/_mail")).status_code == 404
            assert (await client.get("/_mail/20261122T100000-" + "0" * 36)).status_code == 404
            assert (await client.get("/_mail/20261122T100000-" + "0" * 36 + "/html")).status_code == 404


SAMPLES: dict[str, dict[str, Any]] = {
    "activated": ACTIVATED,
    "access_answer": {**ACTIVATED, "answer": "ended"},
    "access_request": {"company": "Bakkerij Peeters"},
    "password_changed": {},
    "password_reset": {"link": "http://noordzee.localhost:8000/reset/x"},
}


@pytest.mark.parametrize("message", sorted(SAMPLES))
async def test_every_message_is_complete_in_every_language(world: World, message: str) -> None:
    firm = await a_firm(world)
    for language in Language:
        await a_mail(world, firm, message=message, language=language, context=SAMPLES[message])
    await world.run_jobs()
    letters = mails(world)
    assert {letter["Content-Language"] for letter in letters} == {language.value for language in Language}
    for letter in letters:
        html = letter.get_body(("html",))
        assert html is not None
        assert f'<html lang="{letter["Content-Language"]}">' in html.get_content()
        for part in (str(letter["Subject"]), text_of(letter), html.get_content()):
            assert part.strip()
            assert "%(" not in part
            assert "{{" not in part
