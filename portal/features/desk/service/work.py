"""What waits, over all dossiers; and looking for anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from portal.db.figures import AskTogether
from portal.db.paging import Page
from portal.db.search import has_parts
from portal.db.session import ReadSession
from portal.features.accounts.service import people
from portal.features.approvals.service import notices
from portal.features.approvals.service.notices import Notices
from portal.features.bundles.service import runs
from portal.features.dossiers.domain.queries import DossierQuery, ListedDossier, Totals
from portal.features.dossiers.domain.staff import assigned_only
from portal.features.dossiers.service import codes, dossiers
from portal.features.dossiers.service.codes import Clash
from portal.features.intake.service import inbox
from portal.features.items.models import DossierItem
from portal.features.items.service import lists, moves, places
from portal.features.items.service.moves import PutAside
from portal.features.policies import service as policies
from portal.features.retention.service import erasures
from portal.features.retention.service.erasures import Waiting
from portal.kernel.actor import Actor
from portal.kernel.searching import sought


@dataclass(frozen=True, slots=True)
class WorkList:
    """The start page of staff: figures, how much stood in two dossiers and nobody has looked at, and the dossiers that have something for them."""

    totals: Totals
    refused: int
    doubles: int
    page: Page[ListedDossier]
    clashes: dict[UUID, Clash]
    aside: PutAside
    erasures: Waiting
    """What a second person has to confirm, as far as the reader may be that one."""
    said: Notices
    """What clients said and nobody has handled."""
    names: dict[UUID, tuple[str, str | None]]
    """Name and code of the dossiers of what is put aside, to be confirmed or said."""
    managers: dict[UUID, str]
    """What the staff are called, by person."""
    in_inbox: int
    """Files of the office's inbox that wait for the reader to say whose they are."""
    nobody_to_ask: set[UUID]
    """Dossiers of this page whose policy asks for an approval that nobody can give."""


async def work_list(
    session: ReadSession, actor: Actor, query: DossierQuery, together: AskTogether
) -> WorkList:
    """Only dossiers with something new in quick entry or ready to export, unless the query filters otherwise."""
    assert actor.firm_id is not None
    page = await dossiers.listed(session, actor, query)
    aside = await moves.all_put_aside(session, manager_id=assigned_only(actor))
    erased = await erasures.waiting(session, actor)
    said = await notices.notices(session, actor)
    named = {one.dossier_id for some in (aside.first, erased.first, said.first) for one in some}
    found = await together(
        totals=dossiers.totals(actor),
        refused=runs.refused_count(actor),
        doubles=places.doubles_count(actor),
        in_inbox=inbox.waiting_count(actor),
        clashes=codes.clashes(actor, page.rows),
        nobody_to_ask=policies.nobody_to_ask(page.rows),
        names=dossiers.names_of(actor, named),
        managers=people.staff_names(actor.firm_id),
    )
    return WorkList(page=page, aside=aside, erasures=erased, said=said, **vars(found))


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: dossiers, and items with the names of their dossiers.

    Attributes:
        in_part: the text is so short that documents were looked for among the newest, and by their whole number.
    """

    dossiers: Sequence[ListedDossier]
    items: Sequence[DossierItem]
    names: dict[UUID, tuple[str, str | None]]
    in_part: bool = False


async def search(
    session: ReadSession, actor: Actor, text: str, *, dossiers_shown: int = 20, papers_shown: int = 30
) -> Found:
    """Dossiers by name, code or number; documents by number, counterparty, amount, name of a file or reason.

    From the firm's own lists, as far as the actor sees.

    Args:
        dossiers_shown: how many dossiers at most.
        papers_shown: how many documents at most.
    """
    if not text.strip():
        return Found([], [], {})
    wanted = sought(text)
    found = (await dossiers.listed(session, actor, DossierQuery(search=wanted.text))).rows[:dossiers_shown]
    papers = await lists.find(session, wanted, manager_id=assigned_only(actor), limit=papers_shown)
    names = await dossiers.names(session, actor, {paper.dossier_id for paper in papers})
    return Found(found, papers, names, in_part=not has_parts(wanted.folded))
