"""Accepting an Excel list: its questions are answered, then its rows are carried out in batches, each one transaction.

A batch asks once what all of its rows need, judges them again under the lock on the firm's dossiers, writes what came of them, and asks
for the next batch in the same transaction: a crash loses nothing and doubles nothing, and two people with one list make no twins. What
would do something else than its preview said, because somebody has worked on since, is left out with its reason (`binding`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from portal.db.session import WriteSession
from portal.features.accounts.service import people
from portal.features.audit import service as audit
from portal.features.dossiers.domain.dossiers import Access
from portal.features.dossiers.domain.vat import RegimeFrom, VatRegime
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import dossiers
from portal.features.dossiers.service.changes import ALONE, change, change_many
from portal.features.dossiers.service.creation import NewDossier, Placed, look_up, place, write
from portal.features.dossiers.service.dossiers import check_columns, claimed_companies
from portal.features.dossiers.service.numbers import give_number
from portal.features.imports import repository
from portal.features.imports.domain.binding import AGAIN, Overtaken, overtaken
from portal.features.imports.domain.cells import vat_of
from portal.features.imports.domain.certain import certainly_new, keys_of, missing, wanted_of
from portal.features.imports.domain.columns import Column, language_of, regime_of
from portal.features.imports.domain.judgement import judge_row
from portal.features.imports.domain.matches import Known
from portal.features.imports.domain.reading import Read
from portal.features.imports.domain.rows import (
    FAULTY,
    GOOD,
    NEW,
    TAKE,
    Became,
    ImportRow,
    Outcome,
    Remark,
    RowStatus,
    count_outcomes,
)
from portal.features.imports.domain.state import ImportState
from portal.features.imports.models import DossierImport, ImportPart
from portal.features.imports.service.overtaken import told
from portal.features.imports.service.previews import present
from portal.jobs import ledger
from portal.jobs.contract import Job, Tools, clock_of
from portal.kernel.actor import Actor, Principal, Right, policy_actor
from portal.kernel.clock import local_date
from portal.kernel.errors import Conflict, Forbidden, Invalid, NotFound, PortalError, TooMany
from portal.kernel.ids import FirmId, PersonId
from portal.kernel.language import N_, Language

MADE = frozenset({Outcome.CREATED, Outcome.REQUESTED})
TAKEN = N_("This list was accepted already.")
NOT_YET = N_("Say first which column of the list is what.")
REQUESTS_USED_UP = N_("Your office has used up its access requests of today, so this owner was not asked.")
TOMORROW = N_("Hand this row in again tomorrow.")
STOPPED = N_("Carrying out the list was given up before this row.")


class AcceptRows(Job, frozen=True, kw_only=True):
    """The rows of an accepted list from `position` on: one batch of them."""

    name: ClassVar[str] = "dossiers.accept_rows"
    import_id: UUID
    position: int


def _key(import_id: UUID, position: int) -> str:
    return f"dossiers.accept_rows:{import_id}:{position}"


async def answer_rows(
    session: WriteSession, actor: Actor, import_id: UUID, answers: Mapping[int, str]
) -> DossierImport:
    """Keep what was said to some rows: answers to their questions, what is left out or taken in; an empty one takes it back.

    Raises:
        Forbidden: the actor may not make dossiers.
        NotFound: unknown, another firm's, or not this assistant's.
        Conflict: the list was accepted already.
        Invalid: an answer that the row does not ask for.
    """
    kept = await _to_accept(session, actor, import_id)
    left = dict(answers)
    changed: list[tuple[ImportPart, dict[str, Any]]] = []
    for part in await repository.parts(session, kept.id) if answers else ():
        asking = {row.line: row for row in part.read_rows() if row.line in left}
        said = dict(part.answers)
        for line, row in asking.items():
            answer = left.pop(line)
            if answer not in {"", *row.offered}:
                raise _no_answer(line)
            said.pop(str(line), None)
            if answer:
                said[str(line)] = answer
        if said != part.answers:
            changed.append((part, said))
    if left:
        raise _no_answer(min(left))
    for (
        part,
        said,
    ) in changed:  # none before all were looked at: who catches the refusal commits what was written
        part.answers = said
    return kept


def _no_answer(line: int) -> Invalid:
    return Invalid(N_("Choose one of the answers that row %(row)s offers."), code="no_answer", row=line)


async def _to_accept(session: WriteSession, actor: Actor, import_id: UUID) -> DossierImport:
    if not actor.may(Right.DOSSIERS_EDIT):
        raise Forbidden
    kept = await repository.import_of(session, actor, import_id, lock=True)
    if kept is None:
        raise NotFound
    if kept.state is ImportState.MAPPING:
        raise Conflict(NOT_YET, code="mapping")
    if kept.state is not ImportState.PREVIEWED:
        raise Conflict(TAKEN, code="accepted")
    return kept


async def accept(
    session: WriteSession, actor: Actor, import_id: UUID, answers: Mapping[int, str] | None = None
) -> DossierImport:
    """Have the rows carried out, once; a worker does it. Nobody is mailed: login details are sent by a step of their own.

    Raises:
        Forbidden, NotFound, Conflict, Invalid: as `answer_rows`.
    """
    kept = await answer_rows(session, actor, import_id, answers or {})
    kept.state = ImportState.ACCEPTING
    kept.accepted_at = clock_of(session).now()
    await ledger.enqueue(
        session, actor, AcceptRows(import_id=kept.id, position=0), unique_key=_key(kept.id, 0)
    )
    return kept


async def accept_rows(session: WriteSession, tools: Tools, actor: Actor, job: AcceptRows) -> None:
    """Carry one part of a list out, and write the job of the next one. Nothing of the other parts is read or written."""
    assert actor.firm_id is not None
    kept = await repository.import_to_carry_out(session, job.import_id)
    if kept is None or kept.position != job.position:
        return
    part = await repository.part(session, kept.id, kept.position)
    if part is not None:
        rows = part.read_rows()
        became = await _carry_out(session, tools, actor, kept, rows, part.answers)
        part.write_outcomes(became)
        part.made = [
            UUID(one.dossier_id) for one in became.values() if one.dossier_id and one.outcome in MADE
        ]
        kept.position += len(rows)
    if await repository.is_through(session, kept.id, kept.position):
        await _finish(session, actor, kept)
        return
    await ledger.enqueue(
        session,
        actor,
        AcceptRows(import_id=kept.id, position=kept.position),
        unique_key=_key(kept.id, kept.position),
    )


async def _finish(session: WriteSession, actor: Actor, kept: DossierImport) -> None:
    await session.flush()
    counted = count_outcomes(await repository.outcomes(session, kept.id))
    done: dict[str, object] = {outcome.value: counted[outcome] for outcome in Outcome}
    kept.state = ImportState.ACCEPTED
    kept.result = done
    await audit.record(session, actor, "dossiers.imported", "import", kept.id, what=kept.file_name, rows=done)


async def _carry_out(
    session: WriteSession,
    tools: Tools,
    actor: Actor,
    kept: DossierImport,
    batch: Sequence[ImportRow],
    answers: Mapping[str, object],
) -> dict[int, Became]:
    """What becomes of the rows of one batch, by line; the faulty ones stay as they are."""
    assert actor.firm_id is not None
    became: dict[int, Became] = {}
    wanted = _wanted(batch, answers, became)
    if not wanted:
        return became
    await dossiers.hold(session, actor.firm_id, _about(wanted))
    there, judged_now = await _judge(session, tools, actor, kept, wanted)
    judged: list[tuple[ImportRow, ImportRow]] = []
    left_out: dict[int, Overtaken] = {}
    names = {one.id: one.name for one in there.dossiers}
    made_here = {one.id for one in there.dossiers if one.made_here}
    for (row, answer), now in zip(wanted, judged_now, strict=True):
        if (why := overtaken(row, now, answer, made_here, names)) is not None:
            left_out[row.line] = why
        elif now.status is RowStatus.UNCHANGED:
            became[row.line] = Became(Outcome.UNCHANGED, now.dossier_id)
        else:
            judged.append((row, now))
    became |= await told(session, left_out, kept.created_at)
    agreed = {row.line for row, answer in wanted if answer == NEW}
    own = {
        now.line: _new(actor, now, second=now.line in agreed)
        for _row, now in judged
        if now.dossier_id is None
    }
    looked_up = await look_up(session, tools, actor, own.values())
    ids = {UUID(now.dossier_id) for _row, now in judged if now.dossier_id is not None}
    cards = {str(one_id): card for one_id, card in (await dossiers.cards(session, actor, ids)).items()}
    placed: list[Placed] = []
    alone: list[tuple[ImportRow, Dossier, Mapping[str, Any]]] = []
    for _row, now in judged:
        try:
            if now.dossier_id is not None:
                card = cards[now.dossier_id]
                values = _values(session, now)
                if values.keys() <= ALONE:
                    check_columns(None, values.get("contact_email"))
                    alone.append((now, card, values))
                else:
                    became[now.line] = await _change(session, tools, actor, card, values)
                continue
            one = await place(session, own[now.line], looked_up)
        except (Conflict, Invalid, TooMany) as refused:  # said before anything of this row was written
            became[now.line] = Became(Outcome.REFUSED, None, [_refusal(now, refused)])
            continue
        placed.append(one)
        requested = one.dossier.access is Access.REQUESTED
        became[now.line] = Became(Outcome.REQUESTED if requested else Outcome.CREATED, str(one.dossier.id))
    changed = await change_many(session, actor, [(card, values) for _now, card, values in alone])
    for now, card, _values_of in alone:
        became[now.line] = _changed(card, changed[card.id])
    await write(session, tools, actor, placed, looked_up)
    return became


async def _judge(
    session: WriteSession,
    tools: Tools,
    actor: Actor,
    kept: DossierImport,
    wanted: Sequence[tuple[ImportRow, str]],
) -> tuple[Known, list[ImportRow]]:
    """What is there now, and what each row would do now with its answer."""
    read: list[Read] = [(row.line, row.values) for row, _answer in wanted]
    answers = {row.line: answer for row, answer in wanted}
    keys = keys_of(read)
    looked_for = wanted_of(read, keys, [answer for answer in answers.values() if answer])
    looked_for.numbers |= {row.number for row, _answer in wanted if row.number}
    claimed = frozenset(await claimed_companies(tools, _numbers(wanted)))
    while True:
        there = await present(session, actor, looked_for, import_id=kept.id)
        there.claimed = claimed
        new = certainly_new(read, keys, there)
        rows = [
            ImportRow(line, values, RowStatus.CREATE, [], new[line])
            if line in new and not answers[line]
            else judge_row(line, values, there, answer=answers[line])
            for line, values in read
        ]
        more = missing(rows, looked_for)
        if not more:
            return there, rows
        looked_for.numbers |= more


def _wanted(
    batch: Sequence[ImportRow], answers: Mapping[str, object], became: dict[int, Became]
) -> list[tuple[ImportRow, str]]:
    """The rows to carry out with their answers; what becomes of the others is noted."""
    wanted: list[tuple[ImportRow, str]] = []
    for row in batch:
        answer = str(answers.get(str(row.line), ""))
        if row.status in FAULTY:
            continue
        if row.stays_out(answer):
            became[row.line] = Became(Outcome.LEFT_OUT)
        elif row.status is RowStatus.ASK and not answer:
            became[row.line] = Became(Outcome.UNANSWERED)
        else:
            wanted.append((row, "" if answer == TAKE else answer))
    return wanted


def _about(wanted: Sequence[tuple[ImportRow, str]]) -> set[UUID]:
    """The dossiers that rows would change."""
    ids = {row.dossier_id for row, _answer in wanted if row.status is RowStatus.UPDATE}
    ids |= {answer for row, answer in wanted if answer in {one.id for one in row.candidates}}
    return {UUID(one) for one in ids if one}


def _numbers(wanted: Sequence[tuple[ImportRow, str]]) -> dict[str, set[str]]:
    """The numbers, by country, of rows that would make a dossier or give one its number."""
    found: dict[str, set[str]] = {}
    for row, _answer in wanted:
        if row.number and (row.dossier_id is None or "number" in row.changes):
            found.setdefault(row.country, set()).add(row.number)
    return found


def _values(session: WriteSession, row: ImportRow) -> dict[str, Any]:
    """What a row changes in its dossier, as values of its columns."""
    values: dict[str, Any] = {name: pair[1] for name, pair in row.changes.items()}
    if "language" in values:
        values["language"] = Language(values["language"])
    if "vat_regime" in values:
        today = local_date(clock_of(session).now())
        values["vat_regime"] = RegimeFrom(today, VatRegime(values["vat_regime"]))
    return values


async def _change(
    session: WriteSession, tools: Tools, actor: Actor, dossier: Dossier, values: dict[str, Any]
) -> Became:
    number = values.pop("number", None)
    if number is not None:
        async with session.begin_nested():  # all of the row, or nothing
            await give_number(session, tools, actor, dossier, number)
            await change(session, actor, dossier, values)
        return Became(Outcome.UPDATED, str(dossier.id))
    return _changed(dossier, await change(session, actor, dossier, values))


def _changed(dossier: Dossier, columns: Sequence[str]) -> Became:
    return Became(Outcome.UPDATED if columns else Outcome.UNCHANGED, str(dossier.id))


def _new(actor: Actor, row: ImportRow, *, second: bool) -> NewDossier:
    email = row.get(Column.EMAIL).lower() or None
    phone = row.get(Column.PHONE) or None
    return NewDossier(
        name=row.get(Column.NAME),
        number=row.number,
        vat_id=vat_of(row),
        country=row.country,
        code=row.get(Column.CODE) or None,
        language=language_of(row.values) or Language.NL,
        contact_name=row.get(Column.CONTACT) or None,
        contact_email=email,
        contact_phone=phone,
        activity=row.get(Column.ACTIVITY) or None,
        second=second,
        vat_regime=regime_of(row.values) or VatRegime.QUARTERLY,
        manager_id=actor.person_id,
        address={
            "email": email,
            "phone": phone,
            "street": row.get(Column.STREET) or None,
            "postcode": row.get(Column.POSTCODE) or None,
            "city": row.get(Column.CITY) or None,
        },
    )


def _refusal(row: ImportRow, refused: PortalError) -> Remark:
    what, fix = (
        (REQUESTS_USED_UP, TOMORROW)
        if isinstance(refused, TooMany)
        else (next(iter(refused.fields.values()), refused.message), "")
    )
    params = {name: str(value) for name, value in refused.params.items()}
    column = Column.CODE if refused.code == "code_taken" else Column.NUMBER
    return Remark(column, row.get(column), what, fix, params=params)


async def go_on(session: WriteSession, before: datetime) -> None:
    """Lists under way whose batch is in nobody's ledger end: what was done stays, the other rows come back. In the system scope."""
    for kept in await repository.imports_under_way(session, before):
        if await ledger.is_pending(session, _key(kept.id, kept.position)):
            continue
        for part in await repository.parts(session, kept.id, since=kept.position):
            left = [
                row
                for row in part.read_rows()
                if (row.status in GOOD or row.status is RowStatus.ASK)
                and not row.stays_out(str(part.answers.get(str(row.line), "")))
            ]
            part.write_outcomes(
                {row.line: Became(Outcome.REFUSED, None, [Remark(None, "", STOPPED, AGAIN)]) for row in left}
            )
        kept.position = kept.size
        await _finish(
            session, policy_actor(FirmId(kept.firm_id), "system", await _handed_in_by(session, kept)), kept
        )


async def _handed_in_by(session: WriteSession, kept: DossierImport) -> Principal | None:
    if kept.created_by is None:
        return None
    names = await people.names(session, {kept.created_by})
    return Principal(person_id=PersonId(kept.created_by), name=names.get(kept.created_by, ""))


__all__ = ["AcceptRows", "accept", "accept_rows", "answer_rows", "go_on"]
