"""What waits, over all dossiers; and looking for anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from portal.db.paging import Page
from portal.db.session import ReadSession
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


@dataclass(frozen=True, slots=True)
class WorkList:
    """The start page of staff: figures, how much stood in two dossiers and nobody has looked at, and the dossiers that have something for them."""

    totals: Totals
    refused: int
    doubles: int
    page: Page[ListedDossier]
    clashes: dict[UUID, Clash]
    aside: PutAside
    aside_names: dict[UUID, tuple[str, str | None]]
    """Name and code of the dossiers of what is put aside."""
    erasures: Waiting
    """What a second person has to confirm, as far as the reader may be that one."""
    in_inbox: int
    """Files of the office's inbox that wait for the reader to say whose they are."""
    nobody_to_ask: set[UUID]
    """Dossiers of this page whose policy asks for an approval that nobody can give."""


async def work_list(
    session: ReadSession, actor: Actor, query: DossierQuery, *, in_inbox: int | None = None
) -> WorkList:
    """Only dossiers with something new in quick entry or ready to export, unless the query filters otherwise.

    Args:
        in_inbox: how many files wait in the inbox, where the menu of the page has counted them already.
    """
    page = await dossiers.listed(session, actor, query)
    aside = await moves.all_put_aside(session, manager_id=assigned_only(actor))
    return WorkList(
        await dossiers.totals(session, actor),
        await runs.count_refused(session, actor),
        await places.count_doubles(session, actor),
        page,
        await codes.clashes(session, actor, page.rows),
        aside,
        await dossiers.names(session, actor, {item.dossier_id for item in aside.first}),
        await erasures.waiting(session, actor),
        await inbox.count_waiting(session, actor) if in_inbox is None else in_inbox,
        await policies.nobody_to_ask(session, page.rows),
    )


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: dossiers, and items with the names of their dossiers."""

    dossiers: Sequence[ListedDossier]
    items: Sequence[DossierItem]
    names: dict[UUID, tuple[str, str | None]]


async def search(session: ReadSession, actor: Actor, text: str) -> Found:
    """Dossiers by name, code or number; documents by number or counterparty. From the firm's own lists, as far as the actor sees."""
    if not text.strip():
        return Found([], [], {})
    found = (await dossiers.listed(session, actor, DossierQuery(search=text))).rows[:20]
    papers = await lists.find(session, text, manager_id=assigned_only(actor), limit=30)
    names = await dossiers.names(session, actor, {paper.dossier_id for paper in papers})
    return Found(found, papers, names)
