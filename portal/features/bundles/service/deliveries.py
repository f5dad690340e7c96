"""The bundle's way into the bookkeeping package: what agents fetch, what they prove, what they refuse."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from portal.db.session import ReadSession, WriteSession
from portal.features.audit import service as audit
from portal.features.bundles.domain import Backlog, DeliveryState, HasAgent, ProofChannel
from portal.features.bundles.models import Delivery, Export
from portal.features.bundles.repository import channels as channels_repository
from portal.features.bundles.repository import exports as exports_repository
from portal.features.items.service import moves
from portal.features.targets import service as targets
from portal.features.targets.domain import DeliveryMethod
from portal.jobs.contract import Job, ask, clock_of
from portal.jobs.ledger import enqueue
from portal.kernel.actor import Actor
from portal.kernel.errors import Conflict, Invalid, NotFound
from portal.kernel.ids import new_id
from portal.kernel.language import N_, gettext

ARCHIVE_DAMAGED = "archive_damaged"
ARCHIVE_LOST = "archive_lost"
ARCHIVE_REASONS = frozenset({ARCHIVE_DAMAGED, ARCHIVE_LOST})
"""Why the portal itself refuses a delivery; agents have reasons of their own."""
FOUND_DAMAGED = "damaged_bundle"
"""The reason of an agent to which something else came than the bundle it was told of: perhaps the archive, perhaps the line."""
ARRIVED = N_("This bundle has arrived already.")
TAKEN = N_("Another agent is writing this bundle.")
NO_FOLDER = N_(
    "The code of this dossier names the same folder as another dossier's. It needs another code first."
)
TAKEN_FOR = timedelta(minutes=15)
"""How long a delivery belongs to the agent that took it up; after that another one may."""
FEED_FILES = 5_000
"""How many files the feed names at most (but always one bundle): an agent reads an answer of 32 MiB, and comes back for the rest."""
UNKNOWN_FILE = N_("The bundle has no such file: %(file)s.")
WRONG_HASH = N_("The file %(file)s was written with other content than the bundle holds.")


REFUSED_BECAUSE = {
    "archive_damaged": N_(
        "The archive of this bundle is missing or damaged in the store. It is being made again from its parts."
    ),
    "archive_lost": N_(
        "The archive of this bundle is missing or damaged in the store, and cannot be made again: %(part)s is missing or damaged too."
        " Have the file restored, then deliver again."
    ),
}
"""What the portal itself refuses; an agent says why in words of its own."""


def refusal_text(delivery: Delivery) -> str | None:
    """Why a delivery was refused, in words; None for one that was not."""
    if not delivery.reason:
        return None
    if delivery.reason in REFUSED_BECAUSE:
        return gettext(REFUSED_BECAUSE[delivery.reason]) % {"part": delivery.detail or "–"}
    return delivery.detail or delivery.reason


@dataclass(frozen=True, slots=True)
class WaitingFile:
    """One file an agent should write; `path` is relative to the dossier's folder."""

    item_id: UUID
    role: str
    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class WaitingDelivery:
    """One bundle an agent should write."""

    delivery: Delivery
    export: Export
    files: tuple[WaitingFile, ...]


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """What an agent says it wrote."""

    item_id: UUID
    role: str
    path: str
    sha256: str
    written_at: datetime


def files_of(entries: Sequence[dict[str, Any]]) -> tuple[WaitingFile, ...]:
    """The files of a bundle from its stored manifest entries, in import order."""
    return tuple(
        WaitingFile(UUID(entry["id"]), file["role"], file["path"], file["sha256"], int(file["size"]))
        for entry in entries
        for file in entry["files"]
    )


class MendArchive(Job, frozen=True, kw_only=True):
    """Look whether the archive of a bundle is whole, and make it again where it is not."""

    name = "bundles.mend"
    export_id: UUID
    by_hand: bool = False
    """Whether a person asked: then it is offered again however often it was."""


async def ask_to_mend(session: WriteSession, actor: Actor, export_id: UUID, *, by_hand: bool = False) -> None:
    """A worker looks at an archive that somebody found damaged."""
    job = MendArchive(export_id=export_id, by_hand=by_hand)
    await enqueue(session, actor, job, unique_key=f"bundles.mend:{export_id}")


