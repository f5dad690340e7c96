"""Mails about passwords. The accounts slice stands below this one: it publishes what happened, and gives the token at sending."""

from typing import ClassVar
from uuid import UUID

from portal.db.session import WriteSession
from portal.features.accounts.service import people, recovery
from portal.features.branding import service as branding
from portal.features.mail.domain import Content
from portal.features.mail.service.delivery import dispatch, prepare, send, sender
from portal.jobs.contract import Job, Priority
from portal.jobs.ledger import enqueue
from portal.jobs.runner import Task
from portal.kernel.actor import Actor
from portal.kernel.ids import token_hash


class SendReset(Job, frozen=True, kw_only=True):
    """Make the one-time link for a new password and mail it."""

    name: ClassVar[str] = "mail.send_reset"
    priority: ClassVar[Priority] = Priority.NOW
    mail_id: UUID
    reset_id: UUID


async def prepare_reset(session: WriteSession, actor: Actor, reset_id: UUID) -> None:
    """Somebody forgot a password: write the mail down, unless nobody has that address. Runs in the system scope."""
    wanted = await recovery.reset_mail(session, reset_id)
    if wanted is None:
        return
    mail_id = await prepare(
        session,
        wanted.firm_id,
        message="password_reset",
        to_email=wanted.person.email,
        to_name=wanted.person.name,
        language=wanted.person.language,
    )
    await enqueue(session, sender(wanted.firm_id, actor), SendReset(mail_id=mail_id, reset_id=reset_id))


async def send_reset(task: Task, job: SendReset) -> None:
    """The link is made in the system scope (nobody else sees the wishes), committed, and only then mailed."""

    async def content(session: WriteSession) -> Content | None:
        assert task.actor.firm_id is not None
        async with task.tools.database.system_scope() as system:
            token = await recovery.make_link(system, job.reset_id)
        if token is None:
            return None
        host = await branding.main_host(session, task.actor.firm_id)
        link = f"{task.tools.settings.origin(host)}/reset/{token}"
        return Content({"link": link}, edition=token_hash(token).hex()[:12])

    await dispatch(task, job.mail_id, content)


async def password_changed(session: WriteSession, actor: Actor, person_id: UUID, firm_id: UUID) -> None:
    """Tell a person that their password is another one now. Runs in the system scope."""
    person = await people.person(session, person_id)
    if person is None or person.disabled_at is not None:
        return
    await send(
        session,
        actor,
        firm_id,
        message="password_changed",
        to_email=person.email,
        to_name=person.name,
        language=person.language,
        context={},
    )
