"""Excel import: judging the rows of a list, keeping the judgement."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from portal.db.session import ReadSession, WriteSession
from portal.features.accounts.service import limits
from portal.features.dossiers.domain.names import name_key
from portal.features.dossiers.domain.queries import Alike, Present, WrittenFor
from portal.features.dossiers.domain.vat import VatRegime, regime_on
from portal.features.dossiers.service import dossiers
from portal.features.dossiers.service.dossiers import claimed_companies
from portal.features.dossiers.service.folders import Folder, folders
from portal.features.imports import repository
from portal.features.imports.domain.certain import Keys, keys_of, missing, wanted_of
from portal.features.imports.domain.columns import Column
from portal.features.imports.domain.judgement import judge_rows
from portal.features.imports.domain.matches import Known, KnownDossier, Wanted, uuid_of
from portal.features.imports.domain.reading import Read, Said
from portal.features.imports.domain.rows import (
    TURN,
    Apart,
    Became,
    ImportRow,
    Outcome,
    RowStatus,
    counts,
)
from portal.features.imports.domain.state import ImportState
from portal.features.imports.domain.table import Reading
from portal.features.imports.models import DossierImport, ImportPart
from portal.features.targets import service as targets
from portal.jobs.contract import Tools, ask, clock_of
from portal.kernel.actor import Actor
from portal.kernel.clock import local_date
from portal.kernel.errors import NotFound
from portal.kernel.ids import new_id
from portal.kernel.numbers import shown_number

ASKING = frozenset({RowStatus.CREATE, RowStatus.ASK})
NUMBERS_PER_DAY = 20_000
"""Whether a number has an account here is told in the preview: an office may look up its clients, not the register."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The rows of a list as they were read, by what they are compared, what there is to say of them before, and which are set apart."""

    read: Sequence[Read]
    keys: Keys
    wanted: Wanted
    said: Said
    apart: Mapping[int, Apart]


@dataclass(frozen=True, slots=True)
class Judged:
    """The rows of a list as they are kept: JSON by the position of the first row of each part; and how many there are of each status.

    `asked` are the numbers, by country, of which it matters whether they are claimed; of `missing` it was not asked yet who has them.
    """

    parts: Mapping[int, bytes]
    counts: dict[str, int]
    asked: Mapping[str, Collection[str]]
    missing: set[str]


async def keep_preview(
    session: WriteSession,
    actor: Actor,
    judged: Judged | None,
    *,
    file_name: str,
    sha256: str,
    sheet: str,
    mapping: Any,
    object_sha256: str | None = None,
    reading: Reading | None = None,
) -> DossierImport:
    """Keep rows that were judged as a list that somebody looks at before anything is done.

    Args:
        judged: None while nobody has said which of its columns is what.
        object_sha256: where its file is kept, if it may be read anew.
        reading: how its file was read.
    """
    kept = DossierImport(
        id=new_id(),
        firm_id=actor.firm_id,
        file_name=file_name,
        sha256=sha256,
        object_sha256=object_sha256,
        sheet=sheet,
        mapping=mapping,
        reading={},
        counts={},
        position=0,
        state=ImportState.MAPPING,
        created_by=actor.person_id,
        created_at=clock_of(session).now(),
        accepted_at=None,
        result=None,
    )
    repository.add(session, kept)
    await session.flush()
    await put_rows(session, kept, judged, reading)
    return kept


async def put_rows(
    session: WriteSession,
    kept: DossierImport,
    judged: Judged | None,
    reading: Reading | None = None,
    answers: Mapping[int, str] | None = None,
) -> None:
    """Give a list its rows, instead of those it may have.

    Args:
        answers: what was said to rows before, by line; what a row does not offer any more is forgotten.
    """
    if kept.counts:
        await repository.drop_parts(session, kept.id)
    kept.reading = msgspec.to_builtins(reading) if reading is not None else {}
    kept.counts = judged.counts if judged is not None else {}
    kept.state = ImportState.MAPPING if judged is None else ImportState.PREVIEWED
    if judged is None:
        return
    parts: list[dict[str, Any]] = []
    for position, rows in judged.parts.items():
        said = _still_offered(rows, answers) if answers else {}
        parts.append({"id": new_id(), "position": position, "rows": rows, "answers": said})
    await repository.add_parts(session, kept, parts)


