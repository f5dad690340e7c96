"""Writing to the audit log, sealing it, proving it."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import msgspec

from portal.db.session import ReadSession, WriteSession
from portal.features.audit import repository
from portal.features.audit.domain import (
    GENESIS,
    ChainFault,
    ChainReport,
    Changes,
    Told,
    changes,
    fields_of,
    link,
    named,
)
from portal.features.audit.models import AuditEvent
from portal.jobs.contract import clock_of
from portal.kernel.actor import Actor
from portal.kernel.ids import new_id


async def record(
    session: WriteSession,
    actor: Actor,
    action: str,
    subject_type: str,
    subject_id: UUID | None,
    *,
    dossier_id: UUID | None = None,
    what: str = "",
    fields: Changes | None = None,
    reason: str | None = None,
    **data: Any,
) -> None:
    """Append one event to the log, in the transaction of what it tells about.

    History shows it as: sentence of the action (the slice that records it has one in its `slice.py`), `what` as a link to the subject, each of
    `fields` with its old and its new value, the reason, the actor.

    Args:
        action: what happened, past tense, `slice.verb` ("bundles.exported").
        what: what people call the thing now: `named(number, counterparty)`, a file's name, a dossier's name. Always given, unless
            the sentence itself names it (a bundle's number) or the subject is a person.
        fields: what changed, from `changes(before, after)`; features/history/fields.py has a word for each field.
        reason: what the person gave as their reason.
        data: further plain values that explain it; ids and numbers, no more personal data than needed.
    """
    said = {"what": what, "fields": fields, "reason": reason}
    data |= {name: value for name, value in said.items() if value}
    repository.add(
        session,
        AuditEvent(
            firm_id=actor.firm_id,
            company_id=actor.company_id or session.context.scope.opened_company_id,
            at=clock_of(session).now(),
            actor=msgspec.to_builtins(actor),
            action=action,
            subject_type=subject_type,
            subject_id=subject_id,
            dossier_id=dossier_id,
            data=msgspec.to_builtins(data),
        ),
    )


async def record_all(
    session: WriteSession, actor: Actor, action: str, subject_type: str, told: Sequence[Told]
) -> None:
    """Append an event of one kind for each of many things, as `record` does for one."""
    same = {
        "firm_id": actor.firm_id,
        "company_id": actor.company_id or session.context.scope.opened_company_id,
        "at": clock_of(session).now(),
        "actor": msgspec.to_builtins(actor),
        "action": action,
        "subject_type": subject_type,
    }
    rows = [
        {
            "id": new_id(),
            "subject_id": one.subject_id,
            "dossier_id": one.dossier_id,
            "data": msgspec.to_builtins({**({"what": one.what} if one.what else {}), **one.data}),
        }
        for one in told
    ]
    await repository.add_all(session, rows, same)


async def history_of(session: ReadSession, subject_id: UUID) -> Sequence[AuditEvent]:
    """Everything that happened to one thing, oldest first."""
    return await repository.of_subject(session, subject_id)


async def histories_of(
    session: ReadSession, subject_ids: Collection[UUID], actions: Collection[str]
) -> Sequence[AuditEvent]:
    """What happened of some kinds to some things, oldest first."""
    return await repository.of_subjects(session, subject_ids, actions) if subject_ids else []


def _told(event: AuditEvent) -> dict[str, Any]:
    return {
        "id": event.id,
        "firm_id": event.firm_id,
        "company_id": event.company_id,
        "at": event.at,
        "actor": event.actor,
        "action": event.action,
        "subject_type": event.subject_type,
        "subject_id": event.subject_id,
        "dossier_id": event.dossier_id,
        "data": event.data,
    }


async def seal(session: WriteSession, limit: int = 2000) -> int:
    """Chain what was committed since the last time; returns how many events. Runs in the system scope.

    Sealing in the writer's transaction would serialise a firm; so a sweep does it, one at a time.
    """
    if not await repository.lock_sealing(session):
        return 0
    waiting = await repository.unsealed(session, limit)
    heads = await repository.heads(session, {chain for _event, chain in waiting})
    now = clock_of(session).now()
    for event, chain in waiting:
        sequence, previous = heads.get(chain, (0, GENESIS))
        digest = link(previous, _told(event))
        repository.seal(
            session,
            event_id=event.id,
            chain=chain,
            sequence=sequence + 1,
            previous=previous,
            digest=digest,
            at=now,
        )
        heads[chain] = (sequence + 1, digest)
    return len(waiting)


async def verify(session: ReadSession) -> ChainReport:
    """Walk every chain from its beginning; runs in the system scope."""
    faults: list[ChainFault] = []
    events = 0
    chains: set[UUID] = set()
    after: tuple[UUID, int] | None = None
    expected: tuple[UUID, int, bytes] | None = None
    while page := await repository.sealed(session, after, 1000):
        for seal_row, event in page:
            events += 1
            chain = seal_row.chain
            if expected is None or expected[0] != chain:
                chains.add(chain)
                expected = (chain, 1, GENESIS)
            _chain, sequence, previous = expected
            if seal_row.sequence != sequence:
                faults.append(ChainFault(chain, seal_row.sequence, f"number {sequence} is missing"))
            elif seal_row.previous != previous:
                faults.append(ChainFault(chain, sequence, "does not follow the event before it"))
            elif event is None:
                faults.append(ChainFault(chain, sequence, "its event was deleted"))
            elif link(previous, _told(event)) != seal_row.hash:
                faults.append(ChainFault(chain, sequence, "its event was changed"))
            expected = (chain, seal_row.sequence + 1, seal_row.hash)
        last = page[-1][0]
        after = (last.chain, last.sequence)
    return ChainReport(events, len(chains), await repository.count_unsealed(session), tuple(faults))


__all__ = [
    "AuditEvent",
    "Told",
    "changes",
    "fields_of",
    "history_of",
    "named",
    "record",
    "record_all",
    "seal",
    "verify",
]