async def offer(session: WriteSession, export: Export, files: int, now: datetime) -> DeliveryState:
    """A delivery of a finished bundle: for whichever agent of the firm comes first, or to be downloaded.

    Downloaded is what is for a package without agents, and what is made while none is paired. Gives which of the two.
    """
    await channels_repository.hold_agents(session, export.firm_id, shared=True)
    by_agent = await has_agent_for(session, export)
    state = DeliveryState.PENDING if by_agent else DeliveryState.BY_HAND
    exports_repository.add(session, new_delivery(export, files, now, state))
    return state


async def has_agent_for(session: ReadSession, export: Export) -> bool:
    """Whether an agent of the firm would write a bundle into its package."""
    target = await targets.target(session, export.firm_id, export.target_id)
    return target.delivery_method is DeliveryMethod.AGENT and await ask(
        session, HasAgent(firm_id=export.firm_id)
    )


async def package_of(session: ReadSession, export: Export) -> str:
    """What the bookkeeping package of a bundle is called."""
    return (await targets.target(session, export.firm_id, export.target_id)).name


async def agent_paired(session: WriteSession, firm_id: UUID, backlog: Backlog, since: datetime) -> int:
    """An agent is paired: what of the bundles made so far goes to it. Runs in the system scope. Gives how many.

    Args:
        since: what was exported from then on goes to it in any case: it is when the pairing was begun.
    """
    await channels_repository.hold_agents(session, firm_id)
    by_agents = await targets.with_method(session, firm_id, DeliveryMethod.AGENT)
    now = clock_of(session).now()
    return await channels_repository.hand_to_agents(session, firm_id, by_agents, backlog, since, now)


async def agent_ended(session: WriteSession, firm_id: UUID) -> None:
    """An agent has ended; when it was the last, nothing is on its way any more."""
    await channels_repository.hold_agents(session, firm_id)
    if not await ask(session, HasAgent(firm_id=firm_id)):
        await channels_repository.withdraw_from_agents(session, firm_id, clock_of(session).now())


def new_delivery(export: Export, files: int, now: datetime, state: DeliveryState) -> Delivery:
    """The row of a new delivery of an export, not yet added to a session."""
    return Delivery(
        firm_id=export.firm_id,
        export_id=export.id,
        dossier_id=export.dossier_id,
        target_id=export.target_id,
        agent_id=None,
        state=state,
        reason=None,
        detail=None,
        files=files,
        confirmed=0,
        created_at=now,
        changed_at=now,
    )


async def waiting(session: ReadSession, actor: Actor) -> list[WaitingDelivery]:
    """What this agent has to write next, per dossier in the order of bundle numbers.

    Not what another one is busy with, and nothing of dossiers whose code names the same folder as another's: that waits.
    """
    assert actor.agent_id is not None
    since = clock_of(session).now() - TAKEN_FOR
    chosen: list[tuple[Delivery, Export]] = []
    files = 0
    for delivery, export in await exports_repository.deliveries_waiting(session, actor.agent_id, since):
        files += delivery.files
        if chosen and files > FEED_FILES:
            break
        chosen.append((delivery, export))
    chosen.sort(key=lambda one: (one[1].dossier_id, one[1].number or 0))
    entries: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in await exports_repository.items_of(session, *(export.id for _delivery, export in chosen)):
        entries[row.export_id].append(row.entry)
    return [WaitingDelivery(delivery, export, files_of(entries[export.id])) for delivery, export in chosen]


async def delivery(session: ReadSession, delivery_id: UUID) -> tuple[Delivery, Export]:
    """A delivery of the firm.

    Raises:
        NotFound: unknown, or another firm's.
    """
    found = await exports_repository.delivery(session, delivery_id)
    if found is None:
        raise NotFound
    return found


async def fetched(session: WriteSession, actor: Actor, delivery_id: UUID) -> None:
    """An agent takes a delivery up and fetches its archive: for a while it is nobody else's, so nothing is written twice.

    Raises:
        NotFound: another firm's delivery.
        Conflict: another agent has it (`taken`), all of it has arrived (`confirmed`), or the dossier's code names the same folder as
            another's (`code_clash`).
    """
    assert actor.agent_id is not None
    now = clock_of(session).now()
    if not await exports_repository.claim_delivery(
        session, delivery_id, actor.agent_id, now, now - TAKEN_FOR
    ):
        row, _export = await delivery(session, delivery_id)
        if row.state is DeliveryState.CONFIRMED:
            raise Conflict(ARRIVED, code="confirmed")
        if not await exports_repository.has_a_folder(session, delivery_id):
            raise Conflict(NO_FOLDER, code="code_clash")
        raise Conflict(TAKEN, code="taken")


