"""The readers with their types: what the slices call."""

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from exports.hybrid import Contents
from portal.kernel.errors import Invalid
from portal.sandbox.contract import (
    MIB,
    Container,
    Limits,
    MailHead,
    PdfPage,
    Photo,
    Picture,
    SandboxUnavailable,
    Unreadable,
    Workbook,
    ZipMember,
)
from portal.sandbox.pool import run

_READERS = "portal.sandbox.readers."
_EMPTY_ZIP = b"PK\x05\x06" + bytes(18)

_PAPERS = Limits(memory=384 * MIB, output=128 * MIB, wall=180, cpu=120, threads=True)
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
        await run(_READERS + "containers", _EMPTY_ZIP, max_members=1, max_member=1, max_total=1)
    except SandboxUnavailable:
        return False
    except Invalid:  # an answer all the same
        return True
    return True


async def read_workbook(
    data: bytes,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    max_rows: int = 20_000,
    max_columns: int = 200,
) -> Workbook:
    """A list: Excel (.xlsx, .xlsm, .xls), OpenDocument, Numbers, a web page with tables, or a text file.

    Formulas give their last computed value. Encoding and delimiter of a text file are guessed unless given (names of
    `Workbook.encodings` and `delimiters`). Raises `Unreadable` or `TooComplex`.
    """
    values = await run(
        _READERS + "workbook",
        data,
        max_rows=max_rows,
        max_columns=max_columns,
        encoding=encoding,
        delimiter=delimiter,
    )
    return _one(values, Workbook)


async def read_pdf_page(data: bytes, *, page: int | None = None, width: int = 900) -> PdfPage:
    """Number of pages and, where asked for, page ``page`` (from 0) as a PNG of ``width`` pixels at most.

    A page that would become taller than 3 times its width, or 8 million pixels, is made smaller. Raises
    `Unreadable` or `TooComplex`.
    """
    values = await run(_READERS + "pdf_pages", data, page=page, width=width)
    return _one(values, PdfPage)


async def read_pdf_contents(data: bytes) -> Contents:
    """Number of pages of a PDF, the files inside it, and its text where one of them is XML.

    Raises `Unreadable` or `TooComplex`.
    """
    values = await run(_READERS + "pdf_contents", data, limits=Limits(memory=384 * MIB))
    return _one(values, Contents)


async def count_paper_pages(data: bytes) -> int:
    """How many pages a paper has: a PDF, or a picture, which may hold several. Raises `Unreadable` or `TooComplex`."""
    return _one(await run(_READERS + "paper_pages", data, limits=_PAPERS), int)


async def cut_paper(data: bytes, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
    """PDFs of pages of a paper, each from a first page to a last (from 1). Raises `Unreadable` or `TooComplex`."""
    cut = await run(_READERS + "paper_pages", data, limits=_PAPERS, ranges=[list(one) for one in ranges])
    return [_one([part], bytes) for part in cut]


async def join_papers(papers: Sequence[bytes]) -> bytes:
    """One PDF of several papers, PDFs and pictures, in their order. Raises `Unreadable` or `TooComplex`."""
    data = b"".join(len(paper).to_bytes(4, "big") + paper for paper in papers)
    return _one(await run(_READERS + "paper_pages", data, limits=_PAPERS, join=True), bytes)


async def read_image(data: bytes, *, fit: int | None = None) -> Picture:
    """An image decoded and written anew as PNG (JPEG stays JPEG), upright, within ``fit`` × ``fit`` pixels.

    Raises `Unreadable` or `TooComplex`.
    """
    values = await run(_READERS + "image", data, fit=fit)
    return _one(values, Picture)


PHOTO_LIMITS = Limits(memory=340 * MIB, cpu=30, wall=45, threads=True)


async def read_photo(data: bytes, *, page: int = 0, width: int = 1600) -> Photo:
    """Page ``page`` (from 0) of a paper that came as a picture: PNG, JPEG, WebP, GIF, BMP, TIFF, HEIC or AVIF.

    At most ``width`` pixels wide and 12 million in all, upright, on white. What moves gives its first picture. Raises `Unreadable` or
    `TooComplex`.
    """
    values = await run(_READERS + "photo", data, limits=PHOTO_LIMITS, page=page, width=width)
    return _one(values, Photo)


async def read_photo_pdf(data: bytes, *, width: int = 2480) -> Photo:
    """All pages of a paper that came as a picture as one PDF, each ``width`` pixels wide at most (300 a inch, on A4).

    Raises `Unreadable` or `TooComplex`.
    """
    limits = Limits(memory=PHOTO_LIMITS.memory, cpu=120, wall=180, threads=True)
    values = await run(_READERS + "photo", data, limits=limits, page=None, width=width)
    return _one(values, Photo)


async def read_container(
    data: bytes, *, max_members: int = 500, max_member: int = 25 * MIB, max_total: int = 200 * MIB
) -> Container:
    """The files of a ZIP, or those attached to a mail (.eml, .msg). A file that cannot be taken says why; the others go through.

    Folders, what systems leave in them for themselves, and small pictures in the text of a mail are left out. A ZIP in a mail and mails
    in a ZIP are opened too; all of it together stays within the limits. Raises `Unreadable` when it cannot be taken as a whole, or
    `TooComplex`.
    """
    limits = Limits(output=max_total + 4 * MIB, memory=256 * MIB + 2 * max_member, wall=60, cpu=40)
    values: list[Any] = await run(
        _READERS + "containers",
        data,
        limits=limits,
        max_members=max_members,
        max_member=max_member,
        max_total=max_total,
    )
    if not values:
        raise Unreadable("damaged")
    return Container([_one([value], ZipMember) for value in values[:-1]], _one(values[-1:], MailHead))
