"""Whose codes are the same folder: in the space of a bookkeeping package each code is given out once."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from portal.db.figures import Figure, constant
from portal.db.session import ReadSession, WriteSession
from portal.features.dossiers.domain.codes import SAME_FOLDER, TAKEN, code_key
from portal.features.dossiers.domain.dossiers import titled
from portal.features.dossiers.domain.queries import ListedDossier
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.repository import dossiers as dossiers_repository
from portal.features.dossiers.repository.dossiers import SameKey
from portal.features.targets import service as targets
from portal.features.targets.domain import CodeSpace, code_spaces
from portal.kernel.actor import Actor
from portal.kernel.errors import Conflict


async def spaces(session: ReadSession, firm_id: UUID) -> dict[UUID, CodeSpace]:
    """The space of dossier codes of each bookkeeping package of a firm."""
    return targets.spaces_of(await targets.listed(session, firm_id))


async def refuse_taken(
    session: ReadSession, firm_id: UUID, target_id: UUID, code: str, exclude: UUID | None = None
) -> None:
    """Two dossiers have no code that some folder holds for one. The caller holds the lock on the firm's dossiers.

    Args:
        target_id: the package that the dossier is in, or comes into.
        exclude: the dossier that is to have it.

    Raises:
        Conflict: `code_taken`.
    """
    known = await spaces(session, firm_id)
    holders = await dossiers_repository.code_holders(session, firm_id, known, [code])
    holder = holders.get((known[target_id], code_key(code)))
    if holder is not None and holder.id != exclude:
        raise taken(code, holder.code)


def taken(code: str, other: str) -> Conflict:
    """What to say of a code that another dossier has, exactly or as the same folder."""
    text = TAKEN if code == other else SAME_FOLDER
    return Conflict(text, code="code_taken", dossier_code=code, other_code=other)


async def settle_clashes(session: WriteSession, firm_id: UUID) -> None:
    """A code was given up: the oldest dossier that waited for it may have it, and its deliveries go on."""
    waiting = await dossiers_repository.clashing(session, firm_id)
    if not waiting:
        return
    known = await spaces(session, firm_id)
    holders = await dossiers_repository.code_holders(
        session, firm_id, known, [one.code for one in waiting if one.code]
    )
    keys = set(holders)
    for one in waiting:
        assert one.code is not None
        key = (known[one.target_id], code_key(one.code))
        if key not in keys:
            keys.add(key)
            one.code = one.code  # writes the key
    await session.flush()


@dataclass(frozen=True, slots=True)
class Clash:
    """The code of an older dossier that names the same folder; which dossier it is, where the actor may see it."""

    code: str
    dossier_id: UUID | None
    name: str | None


def clashes(actor: Actor, dossiers: Iterable[Dossier | ListedDossier]) -> Figure[dict[UUID, Clash]]:
    """What the codes of some dossiers clash with, by dossier; those whose code is all their own are left out."""
    keys = {one.id: code_key(one.code) for one in dossiers if one.clashes and one.code}
    return dossiers_repository.holding_keys(actor, keys).mapped(_clashes) if keys else constant({})


def _clashes(found: Iterable[SameKey]) -> dict[UUID, Clash]:
    told: dict[UUID, Clash] = {}
    for one in found:
        known = code_spaces([(one.target_id, one.method), (one.other_target_id, one.other_method)])
        if known[one.target_id] == known[one.other_target_id]:
            name = titled(one.other_name, one.other_activity) if one.other_name is not None else None
            told[one.id] = Clash(one.other_code, one.other_id, name)
    return told
