"""Drawing the PDF of documents that came as data only; telling both sides of an unlocking."""

from portal.db.session import WriteSession
from portal.features.documents import service
from portal.features.documents.domain import DocumentUnlocked
from portal.features.documents.service import DrawPdf
from portal.jobs.contract import Tools, handles_long, hears
from portal.jobs.runner import Task
from portal.kernel.actor import Actor


@handles_long(DrawPdf, max_attempts=service.DRAWING_TRIES)
async def draw_pdf(task: Task, job: DrawPdf) -> None:
    """Draw one PDF."""
    await service.draw_pdf(task, job)


@hears(DocumentUnlocked, as_system=True)
async def tell_unlocked(session: WriteSession, actor: Actor, event: DocumentUnlocked, _tools: Tools) -> None:
    """The company's owners and the file manager are told."""
    await service.tell_unlocked(session, actor, event)
