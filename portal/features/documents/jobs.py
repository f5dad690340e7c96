"""Drawing the PDF of documents that came without one that opens; telling both sides of an unlocking."""

from portal.db.session import WriteSession
from portal.features.documents import service
from portal.features.documents.domain import DocumentUnlocked
from portal.features.documents.service import DrawPdf, JudgeDocuments
from portal.jobs.contract import Tools, handles_long, on_event, sweeps
from portal.jobs.runner import Task
from portal.kernel.actor import Actor


@handles_long(DrawPdf, max_attempts=service.DRAWING_TRIES)
async def draw_pdf(task: Task, job: DrawPdf) -> None:
    """Draw one PDF."""
    await service.draw_pdf(task, job)


@sweeps("documents.look_for_missing_pdfs", every=60)
async def look_for_missing_pdfs(session: WriteSession, tools: Tools) -> None:
    """Ask again for the PDFs that were given up, or lost their job."""
    await service.ask_again(session, tools.clock.now())


@handles_long(JudgeDocuments)
async def judge_documents(task: Task, job: JudgeDocuments) -> None:
    """Judge a batch of what came before documents were judged."""
    await service.judge_documents(task, job)


@sweeps("documents.look_for_unjudged", every=600)
async def look_for_unjudged(session: WriteSession, _tools: Tools) -> None:
    """Ask for it where there are some."""
    await service.ask_to_judge(session)


@on_event(DocumentUnlocked, "documents.tell_unlocked", as_system=True)
async def tell_unlocked(session: WriteSession, actor: Actor, event: DocumentUnlocked, _tools: Tools) -> None:
    """The company's owners and the file manager are told."""
    await service.tell_unlocked(session, actor, event)
