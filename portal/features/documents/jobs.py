"""Drawing the PDF of documents that came as data only."""

from portal.features.documents import service
from portal.features.documents.service import DrawPdf
from portal.jobs.contract import handles_long
from portal.jobs.runner import Task


@handles_long(DrawPdf, max_attempts=3)
async def draw_pdf(task: Task, job: DrawPdf) -> None:
    """Draw one PDF."""
    await service.draw_pdf(task, job)
