"""Risky readers in a child process of their own, with limits on memory, time, output and files.

Whatever a file does to its reader, the portal goes on: `TooComplex` or `Unreadable` is raised, nothing
else. See `portal.sandbox.pool` for how it is done, `portal.sandbox.readers` for what can be read.
"""

from portal.sandbox.contract import (
    Container,
    Limits,
    MailHead,
    Mark,
    PdfPage,
    Photo,
    Picture,
    SandboxUnavailable,
    Sheet,
    TooComplex,
    Unreadable,
    Workbook,
    ZipMember,
)
from portal.sandbox.pool import Sandbox, run, warm_up
from portal.sandbox.reading import (
    count_paper_pages,
    cut_paper,
    join_papers,
    read_container,
    read_image,
    read_pdf_contents,
    read_pdf_page,
    read_photo,
    read_photo_pdf,
    read_workbook,
    readers_work,
)

__all__ = [
    "Container",
    "Limits",
    "MailHead",
    "Mark",
    "PdfPage",
    "Photo",
    "Picture",
    "Sandbox",
    "SandboxUnavailable",
    "Sheet",
    "TooComplex",
    "Unreadable",
    "Workbook",
    "ZipMember",
    "count_paper_pages",
    "cut_paper",
    "join_papers",
    "read_container",
    "read_image",
    "read_pdf_contents",
    "read_pdf_page",
    "read_photo",
    "read_photo_pdf",
    "read_workbook",
    "readers_work",
    "run",
    "warm_up",
]
