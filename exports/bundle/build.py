"""Building a bundle: items in, one ZIP and its manifest out, a file at a time."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from decimal import Decimal
from functools import partial
from hashlib import sha256
from tempfile import TemporaryFile
from typing import BinaryIO, NamedTuple

from msgspec import structs

from exports.bundle.archive import CHUNK, ArchiveWriter
from exports.bundle.errors import HeaderFault, ItemFault
from exports.bundle.manifest import (
    MANIFEST_PATH,
    Manifest,
    ManifestDossier,
    ManifestFile,
    ManifestItem,
    ManifestTax,
    amount,
    totals,
    utc_second,
)
from exports.bundle.model import Header, Item, ItemFile, Layout, Placement
from exports.bundle.names import folders_of, path_fault

_HASH = re.compile(r"[0-9a-f]{64}\Z")
_CURRENCY = re.compile(r"[A-Z]{3}\Z")
_MAX_VERSION = 2**53
_IN_MEMORY = 8 << 20  # what is larger waits on disk until its hash is known to be right


def build(
    header: Header,
    items: Iterable[Item],
    layout: Layout,
    out: BinaryIO,
    *,
    aside: Callable[[Item, ItemFault], object] | None = None,
) -> Manifest:
    """Writes the bundle of these items to ``out`` and returns its manifest, which is also its last entry.

    Items are taken and written one by one, in the order given (see ``import_order``); of their bytes never
    more than one item's files are held, and of these at most 8 MiB in memory. ``out`` is written from where it
    stands and need not be seekable. The same header, items, layout and bytes give the same ZIP, byte for byte,
    on every machine.

    A CODA file that several statements of one account share is written once, where the first has it. Everything
    that an item claims is checked before anything of it is written: one that cannot leave is handed to ``aside``
    and the rest becomes the bundle that it would be without it. Without ``aside`` it ends the build; when this
    raises, what ``out`` holds is not a ZIP and is to be thrown away.

    Raises:
        HeaderFault: The header cannot make a manifest.
        ItemFault: An item cannot leave and there is no ``aside``; it names the item and why.
        OSError: ``out`` or a temporary file cannot be written.
        and whatever ``aside`` raises.
    """
    _check_header(header)
    archive = ArchiveWriter(out)
    packer = _Packer(archive, layout, header.number)
    listed: list[ManifestItem] = []
    seen: set[tuple[str, int]] = set()
    for item in items:
        try:
            _check_new(item, seen)
            listed.append(packer.pack(item, len(listed) + 1))
        except ItemFault as fault:
            if aside is None:
                raise
            aside(item, fault)
        else:
            seen.add((item.id, item.version))
    manifest = Manifest(
        dossier=ManifestDossier(
            id=header.dossier_id,
            code=header.dossier_code,
            name=header.dossier_name,
            company_number=header.company_number,
        ),
        number=header.number,
        previous_sha256=header.previous_sha256,
        policy=header.policy,
        created=utc_second(header.created),
        software=header.software,
        layout=layout.name,
        items=tuple(listed),
        totals=totals(listed),
    )
    archive.write_bytes(MANIFEST_PATH, manifest.to_bytes())
    archive.finish()
    return manifest


def rebuild(manifest: Manifest, open_file: Callable[[ManifestFile], BinaryIO], out: BinaryIO) -> None:
    """Writes the bundle that this manifest belongs to once more: the same bytes, as long as its files have theirs.

    Raises:
        ItemFault: A file is not as the manifest says; it names the item.
        OSError: ``out`` or a temporary file cannot be written.
    """
    archive = ArchiveWriter(out)
    written: set[str] = set()
    for item in manifest.items:
        for file in item.files:
            if file.path in written:
                continue
            written.add(file.path)
            with ExitStack() as stack:
                known = ItemFile(
                    role=file.role,
                    name=file.name,
                    media_type=file.media_type,
                    size=file.size,
                    sha256=file.sha256,
                    origin=file.origin,
                    open=partial(open_file, file),
                )
                ready = _held(item.id, known, file.path, stack, room=_IN_MEMORY)
                archive.write(ready.path, ready.chunks, size=ready.size, crc=ready.crc)
    archive.write_bytes(MANIFEST_PATH, manifest.to_bytes())
    archive.finish()


def _check_new(item: Item, seen: set[tuple[str, int]]) -> None:
    if (item.id, item.version) in seen:
        raise ItemFault(item.id, "duplicate_item", {"version": str(item.version)})


class _Ready(NamedTuple):
    """A file whose bytes are known to be right and held, and its path."""

    path: str
    size: int
    crc: int
    chunks: Iterable[bytes]


class _Packer:
    """Puts items into an archive, each whole or not at all, and keeps the paths apart."""

    def __init__(self, archive: ArchiveWriter, layout: Layout, bundle: int) -> None:
        self._archive = archive
        self._layout = layout
        self._bundle = bundle
        self._paths = {MANIFEST_PATH.casefold()}
        self._folders: set[str] = set()
        self._shared: dict[str, tuple[str, str, str]] = {}

    def pack(self, item: Item, sequence: int) -> ManifestItem:
        with ExitStack() as held:
            # What an item holds comes from strangers: whatever it makes us stumble over is a fault of the item.
            try:
                told, ready, shared = self._prepare(item, sequence, held)
            except (ItemFault, OSError, MemoryError):
                raise
            except Exception as fault:
                raise ItemFault(item.id, "unexpected", {"fault": _said(fault)}) from fault
            for file in ready:
                self._archive.write(file.path, file.chunks, size=file.size, crc=file.crc)
        for file in ready:
            self._paths.add(file.path.casefold())
            self._folders.update(folders_of(file.path.casefold()))
        self._shared.update(shared)
        return told

    def _prepare(
        self, item: Item, sequence: int, held: ExitStack
    ) -> tuple[ManifestItem, list[_Ready], dict[str, tuple[str, str, str]]]:
        """What the manifest tells of the item, and its files checked and ready to be written."""
        described = _describe(
            item, sequence
        )  # first: what its own values break is not the fault of another item
        placements = self._layout.place(item, bundle=self._bundle, sequence=sequence)
        if not placements:
            raise ItemFault(item.id, "no_files")
        paths: list[str] = []
        ready: list[_Ready] = []
        shared: dict[str, tuple[str, str, str]] = {}
        room = _IN_MEMORY
        for file, placed in placements:
            path = placed
            # Statements that came in one file leave in one file: written twice it would be booked twice.
            there = self._shared.get(file.sha256) or shared.get(file.sha256)
            if file.role == "coda" and there is not None:
                path, *account = there
                if account != [_account(item), item.currency]:
                    raise ItemFault(
                        item.id, "shared_coda", {"file": file.name, "account": item.account or ""}
                    )
            else:
                self._check_path(item, path, [each.path.casefold() for each in ready])
                ready.append(_held(item.id, file, path, held, room=room))
                room -= file.size if file.size <= room else 0
                if file.role == "coda":
                    shared[file.sha256] = (path, _account(item), item.currency)
            paths.append(path)
        files = tuple(_told(item, *placed) for placed in zip(placements, paths, strict=True))
        return structs.replace(described, files=files), ready, shared

    def _check_path(self, item: Item, path: str, own: list[str]) -> None:
        """Makes sure that the path is safe, and that no other file has it or stands in its way."""
        if fault := path_fault(path):
            raise ItemFault(item.id, "bad_path", {"path": path, "fault": fault})
        folded = path.casefold()
        folders = list(folders_of(folded))
        if folded in self._paths or folded in own:
            raise ItemFault(item.id, "duplicate_path", {"path": path})
        if (
            folded in self._folders
            or any(folded in folders_of(other) for other in own)
            or not self._paths.isdisjoint(folders)
            or not set(own).isdisjoint(folders)
        ):
            raise ItemFault(item.id, "path_is_folder", {"path": path})


def _told(item: Item, placement: Placement, path: str) -> ManifestFile:
    file = placement.file
    _check_texts(item, file.name, file.media_type)
    return ManifestFile(
        role=file.role,
        path=path,
        name=file.name,
        media_type=file.media_type,
        size=file.size,
        sha256=file.sha256,
        origin=file.origin,
    )


def _held(item_id: str, file: ItemFile, path: str, stack: ExitStack, *, room: int) -> _Ready:
    """The file's bytes, checked: in memory where there is room, else in a temporary file that ``stack`` closes."""
    if file.size < 0 or not _HASH.match(file.sha256):
        claims = {"file": file.name, "size": str(file.size), "sha256": file.sha256}
        raise ItemFault(item_id, "bad_value", claims)
    if file.size <= room:
        pieces: list[bytes] = []
        return _Ready(path, file.size, _check(item_id, file, pieces.append), pieces)
    spool = stack.enter_context(TemporaryFile())  # noqa: SIM115 - the stack is its context
    crc = _check(item_id, file, spool.write)
    spool.seek(0)
    return _Ready(path, file.size, crc, iter(lambda: spool.read(CHUNK), b""))


