"""Writing mails down and letting them leave.

A mail is a row (`mail_message`) from the moment it is asked for, and a job that renders and sends it. Rows and jobs hold what the
mail is about, never a secret: a mail with a one-time link is sent by a job of the slice that owns the link, which calls `dispatch`
with a function that makes the token, stores its hash and gives the link. That function's transaction is committed before the mail
leaves (a link that works is never sent before it works), and the clear token lives only in that process's memory meanwhile:

    invite()                      row invitation (no token yet) · row mail_message · job dossiers.send_invitation {invitation_id, mail_id}
    job: dispatch(task, mail_id, content)
        transaction 1             content(session) makes the token, stores its hash, gives the link → the mail is rendered
        no transaction            SMTP, or a file of the outbox
        transaction 2             mail sent · done(session): invitation sent · the job is done

A worker that dies before transaction 2 sends the mail once more: a plain one with the same Message-ID (mail programs show it once),
one with a secret with a new link under a new Message-ID, and the link of the first one ends.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from portal.db.session import ReadSession, WriteSession
from portal.features.accounts.domain import NOT_AN_ADDRESS, is_address
from portal.features.mail import repository
from portal.features.mail.domain import (
    Content,
    NotNow,
    Refused,
    one_line,
    pause_before_retry,
)
from portal.features.mail.models import MailMessage, MailState
from portal.features.mail.service import letters, transport
from portal.jobs.contract import Job, Later, Priority, clock_of
from portal.jobs.ledger import enqueue
from portal.jobs.runner import Task
from portal.kernel.actor import Actor, Door
from portal.kernel.errors import Invalid
from portal.kernel.ids import FirmId, new_id
from portal.kernel.language import N_, Language

GIVEN_UP = N_("The mail server was away for a whole day.")

ContentMaker = Callable[[WriteSession], Awaitable[Content | None]]
After = Callable[[WriteSession], Awaitable[None]]
GaveUp = Callable[[WriteSession, str], Awaitable[None]]


class DeliverMail(Job, frozen=True, kw_only=True):
    """Render and send one mail. `context` holds what its templates ask for: no secret is ever in it."""

    name: ClassVar[str] = "mail.deliver"
    priority: ClassVar[Priority] = Priority.NOW
    mail_id: UUID
    context: dict[str, Any]


async def send(
    session: WriteSession,
    actor: Actor,
    firm_id: UUID,
    *,
    message: str,
    to_email: str,
    to_name: str,
    language: Language,
    context: Mapping[str, Any],
    dossier_id: UUID | None = None,
) -> UUID:
    """Let a firm's mail leave once this transaction is committed; gives its id.

    The session is that firm's or the system's. A member's action tells the firm by publishing an event and letting a listener in the
    system scope send the mail.

    Args:
        message: folder in themes/templates/mail; its templates get `context`, and `firm`, `origin` (address of the firm's main
            host), `to_name`, `colours`, `logo` and `language`.
        context: plain values (text, numbers, ids as text). No secrets: see the top of this module.

    Raises:
        Invalid: `to_email` is not an address.
        LookupError: there is no such message.
    """
    mail_id = await prepare(
        session,
        firm_id,
        message=message,
        to_email=to_email,
        to_name=to_name,
        language=language,
        dossier_id=dossier_id,
    )
    await enqueue(session, sender(firm_id, actor), DeliverMail(mail_id=mail_id, context=dict(context)))
    return mail_id


async def prepare(
    session: WriteSession,
    firm_id: UUID,
    *,
    message: str,
    to_email: str | None,
    to_name: str,
    language: Language,
    dossier_id: UUID | None = None,
) -> UUID:
    """Write a mail down without a job of this slice: the caller's own job will `dispatch` it.

    Args:
        to_email: None when the firm may not know it; the job's content names the recipient then.

    Raises:
        Invalid: `to_email` is not an address.
        LookupError: there is no such message.
    """
    if to_email is not None and not is_address(to_email):
        raise Invalid(NOT_AN_ADDRESS, fields={"email": NOT_AN_ADDRESS}, code="address")
    letters.check_message(message)
    mail = MailMessage(
        id=new_id(),
        firm_id=firm_id,
        message=message,
        to_email=to_email or "",
        to_name=one_line(to_name, 120),
        language=language,
        subject="",
        state=MailState.QUEUED,
        dossier_id=dossier_id,
        created_at=clock_of(session).now(),
        sent_at=None,
        error=None,
    )
    repository.add(session, mail)
    await session.flush()
    return mail.id


def sender(firm_id: UUID, actor: Actor) -> Actor:
    """Jobs that send run in the firm's scope, whoever caused the mail."""
    return Actor(door=Door.JOB, name=actor.name, firm_id=FirmId(firm_id), person_id=actor.person_id)


async def dispatch(
    task: Task,
    mail_id: UUID,
    content: ContentMaker,
    done: After | None = None,
    gave_up: GaveUp | None = None,
) -> None:
    """Send one prepared mail within a long job, and finish the job. See the top of this module.

    Args:
        content: called in a transaction of its own before anything leaves; None when there is nothing to send any more.
        done: effects that belong to "it left", in the transaction that finishes the job.
        gave_up: effects that belong to "it will never leave", likewise, with the reason for people.

    Raises:
        Later: the server is away; the job comes back.
    """
    tools = task.tools
    async with task.transaction() as session:
        mail = await repository.mail(session, mail_id)
        made = await content(session) if mail is not None and mail.state is MailState.QUEUED else None
        if mail is None or made is None:
            await repository.settle(session, mail_id, MailState.FAILED, error=None)
            await task.finish(session)
            return
        paper = await letters.stationery(session, tools.settings, mail.firm_id)
        letter = letters.compose(tools, paper, mail, made, job_id=task.id)
    try:
        await transport.hand_over(tools.settings.mail_url, mail.firm_id, letter)
    except Refused as refused:
        await _fail(task, mail, refused.why, gave_up)
        return
    except NotNow as away:
        pause = pause_before_retry(mail.created_at, tools.clock.now())
        if pause is None:
            await _fail(task, mail, GIVEN_UP, gave_up)
            return
        async with task.transaction() as session:
            await repository.note(session, mail.id, away.why)
        raise Later(pause, "the mail server is away") from None
    async with task.transaction() as session:
        await repository.settle(
            session,
            mail.id,
            MailState.SENT,
            subject=str(letter.message["Subject"]),
            sent_at=tools.clock.now(),
        )
        if done is not None:
            await done(session)
        await task.finish(session)


async def _fail(task: Task, mail: MailMessage, why: str, gave_up: GaveUp | None) -> None:
    async with task.transaction() as session:
        await repository.settle(session, mail.id, MailState.FAILED, error=why)
        if gave_up is not None:
            await gave_up(session, why)
        await task.finish(session)


async def deliver(task: Task, job: DeliverMail) -> None:
    """Send a mail without secrets."""

    async def content(_session: WriteSession) -> Content:
        return Content(job.context)

    await dispatch(task, job.mail_id, content)


async def of_dossier(
    session: ReadSession, dossier_id: UUID, message: str | None = None
) -> Sequence[MailMessage]:
    """The mails about a dossier, newest first."""
    return await repository.of_dossier(session, dossier_id, message)