def _still_offered(rows: bytes, answers: Mapping[int, str]) -> dict[str, str]:
    return {
        str(row.line): answers[row.line]
        for row in msgspec.json.decode(rows, type=list[ImportRow])
        if answers.get(row.line) in row.offered
    }


def listed_of(
    read: Sequence[Read], said: Said | None = None, apart: Mapping[int, Apart] | None = None
) -> Listed:
    """Rows with what they are compared by."""
    keys = keys_of(read)
    return Listed(read, keys, wanted_of(read, keys), said or {}, apart or {})


async def judge_list(session: ReadSession, tools: Tools, actor: Actor, listed: Listed) -> Judged:
    """Judge all rows, having asked once what is there already. Long lists are judged beside the event loop.

    Of claimed companies only that they are is asked, and of the firm's dossiers out of the actor's sight only what would make twins.

    Raises:
        TooMany: more numbers of this office were looked up today than an office has clients.
    """
    there = await present(session, actor, listed.wanted)
    judged = await asyncio.to_thread(_judged, listed, there)
    if judged.missing:
        listed.wanted.numbers |= judged.missing
        there = await present(session, actor, listed.wanted)
        judged = await asyncio.to_thread(_judged, listed, there)
    if judged.asked:
        assert actor.firm_id is not None
        count = sum(len(numbers) for numbers in judged.asked.values())
        await limits.limit(tools, f"numbers:{actor.firm_id}", NUMBERS_PER_DAY, timedelta(days=1), count=count)
        if claimed := await claimed_companies(tools, judged.asked):
            there.claimed = frozenset(claimed)
            judged = await asyncio.to_thread(_judged, listed, there)
    return judged


def _judged(listed: Listed, there: Known) -> Judged:
    rows = judge_rows(listed.read, there, listed.keys, apart=listed.apart, said=listed.said)
    asked: dict[str, set[str]] = {}
    for row in rows:
        if row.number and (row.status in ASKING or "number" in row.changes):
            asked.setdefault(row.country, set()).add(row.number)
    return Judged(
        parts={
            position: msgspec.json.encode(rows[position : position + TURN])
            for position in range(0, len(rows), TURN)
        },
        counts=counts(rows),
        asked=asked,
        missing=missing(rows, listed.wanted),
    )


async def present(
    session: ReadSession, actor: Actor, wanted: Wanted, *, import_id: UUID | None = None
) -> Known:
    """The dossiers that are there now and are looked for.

    Args:
        import_id: the list that is carried out: what it has made itself is marked.
    """
    assert actor.firm_id is not None
    packages = await targets.listed(session, actor.firm_id)
    spaces = {target_id: str(min(space)) for target_id, space in targets.spaces_of(packages).items()}
    looked_for = Alike(
        ids=[one for text in wanted.ids if (one := uuid_of(text)) is not None],
        numbers=wanted.numbers,
        codes=wanted.codes,
        code_keys=wanted.code_keys,
        name_keys=wanted.name_keys,
    )
    mine, unseen = await dossiers.alike(session, actor, looked_for)
    ids = [one.id for one in mine]
    made = (
        await repository.made_by(session, import_id, ids) if mine and import_id is not None else set[UUID]()
    )
    regimes = await _regimes_now(session, ids) if mine else {}
    written = await ask(session, WrittenFor(firm_id=actor.firm_id, dossier_ids=ids)) if mine else set[UUID]()
    places = await folders(session, actor.firm_id, [one for one in mine if one.id in written])
    seen_numbers = {(one.country, one.number) for one in mine}
    return Known(
        [
            _known(
                one,
                regimes.get(one.id),
                made_here=one.id in made,
                folder=places.get(one.id),
                space=spaces[one.target_id],
            )
            for one in mine
        ],
        kept_already=frozenset(
            (one.country, one.number)
            for one in unseen
            if one.number and (one.country, one.number) not in seen_numbers
        ),
        codes_out_of_sight=frozenset((spaces[one.target_id], one.code_key) for one in unseen if one.code_key),
        names_out_of_sight=frozenset(name_key(one.name) for one in unseen),
        space=spaces[packages[0].id],
    )


