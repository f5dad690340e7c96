"""The readers with their types: what the slices call."""

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from portal.kernel.errors import Invalid
from portal.sandbox.contract import (
    MIB,
    Limits,
    PdfPage,
    Picture,
    SandboxUnavailable,
    Unreadable,
    Workbook,
    ZipMember,
)
from portal.sandbox.pool import run

_READERS = "portal.sandbox.readers."
_EMPTY_ZIP = b"PK\x05\x06" + bytes(18)

_MOST_CUT = 128 * MIB
"""Bytes of all parts together: what pages share stands in each part that needs it."""

T = TypeVar("T")


def _one(values: list[Any], kind: type[T]) -> T:
    """The one value of a reader as what it must be; a child in bad hands may have written anything."""
    try:
        [value] = values
        return msgspec.convert(value, kind)
    except (ValueError, msgspec.MsgspecError) as error:
        raise Unreadable("damaged") from error


async def readers_work() -> bool:
    """Whether a file that harms nobody can be read: tells a file that ends its reader from readers that are away."""
    try:
        await run(_READERS + "zip_members", _EMPTY_ZIP, max_members=1, max_member=1, max_total=1)
    except SandboxUnavailable:
        return False
    except Invalid:  # an answer all the same
        return True
    return True


async def read_workbook(data: bytes, *, max_rows: int = 20_000, max_columns: int = 200) -> Workbook:
    """An Excel workbook (.xlsx, .xlsm) or CSV (UTF-8, UTF-16 with mark or Windows-1252; ``;``, ``,`` or tab).

    Formulas give their last computed value. Raises `Unreadable` or `TooComplex`.
    """
    values = await run(_READERS + "workbook", data, max_rows=max_rows, max_columns=max_columns)
    return _one(values, Workbook)


async def read_pdf_page(data: bytes, *, page: int | None = None, width: int = 900) -> PdfPage:
    """Number of pages and, where asked for, page ``page`` (from 0) as a PNG of ``width`` pixels at most.

    A page that would become taller than 3 times its width, or 8 million pixels, is made smaller. Raises
    `Unreadable` or `TooComplex`.
    """
    values = await run(_READERS + "pdf_pages", data, page=page, width=width)
    return _one(values, PdfPage)


async def count_paper_pages(data: bytes) -> int:
    """How many pages a paper has: a PDF, or a picture, which may hold several. Raises `Unreadable` or `TooComplex`."""
    return _one(await run(_READERS + "paper_pages", data), int)


async def cut_paper(data: bytes, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
    """PDFs of pages of a paper, each from a first page to a last (from 1). Raises `Unreadable` or `TooComplex`."""
    limits = Limits(output=_MOST_CUT, wall=60, cpu=40)
    cut = await run(_READERS + "paper_pages", data, limits=limits, ranges=[list(one) for one in ranges])
    return [_one([part], bytes) for part in cut]


async def join_papers(papers: Sequence[bytes]) -> bytes:
    """One PDF of several papers, PDFs and pictures, in their order. Raises `Unreadable` or `TooComplex`."""
    data = b"".join(len(paper).to_bytes(4, "big") + paper for paper in papers)
    limits = Limits(output=_MOST_CUT, wall=60, cpu=40)
    return _one(await run(_READERS + "paper_pages", data, limits=limits, join=True), bytes)


async def read_image(data: bytes, *, fit: int | None = None) -> Picture:
    """An image decoded and written anew as PNG (JPEG stays JPEG), upright, within ``fit`` × ``fit`` pixels.

    Raises `Unreadable` or `TooComplex`.
    """
    values = await run(_READERS + "image", data, fit=fit)
    return _one(values, Picture)


async def read_zip(
    data: bytes, *, max_members: int = 500, max_member: int = 25 * MIB, max_total: int = 200 * MIB
) -> list[ZipMember]:
    """The files of a ZIP. A member that cannot be taken says why; the others go through.

    Folders and the droppings of macOS and Windows (``__MACOSX/``, ``.DS_Store``, ``Thumbs.db``) are left
    out. Raises `Unreadable` when the ZIP as a whole cannot be taken, or `TooComplex`.
    """
    limits = Limits(output=max_total + 4 * MIB, memory=256 * MIB + 2 * max_member, wall=60, cpu=40)
    values: list[Any] = await run(
        _READERS + "zip_members",
        data,
        limits=limits,
        max_members=max_members,
        max_member=max_member,
        max_total=max_total,
    )
    return [_one([value], ZipMember) for value in values]