async def confirm(
    session: WriteSession, actor: Actor, delivery_id: UUID, written: Sequence[WrittenFile]
) -> tuple[int, Delivery]:
    """Take an agent's evidence: path and SHA-256 per file. Telling it twice changes nothing.

    When every file of the bundle is proved, the delivery is confirmed. An item whose files are proved is delivered, unless a newer
    version of it has left since. Late proofs count, whoever is busy with the delivery: what was written was written.

    Returns:
        How many files of the bundle are proved now, and the delivery.

    Raises:
        NotFound: another firm's delivery.
        Invalid: a file that is not in the bundle, or other content than it holds.
    """
    assert actor.agent_id is not None
    found = await exports_repository.delivery(session, delivery_id, lock=True)
    if found is None:
        raise NotFound
    row, export = found
    rows = await exports_repository.items_of(session, export.id)
    expected = {(file.item_id, file.role): file for file in files_of([item.entry for item in rows])}
    now = clock_of(session).now()
    for file in written:
        known = expected.get((file.item_id, file.role))
        if known is None:
            raise Invalid(UNKNOWN_FILE, code="unknown_file", file=file.path)
        if known.sha256 != file.sha256:
            raise Invalid(WRONG_HASH, code="wrong_hash", file=file.path)
    new = await exports_repository.write_proofs(
        session,
        [
            {
                "firm_id": row.firm_id,
                "id": new_id(),
                "delivery_id": row.id,
                "item_id": file.item_id,
                "role": file.role,
                "channel": ProofChannel.AGENT,
                "agent_id": actor.agent_id,
                "agent_name": actor.name,
                "path": file.path,
                "sha256": file.sha256,
                "written_at": file.written_at,
                "confirmed_at": now,
            }
            for file in written
        ],
    )
    proofs = await exports_repository.proofs_of_delivery(session, row.id)
    proved = {(proof.item_id, proof.role) for proof in proofs}
    complete = proved >= set(expected)
    moved = await exports_repository.move_delivery(
        session,
        row.id,
        DeliveryState.CONFIRMED if complete else DeliveryState.WRITTEN,
        agent_id=actor.agent_id,
        confirmed=len(proved),
        reason=None,
        detail=None,
        changed_at=now,
    )
    missing = {item_id for item_id, _role in set(expected) - proved}
    delivered = {item.item_id: item.version for item in rows if item.item_id in new - missing}
    await moves.deliver(session, delivered)
    if new:
        await audit.record(
            session,
            actor,
            "bundles.confirmed" if complete else "bundles.written",
            "delivery",
            row.id,
            dossier_id=row.dossier_id,
            number=export.number,
            export_id=export.id,
            files=len(proved),
        )
    return len(proved), moved or row


async def refuse(
    session: WriteSession, actor: Actor, delivery_id: UUID, reason: str, detail: str
) -> Delivery:
    """An agent could not write the bundle; people see why and what to do.

    Raises:
        NotFound: another firm's delivery.
        Conflict: another agent has it (`taken`).
    """
    found = await exports_repository.delivery(session, delivery_id, lock=True)
    if found is None:
        raise NotFound
    row, export = found
    now = clock_of(session).now()
    if row.agent_id not in (None, actor.agent_id) and row.changed_at >= now - TAKEN_FOR:
        raise Conflict(TAKEN, code="taken")
    moved = await exports_repository.move_delivery(
        session,
        row.id,
        DeliveryState.REFUSED,
        agent_id=actor.agent_id,
        reason=reason,
        detail=detail[:500],
        changed_at=now,
    )
    if moved is not None:
        await audit.record(
            session,
            actor,
            "bundles.refused",
            "delivery",
            row.id,
            dossier_id=row.dossier_id,
            number=export.number,
            export_id=export.id,
            reason=reason,
        )
        if reason == FOUND_DAMAGED:
            await ask_to_mend(session, actor, export.id)  # perhaps it is the archive, not the line
    return moved or row
