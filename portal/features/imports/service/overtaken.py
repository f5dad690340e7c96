"""Rows that are left out because things have changed since somebody looked at them: who did it, and when; and looking at them again."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from portal.db.session import ReadSession, WriteSession
from portal.features.audit import service as audit
from portal.features.imports import repository
from portal.features.imports.domain.binding import Overtaken
from portal.features.imports.domain.rows import LOOK_AGAIN, Became, Outcome
from portal.features.imports.domain.state import ImportState
from portal.features.imports.models import DossierImport
from portal.features.imports.service.previews import judge_list, keep_preview, listed_of, whole
from portal.jobs.contract import Tools
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Forbidden, NotFound
from portal.kernel.language import N_

NOTHING_LEFT = N_("No row of this list is left to look at.")
MADE, CHANGED = "dossiers.created", "dossiers.updated"


async def told(session: ReadSession, found: Mapping[int, Overtaken], since: Any) -> dict[int, Became]:
    """What becomes of rows that were left out, by line: each reason with who did it and when, as far as history says.

    Args:
        since: when the list was looked at.
    """
    ids = {UUID(one.dossier_id) for one in found.values() if one.dossier_id is not None}
    events: dict[UUID | None, list[Any]] = {}
    for event in await audit.histories_of(session, ids, (MADE, CHANGED)):
        events.setdefault(event.subject_id, []).append(event)
    became: dict[int, Became] = {}
    for line, one in found.items():
        history = events.get(UUID(one.dossier_id), []) if one.dossier_id is not None else []
        event = _of(history, one.fields, since)
        remarks = list(one.remarks)
        if event is not None:
            by = str(event.actor.get("name") or "")
            remarks = [msgspec.structs.replace(remark, by=by, at=event.at) for remark in remarks]
        became[line] = Became(Outcome.OVERTAKEN, one.dossier_id, remarks)
    return became


def _of(history: Sequence[Any], fields: Collection[str], since: Any) -> Any | None:
    """The event that speaks of it: the latest change of one of the fields since the list was looked at, or the making."""
    if not fields:
        return next((event for event in history if event.action == MADE), None)
    for event in reversed(history):
        if (
            event.action == CHANGED
            and event.at >= since
            and event.data.get("fields", {}).keys() & set(fields)
        ):
            return event
    return None


async def look_again(session: WriteSession, tools: Tools, actor: Actor, import_id: UUID) -> DossierImport:
    """A new preview of what an accepted list did not do, judged as things are now. The second half of a double click finds it.

    Raises:
        Forbidden: the actor may not make dossiers.
        NotFound: unknown, another firm's, or not this assistant's.
        Conflict: it is not accepted, or nothing is left.
        TooMany: as `judge_list`.
    """
    if not actor.may(Right.DOSSIERS_EDIT):
        raise Forbidden
    kept = await repository.import_of(session, actor, import_id, lock=True)
    if kept is None:
        raise NotFound
    if kept.state is not ImportState.ACCEPTED or kept.result is None:
        raise Conflict(NOTHING_LEFT, code="nothing_left")
    if (made := kept.result.get("again")) is not None:
        second = await repository.import_of(session, actor, UUID(str(made)))
        if second is not None:
            return second
    there = await whole(session, kept)
    became = there.outcomes
    read = [
        (row.line, row.values)
        for row in there.rows
        if row.line in became and became[row.line].outcome in LOOK_AGAIN
    ]
    if not read:
        raise Conflict(NOTHING_LEFT, code="nothing_left")
    again = await keep_preview(
        session,
        actor,
        await judge_list(session, tools, actor, listed_of(read)),
        file_name=kept.file_name,
        sha256=kept.sha256,
        sheet=kept.sheet,
        mapping=kept.mapping,
    )
    kept.result = {**kept.result, "again": str(again.id)}
    await session.flush()
    return again


__all__ = ["look_again", "told"]
