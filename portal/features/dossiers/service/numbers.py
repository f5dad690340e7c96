"""What keeps two dossiers on one company apart, and a number that is given later."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from portal.db.session import WriteSession
from portal.features.audit import service as audit
from portal.features.dossiers.domain.dossiers import Access, folded
from portal.features.dossiers.domain.queries import Present
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.repository import companies as companies_repository
from portal.features.dossiers.repository import dossiers as dossiers_repository
from portal.features.dossiers.service.dossiers import match_company
from portal.features.parties import service as parties
from portal.jobs.contract import Tools
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Forbidden
from portal.kernel.language import N_

SECOND = N_(
    "Your office has a dossier on this company already: %(dossier)s. A second one needs an activity of its own, and your yes."
)
SAME_ACTIVITY = N_(
    "Your office has a dossier on this company already: %(dossier)s. The activity has to tell the two apart."
)
NUMBER_CLAIMED = N_(
    "This company has an account here already. Make a new dossier with this number: its owner is asked to give you access."
)
NUMBER_STAYS = N_("This dossier has a company number already; it does not change.")


@dataclass(frozen=True, slots=True)
class Kept:
    """A dossier that is there already, as plain values: a refusal outlives the session it was found in."""

    id: UUID
    title: str
    code: str | None


class SecondDossier(Conflict):
    """The firm keeps a company already: another dossier on it is a deliberate act.

    Attributes:
        there: the firm's dossiers on it, oldest first.
        same_activity: what was given for an activity is one of theirs.
    """

    code = "second_dossier"

    def __init__(self, there: Sequence[Dossier] | Sequence[Present], *, same_activity: bool) -> None:
        super().__init__(
            SAME_ACTIVITY if same_activity else SECOND, code="second_dossier", dossier=there[0].title
        )
        self.there = [Kept(one.id, one.title, one.code) for one in there]
        self.same_activity = same_activity


def check_second(there: Sequence[Present], activity: str | None, *, agreed: bool) -> None:
    """Two dossiers on one company need an activity that tells them apart, and somebody who said yes.

    Raises:
        SecondDossier: one of the two is missing.
    """
    if not there:
        return
    label = folded(activity or "")
    if agreed and label and label not in {folded(one.activity or "") for one in there}:
        return
    taken = bool(label) and label in {folded(one.activity or "") for one in there}
    raise SecondDossier(there, same_activity=taken)


async def give_number(
    session: WriteSession, tools: Tools, actor: Actor, dossier: Dossier, number: str
) -> None:
    """A company in formation has got its number: its dossier takes it, unless it turns out to be one that the firm keeps already.

    Args:
        number: normalised and verified, of the dossier's country.

    Raises:
        Forbidden: the actor may not edit dossiers.
        SecondDossier: the firm has a dossier on the company of this number.
        Conflict: the company has an account here (`claimed`), or the dossier has a number already (`has_number`).
    """
    if not actor.may(Right.DOSSIERS_EDIT):
        raise Forbidden
    if dossier.number == number:
        return
    if dossier.number is not None or dossier.access is not Access.MANAGED:
        raise Conflict(NUMBER_STAYS, code="has_number")
    await dossiers_repository.lock_dossiers(session, dossier.firm_id)
    others = await companies_repository.on_company(session, dossier.firm_id, None, dossier.country, number)
    if others:
        raise SecondDossier(others, same_activity=False)
    company_id, _access = await match_company(session, tools, dossier.firm_id, dossier.country, number)
    if company_id is not None:
        raise Conflict(NUMBER_CLAIMED, code="claimed")
    await parties.give_number(session, dossier.company_id, dossier.country, number)
    for one in await companies_repository.on_company(
        session, dossier.firm_id, dossier.company_id, dossier.country, None
    ):
        one.number = number
    await session.flush()
    await audit.record(
        session,
        actor,
        "dossiers.updated",
        "dossier",
        dossier.id,
        dossier_id=dossier.id,
        what=audit.named(dossier.code, dossier.name),
        fields=audit.changes({"number": None}, {"number": number}, ["number"]),
    )