def _check(item_id: str, file: ItemFile, keep: Callable[[bytes], object]) -> int:
    """Hands the file's bytes to ``keep``, makes sure they are as the item says, returns their CRC-32."""
    digest, crc, length = sha256(), 0, 0
    for chunk in _read(item_id, file):
        length += len(chunk)
        if length > file.size:
            break
        digest.update(chunk)
        crc = zlib.crc32(chunk, crc)
        keep(chunk)
    if length != file.size:
        found = f"more than {file.size}" if length > file.size else str(length)
        raise ItemFault(
            item_id, "wrong_size", {"file": file.name, "expected": str(file.size), "found": found}
        )
    if (found := digest.hexdigest()) != file.sha256:
        raise ItemFault(item_id, "wrong_hash", {"file": file.name, "expected": file.sha256, "found": found})
    return crc


def _read(item_id: str, file: ItemFile) -> Iterator[bytes]:
    """The file's bytes in pieces; whatever its stream raises becomes a fault of the item."""
    # A store fails in ways of its own that this library cannot name; the item is at fault in all of them.
    try:
        stream = file.open()
    except Exception as fault:  # see above
        raise ItemFault(item_id, "cannot_open", {"file": file.name, "fault": _said(fault)}) from fault
    if not (callable(getattr(stream, "read", None)) and callable(getattr(stream, "close", None))):
        said = f"{type(stream).__name__} is no stream"
        raise ItemFault(item_id, "cannot_open", {"file": file.name, "fault": said})
    # No more than there should be and a byte: a piece of memory a file that is small need not be large.
    most = min(CHUNK, file.size + 1)
    with _blaming(item_id, file), closing(stream):
        while chunk := stream.read(most):
            if not isinstance(chunk, bytes):
                raise TypeError(f"the stream gives {type(chunk).__name__}, not bytes")
            yield chunk


