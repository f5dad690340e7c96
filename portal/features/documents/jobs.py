"""Drawing the PDF of documents that came without one that opens."""

from portal.db.session import WriteSession
from portal.features.documents.service import drawings, late_judgements
from portal.features.documents.service.arrivals import DrawPdf
from portal.features.documents.service.late_judgements import JudgeDocuments
from portal.jobs.contract import Tools, handles_long, sweeps
from portal.jobs.runner import Task


@handles_long(DrawPdf, max_attempts=drawings.TRIES)
async def draw_pdf(task: Task, job: DrawPdf) -> None:
    """Draw the PDF of a document that has none that opens."""
    await drawings.draw_pdf(task, job)


@sweeps("documents.look_for_missing_pdfs", every=60)
async def look_for_missing_pdfs(session: WriteSession, tools: Tools) -> None:
    """Ask again for the PDFs that were given up, or lost their job."""
    await drawings.ask_again(session, tools.clock.now())


@handles_long(JudgeDocuments)
async def judge_documents(task: Task, job: JudgeDocuments) -> None:
    """Judge a batch of what came before documents were judged."""
    await late_judgements.judge_documents(task, job)


@sweeps("documents.look_for_unjudged", every=600)
async def look_for_unjudged(session: WriteSession, _tools: Tools) -> None:
    """Ask for it where there are some."""
    await late_judgements.ask_to_judge(session)
