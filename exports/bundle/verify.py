"""Verifying a bundle: is it what was built, whole and unchanged, and safe to unpack?"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from hashlib import sha256
from io import SEEK_END
from typing import BinaryIO, Literal

from exports.bundle.archive import Framing
from exports.bundle.errors import Unreadable
from exports.bundle.manifest import MANIFEST_PATH, Manifest, ManifestFile, read_manifest, totals
from exports.bundle.names import folders_of, path_fault
from exports.bundle.reader import FAULTS, open_zip, read_entry
from exports.model import Finding

MAX_MANIFEST = 64 << 20
MAX_FINDINGS = 1000
UNPACKED_FREE = 64 << 20
UNPACKED_RATIO = 50
_ENCRYPTED = 0x1


def verify(data: BinaryIO, *, previous_sha256: str | None = None) -> list[Finding]:
    """What is wrong with the bundle in ``data``; nothing when it is as it was built.

    Looks at the names (absolute, climbing, refused by Windows, double), at the manifest (schema, canonical
    form, sequence, totals, chain), and at every file (missing, extra, size, hash). Reads no more than the
    manifest says there is, and never unpacks to disk. With ``previous_sha256`` the bundle must follow the
    one with that manifest. At most 1,000 findings are told.

    Raises:
        Unreadable: The bytes are not a ZIP.
        OSError: ``data`` itself cannot be read.
    """
    with open_zip(data) as zip_file:
        findings: list[Finding] = []
        for finding in _findings(data, zip_file, previous_sha256):
            findings.append(finding)
            if len(findings) == MAX_FINDINGS:
                text = f"More than {MAX_FINDINGS} findings; the rest is not told."
                findings.append(_fatal("BUNDLE-LIMIT", "", text))
                break
        return findings


def _findings(data: BinaryIO, zip_file: zipfile.ZipFile, previous_sha256: str | None) -> Iterator[Finding]:
    yield from _check_names(zip_file)
    manifest_or_findings = _read_manifest(zip_file)
    if isinstance(manifest_or_findings, list):
        yield from manifest_or_findings
        return
    manifest, raw = manifest_or_findings
    if manifest.to_bytes() != raw:
        yield _fatal("BUNDLE-MANIFEST-CANONICAL", MANIFEST_PATH, "The manifest is not in its canonical form.")
    yield from _check_chain(manifest, previous_sha256)
    yield from _check_items(manifest)
    yield from _check_totals(manifest)
    listed = _listed(manifest)
    length = data.seek(0, SEEK_END)
    sizes = {path: file.size for path, file in listed.items()} | {MANIFEST_PATH: len(raw)}
    yield from _check_listed(manifest, listed)
    yield from _check_files(zip_file, listed, length)
    yield from _check_archive(data, zip_file, sizes)


def _check_names(zip_file: zipfile.ZipFile) -> Iterator[Finding]:
    seen: set[str] = set()
    folders = {folder for entry in zip_file.filelist for folder in folders_of(entry.orig_filename.casefold())}
    for entry in zip_file.filelist:
        # orig_filename is what stands in the file: the other is cut at a NUL and has its separators changed.
        name = entry.orig_filename
        if fault := path_fault(name):
            yield _fatal("BUNDLE-NAME-UNSAFE", name, "The name is not safe everywhere.", fault=fault)
        if name.casefold() in seen:
            yield _fatal(
                "BUNDLE-NAME-DUPLICATE", name, "Another entry has this name, upper and lower case apart."
            )
        if name.casefold() in folders:
            yield _fatal("BUNDLE-NAME-DUPLICATE", name, "Another entry has this name as its folder.")
        seen.add(name.casefold())
        if entry.flag_bits & _ENCRYPTED:
            yield _fatal("BUNDLE-ENCRYPTED", name, "The entry is encrypted.")


def _read_manifest(zip_file: zipfile.ZipFile) -> tuple[Manifest, bytes] | list[Finding]:
    entries = [entry for entry in zip_file.filelist if entry.orig_filename == MANIFEST_PATH]
    if not entries:
        return [_fatal("BUNDLE-MANIFEST-MISSING", MANIFEST_PATH, "There is no manifest.")]
    try:
        raw = b"".join(read_entry(zip_file, entries[0], MAX_MANIFEST))
    except FAULTS as fault:
        return [_unreadable(MANIFEST_PATH, fault)]
    if len(raw) > MAX_MANIFEST:
        return [_fatal("BUNDLE-LIMIT", MANIFEST_PATH, "The manifest is larger than any can be.")]
    if entries[0].file_size != len(raw):
        text = "The entry does not have the size that the archive's directory gives."
        sizes = {"expected": str(entries[0].file_size), "found": str(len(raw))}
        return [_fatal("BUNDLE-FILE-SIZE", MANIFEST_PATH, text, **sizes)]
    try:
        return read_manifest(raw), raw
    except Unreadable as fault:
        text = "The manifest does not follow its schema."
        return [_fatal("BUNDLE-MANIFEST-SCHEMA", MANIFEST_PATH, text, **fault.params)]


def _check_chain(manifest: Manifest, previous_sha256: str | None) -> Iterator[Finding]:
    named = manifest.previous_sha256
    if (named is None) != (manifest.number == 1):
        yield _fatal(
            "BUNDLE-CHAIN",
            "previous_sha256",
            "The first bundle names no previous one, every other names it.",
            number=str(manifest.number),
            found=named or "",
        )
    elif previous_sha256 is not None and named != previous_sha256:
        yield _fatal(
            "BUNDLE-CHAIN",
            "previous_sha256",
            "The bundle does not follow the given one.",
            expected=previous_sha256,
            found=named or "",
        )


def _check_items(manifest: Manifest) -> Iterator[Finding]:
    seen: set[tuple[str, int]] = set()
    for position, item in enumerate(manifest.items, start=1):
        where = f"items[{position - 1}]"
        if item.sequence != position:
            yield _fatal(
                "BUNDLE-SEQUENCE",
                where,
                "The items are not numbered one after the other.",
                expected=str(position),
                found=str(item.sequence),
            )
        if (item.id, item.version) in seen:
            yield _fatal("BUNDLE-ITEM-DUPLICATE", where, "The item is listed twice.", item=item.id)
        seen.add((item.id, item.version))
        if not item.files:
            yield _fatal("BUNDLE-ITEM-EMPTY", where, "The item has no file.", item=item.id)


def _check_totals(manifest: Manifest) -> Iterator[Finding]:
    computed = totals(manifest.items)
    for field in computed.__struct_fields__:
        expected, found = getattr(computed, field), getattr(manifest.totals, field)
        if expected != found:
            yield _fatal(
                "BUNDLE-TOTALS",
                f"totals.{field}",
                "The total is not the sum of the items.",
                expected=str(expected)[:200],
                found=str(found)[:200],
            )


def _listed(manifest: Manifest) -> dict[str, ManifestFile]:
    """The files the manifest lists, by path, in its order; the first where a path is listed again."""
    listed: dict[str, ManifestFile] = {}
    for item in manifest.items:
        for file in item.files:
            listed.setdefault(file.path, file)
    return listed


def _check_listed(manifest: Manifest, listed: Mapping[str, ManifestFile]) -> Iterator[Finding]:
    """A path is listed once, or several times as the same CODA file of several statements."""
    for position, item in enumerate(manifest.items):
        for place, file in enumerate(item.files):
            first = listed[file.path]
            same = (file.role, file.sha256, file.size) == (first.role, first.sha256, first.size)
            shared = same and file.role == "coda"
            if (file is not first and not shared) or file.path == MANIFEST_PATH:
                where = f"items[{position}].files[{place}]"
                yield _fatal("BUNDLE-FILE-DUPLICATE", where, "Two files have one path.", path=file.path)


def _check_files(
    zip_file: zipfile.ZipFile, listed: Mapping[str, ManifestFile], length: int
) -> Iterator[Finding]:
    entries = {entry.orig_filename: entry for entry in zip_file.filelist}
    for name in entries:
        if name not in listed and name != MANIFEST_PATH:
            yield _fatal("BUNDLE-FILE-EXTRA", name, "The manifest does not list this file.")
    # What unpacks to far more than it is was packed to harm; a bundle's own entries are not packed at all.
    allowance = UNPACKED_FREE + UNPACKED_RATIO * length
    for path, file in listed.items():
        entry = entries.get(path)
        if entry is None:
            yield _fatal("BUNDLE-FILE-MISSING", path, "The file that the manifest lists is not there.")
            continue
        if entry.file_size != file.size:
            yield _fatal(
                "BUNDLE-FILE-SIZE",
                path,
                "The file does not have the size that the manifest gives.",
                expected=str(file.size),
                found=str(entry.file_size),
            )
            continue
        allowance -= file.size
        if allowance < 0:
            yield _fatal(
                "BUNDLE-LIMIT", path, "The files unpack to far more than the bundle is; not read on."
            )
            return
        yield from _check_content(zip_file, entry, file)


def _check_content(
    zip_file: zipfile.ZipFile, entry: zipfile.ZipInfo, file: ManifestFile
) -> Iterator[Finding]:
    digest = sha256()
    try:
        for chunk in read_entry(zip_file, entry, file.size):
            digest.update(chunk)
    except FAULTS as fault:
        yield _unreadable(file.path, fault)
        return
    if digest.hexdigest() != file.sha256:
        yield _fatal(
            "BUNDLE-FILE-HASH",
            file.path,
            "The file's bytes are not those that the manifest tells of.",
            expected=file.sha256,
            found=digest.hexdigest(),
        )


def _check_archive(data: BinaryIO, zip_file: zipfile.ZipFile, sizes: Mapping[str, int]) -> Iterator[Finding]:
    """Whether the archive is as ``build`` writes it: in order, nothing packed, nothing between.

    The contents are known to be right by their hashes; what stands around them follows from names, sizes
    and CRCs.
    """
    found = [(entry.orig_filename, entry.file_size) for entry in zip_file.filelist]
    if sorted(sizes.items()) != sorted(found):
        return  # said already
    framing = Framing()
    as_built = list(sizes.items()) == found
    for entry in zip_file.filelist:
        start = framing.offset
        header = framing.header(entry.orig_filename, size=entry.file_size, crc=entry.CRC)
        as_built = as_built and _stands_at(data, start, header)
    if not (as_built and _stands_at(data, framing.offset, framing.end(), last=True)):
        yield _warning(
            "BUNDLE-REPACKED", "", "The archive is not the one that was built, though it has its files."
        )


def _stands_at(data: BinaryIO, offset: int, expected: bytes, *, last: bool = False) -> bool:
    """Whether these bytes stand at that place, and after them nothing when they are the last."""
    data.seek(offset)
    return data.read(len(expected) + last) == expected


def _unreadable(path: str, fault: Exception) -> Finding:
    said = f"{type(fault).__name__}: {fault}"
    return _fatal("BUNDLE-FILE-UNREADABLE", path, "The file cannot be read out of the archive.", fault=said)


def _fatal(rule: str, location: str, text: str, **params: str) -> Finding:
    return _finding(rule, "fatal", location, text, params)


def _warning(rule: str, location: str, text: str, **params: str) -> Finding:
    return _finding(rule, "warning", location, text, params)


def _finding(
    rule: str, severity: Literal["fatal", "warning"], location: str, text: str, params: Mapping[str, str]
) -> Finding:
    return Finding(rule=rule, severity=severity, location=location, text=text, params=params)
