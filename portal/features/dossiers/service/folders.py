"""The folder of a dossier at the agent: its code; without one its company number, which one dossier alone may have for a name.

A second dossier on a company, or one whose number is another country's too, is told apart by its id: the first that was made keeps the
number, so that no folder moves when another dossier comes, goes or gets a code.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from portal.db.session import ReadSession, WriteSession
from portal.features.dossiers.domain.codes import folder_of
from portal.features.dossiers.domain.queries import Present, WrittenFor
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.repository import dossiers as dossiers_repository
from portal.features.dossiers.repository import folders as folders_repository
from portal.jobs.contract import ask
from portal.kernel.actor import Actor


@dataclass(frozen=True, slots=True)
class Folder:
    """What names a dossier's folder, as agents are told: its code, its number, or neither."""

    dossier_id: UUID
    code: str | None
    number: str | None

    @property
    def path(self) -> str:
        """The folder below the agent's root."""
        return folder_of(self.code, self.number, self.dossier_id)


@dataclass(frozen=True, slots=True)
class Move:
    """A folder that becomes another one, while something was written in it."""

    before: str
    now: str


async def hold(session: WriteSession, actor: Actor) -> None:
    """Before a dossier is taken to change its code, number or activity: nobody makes or imports dossiers of the firm meanwhile.

    The order is the same everywhere: the lock on the firm's dossiers, then their rows.
    """
    assert actor.firm_id is not None
    await dossiers_repository.lock_dossiers(session, actor.firm_id)


async def folders(
    session: ReadSession, firm_id: UUID, dossiers: Iterable[Dossier | Present]
) -> dict[UUID, Folder]:
    """The folders of some dossiers of a firm."""
    dossiers = list(dossiers)
    numbers = {one.number for one in dossiers if one.number and not one.code}
    first = await folders_repository.first_of_numbers(session, firm_id, numbers)
    return {
        one.id: Folder(one.id, one.code, one.number if one.code or one.id in first else None)
        for one in dossiers
    }


async def folder(session: ReadSession, dossier: Dossier) -> Folder:
    """The folder of one dossier."""
    return (await folders(session, dossier.firm_id, [dossier]))[dossier.id]


async def move_of(
    session: ReadSession, dossier: Dossier, code: str | None, number: str | None
) -> Move | None:
    """What another code, or a first number, does to the folder of a dossier; None where nothing was written, or it stays."""
    before = (await folder(session, dossier)).path
    named = number
    if not code and number and number == dossier.number:
        first = await folders_repository.first_of_numbers(session, dossier.firm_id, {number})
        named = number if dossier.id in first else None
    now = folder_of(code, named, dossier.id)
    if now == before or not await ask(session, WrittenFor(firm_id=dossier.firm_id, dossier_ids=[dossier.id])):
        return None
    return Move(before, now)