async def _regimes_now(session: ReadSession, ids: Collection[UUID] | None = None) -> dict[UUID, VatRegime]:
    """The VAT regime that holds today, by dossier of the firm: of some, or of all."""
    today = local_date(clock_of(session).now())
    found = {
        one_id: regime_on(of_one, today)
        for one_id, of_one in (await dossiers.regimes_of(session, ids)).items()
    }
    return {one_id: regime for one_id, regime in found.items() if regime is not None}


async def workbook_rows(session: ReadSession, actor: Actor) -> list[dict[str, str]]:
    """The dossiers that the actor may list as the template's columns, by name."""
    regimes = await _regimes_now(session)
    return [_values(one, regimes.get(one.id)) for one in await dossiers.seen_by(session, actor)]


def _values(dossier: Present, regime: VatRegime | None) -> dict[str, str]:
    return {
        Column.CODE.value: dossier.code or "",
        Column.NAME.value: dossier.name,
        Column.NUMBER.value: shown_number(dossier.country, dossier.number),
        Column.COUNTRY.value: dossier.country,
        Column.LANGUAGE.value: dossier.language.value,
        Column.CONTACT.value: dossier.contact_name or "",
        Column.EMAIL.value: dossier.contact_email or "",
        Column.PHONE.value: dossier.contact_phone or "",
        Column.VAT_REGIME.value: regime.value if regime else "",
        Column.ACTIVITY.value: dossier.activity or "",
        Column.ID.value: str(dossier.id),
    }


def _known(
    dossier: Present, regime: VatRegime | None, *, made_here: bool, folder: Folder | None, space: str
) -> KnownDossier:
    return KnownDossier(
        id=str(dossier.id),
        code=dossier.code,
        country=dossier.country,
        number=dossier.number,
        activity=dossier.activity or "",
        values={
            "code": dossier.code or "",
            "name": dossier.name,
            "contact_name": dossier.contact_name or "",
            "contact_email": dossier.contact_email or "",
            "contact_phone": dossier.contact_phone or "",
            "language": dossier.language.value,
            "vat_regime": regime.value if regime else "",
        },
        made_here=made_here,
        clashes=dossier.clashes,
        access=dossier.access,
        folder=folder.path if folder is not None else "",
        space=space,
    )


@dataclass(frozen=True, slots=True)
class Whole:
    """A list with all of its parts. `rows` as they were judged; one that was refused says why. Answers and outcomes are by line."""

    kept: DossierImport
    parts: Sequence[ImportPart]
    rows: Sequence[ImportRow]
    answers: Mapping[int, str]
    outcomes: Mapping[int, Became]


async def whole(session: ReadSession, kept: DossierImport) -> Whole:
    """All rows of a list, for somebody who looks at it."""
    parts = await repository.parts(session, kept.id)
    rows, answers, outcomes = await asyncio.to_thread(_read_parts, parts)
    return Whole(kept, parts, rows, answers, outcomes)


def _read_parts(
    parts: Sequence[ImportPart],
) -> tuple[list[ImportRow], dict[int, str], dict[int, Became]]:
    rows: list[ImportRow] = []
    answers: dict[int, str] = {}
    outcomes: dict[int, Became] = {}
    for part in parts:
        became = part.read_outcomes()
        for row in part.read_rows():
            told = became.get(row.line)
            if told is not None and told.outcome in (Outcome.REFUSED, Outcome.OVERTAKEN):
                row.status = RowStatus.ERROR
                row.remarks = [
                    *(remark for remark in row.remarks if remark not in told.remarks),
                    *told.remarks,
                ]
            rows.append(row)
        answers |= {int(line): str(answer) for line, answer in part.answers.items()}
        outcomes |= became
    return rows, answers, outcomes


async def import_of(session: ReadSession, actor: Actor, import_id: UUID) -> DossierImport:
    """An import of the firm; of an assistant, the own ones alone.

    Raises:
        NotFound: unknown, another firm's, or not this assistant's.
    """
    found = await repository.import_of(session, actor, import_id)
    if found is None:
        raise NotFound
    return found


async def imports(session: ReadSession, actor: Actor) -> Sequence[DossierImport]:
    """The latest imports of the firm; of an assistant, the own ones alone."""
    return await repository.imports(session, actor)
