"""Jobs of mail, and what it hears from accounts."""

from portal.db.session import WriteSession
from portal.features.accounts.domain import PasswordChanged, PasswordForgotten
from portal.features.mail.service import delivery, passwords
from portal.features.mail.service.delivery import DeliverMail
from portal.features.mail.service.passwords import SendReset
from portal.jobs.contract import Tools, handles_long, on_event
from portal.jobs.runner import Task
from portal.kernel.actor import Actor


@handles_long(DeliverMail)
async def deliver(task: Task, job: DeliverMail) -> None:
    """Render a mail in its reader's language and hand it to the mail server."""
    await delivery.deliver(task, job)


@handles_long(SendReset)
async def send_reset(task: Task, job: SendReset) -> None:
    """A one-time link for a new password."""
    await passwords.send_reset(task, job)


@on_event(PasswordForgotten, "mail.password_forgotten", as_system=True)
async def password_forgotten(
    session: WriteSession, actor: Actor, event: PasswordForgotten, _tools: Tools
) -> None:
    """Nobody is signed in, so nobody's scope fits: the system's."""
    await passwords.prepare_reset(session, actor, event.reset_id)


@on_event(PasswordChanged, "mail.password_changed", as_system=True)
async def password_changed(
    session: WriteSession, actor: Actor, event: PasswordChanged, _tools: Tools
) -> None:
    """The person is told, by the firm whose host they used."""
    await passwords.password_changed(session, actor, event.person_id, event.firm_id)
