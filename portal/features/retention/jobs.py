"""Items and people follow what was put aside. Across firms, in the system scope."""

from portal.db.session import WriteSession
from portal.features.retention.domain import ErasureMoved, PaperMoved
from portal.features.retention.service import aside, erasures
from portal.jobs.contract import Tools, on_event
from portal.kernel.actor import Actor


@on_event(PaperMoved, "keeping.paper_moved", as_system=True)
async def paper_moved(session: WriteSession, _actor: Actor, event: PaperMoved, _tools: Tools) -> None:
    """The items of every office."""
    await aside.follow(session, event)


@on_event(PaperMoved, "keeping.tell_paper_moved", as_system=True)
async def tell_paper_moved(session: WriteSession, actor: Actor, event: PaperMoved, _tools: Tools) -> None:
    """The company's owners and the file managers are told."""
    await aside.tell(session, actor, event)


@on_event(ErasureMoved, "keeping.tell_erasure", as_system=True)
async def tell_erasure(session: WriteSession, actor: Actor, event: ErasureMoved, _tools: Tools) -> None:
    """The second person hears of a proposal, the first one of the answer, the client of what was erased."""
    await erasures.tell_erasure(session, actor, event)