@contextmanager
def _blaming(item_id: str, file: ItemFile) -> Generator[None]:
    try:
        yield
    except Exception as fault:
        raise ItemFault(item_id, "cannot_read", {"file": file.name, "fault": _said(fault)}) from fault


def _account(item: Item) -> str:
    return "".join((item.account or "").split()).upper()


def _said(fault: Exception) -> str:
    return f"{type(fault).__name__}: {fault}"


def _describe(item: Item, sequence: int) -> ManifestItem:
    """The item as the manifest tells of it, without its files."""
    if not _CURRENCY.match(item.currency):
        raise ItemFault(item.id, "bad_value", {"currency": item.currency})
    if not 0 <= item.version <= _MAX_VERSION:
        raise ItemFault(item.id, "bad_value", {"version": str(item.version)})
    if item.first_exported_in is not None and item.first_exported_in < 1:
        raise ItemFault(item.id, "bad_value", {"first_exported_in": str(item.first_exported_in)})
    _check_texts(
        item, item.id, item.number, item.counterparty, item.account, item.statement_number, item.replaces
    )
    _check_texts(item, *(line.category for line in item.tax_subtotals))
    return ManifestItem(
        sequence=sequence,
        id=item.id,
        version=item.version,
        kind=item.kind,
        number=item.number,
        date=item.date,
        counterparty=item.counterparty,
        currency=item.currency,
        net=_amount(item, item.net),
        tax=_amount(item, item.tax),
        gross=_amount(item, item.gross),
        tax_subtotals=tuple(
            ManifestTax(
                category=category,
                percent=_amount(item, percent),
                taxable=_given(item, taxable),
                tax=_given(item, tax),
            )
            for category, percent, taxable, tax in item.tax_subtotals
        ),
        files=(),
        account=item.account,
        statement_number=item.statement_number,
        reexport=item.reexport,
        first_exported_in=item.first_exported_in,
        replaces=item.replaces,
    )


def _amount(item: Item, value: Decimal | None) -> Decimal | None:
    return None if value is None else _given(item, value)


def _given(item: Item, value: Decimal) -> Decimal:
    try:
        return amount(value)
    except ValueError as fault:
        raise ItemFault(item.id, "bad_amount", {"amount": str(value)}) from fault


def _check_texts(item: Item, *texts: str | None) -> None:
    for text in texts:
        if text is not None and not _is_unicode(text):
            raise ItemFault(item.id, "bad_value", {"text": ascii(text)})


def _is_unicode(text: str) -> bool:
    """Whether the text can be written at all: half of a surrogate pair cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check_header(header: Header) -> None:
    if header.number < 1:
        raise HeaderFault("bad_number", None, {"number": str(header.number)})
    if header.created.tzinfo is None:
        raise HeaderFault("local_time", None, {"created": header.created.isoformat()})
    try:
        utc_second(header.created)
    except OverflowError:
        raise HeaderFault("bad_moment", None, {"created": header.created.isoformat()}) from None
    if (header.previous_sha256 is None) != (header.number == 1):
        chain = {"number": str(header.number), "previous_sha256": str(header.previous_sha256)}
        raise HeaderFault("broken_chain", None, chain)
    if header.previous_sha256 is not None and not _HASH.match(header.previous_sha256):
        raise HeaderFault("bad_hash", None, {"previous_sha256": header.previous_sha256})
    texts = (
        header.dossier_id,
        header.dossier_code,
        header.dossier_name,
        header.company_number,
        header.policy,
        header.software,
    )
    for text in texts:
        if text is not None and not _is_unicode(text):
            raise HeaderFault("bad_text", None, {"text": ascii(text)})
