"""The ZIP writer against the standard library's reader, at the sizes where the format changes."""

import struct
import zipfile
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.bundle.archive import ArchiveWriter, Framing

_GIB = 1 << 30


def test_entries_past_four_gibibytes_are_found_again(tmp_path: Path) -> None:
    # A sparse file: the five gibibytes before the archive take no room and no time.
    sparse = tmp_path / "large.zip"
    with sparse.open("wb") as out:
        out.seek(5 * _GIB)
        archive = ArchiveWriter(out, start=5 * _GIB)
        archive.write_bytes("far.txt", b"beyond 32 bits")
        archive.finish()
    with zipfile.ZipFile(sparse) as read:
        assert read.infolist()[0].header_offset == 5 * _GIB
        assert read.read("far.txt") == b"beyond 32 bits"


def test_a_file_of_more_than_four_gibibytes_is_told_in_both_places() -> None:
    framing = Framing()
    size = 5 * _GIB
    header = framing.header("large.bin", size=size, crc=1)
    assert header[18:26] == b"\xff" * 8
    assert header.endswith(struct.pack("<2H2Q", 1, 16, size, size))
    assert framing.offset == len(header) + size
    # The same file read by the standard library: a stream that is empty but for the end.
    end = framing.end()

    class Sparse(BytesIO):
        """The archive with a hole where the content is."""

        position = 0
        length = len(header) + size + len(end)

        def seek(self, offset: int, whence: int = 0) -> int:
            self.position = offset + (0, self.position, self.length)[whence]
            return self.position

        def tell(self) -> int:
            return self.position

        def read(self, count: int | None = -1) -> bytes:
            start = self.position - (self.length - len(end))
            assert start >= 0, "only the directory is read"
            wanted = len(end) if count is None or count < 0 else count
            self.position += len(end[start : start + wanted])
            return end[start : start + wanted]

    with zipfile.ZipFile(Sparse()) as read:
        assert read.infolist()[0].file_size == size


def test_more_than_65535_entries_are_counted(tmp_path: Path) -> None:
    out = BytesIO()
    archive = ArchiveWriter(out)
    for n in range(70_000):
        archive.write_bytes(f"{n}.txt", b"")
    archive.finish()
    with zipfile.ZipFile(out) as read:
        assert len(read.namelist()) == 70_000
        assert read.read("69999.txt") == b""


def test_only_zip64_is_marked_as_such() -> None:
    out = BytesIO()
    archive = ArchiveWriter(out)
    archive.write_bytes("small.txt", b"x")
    archive.finish()
    with zipfile.ZipFile(out) as read:
        entry = read.infolist()[0]
    assert (entry.extract_version, entry.create_system, entry.external_attr >> 16) == (20, 3, 0o100644)
    assert (entry.extra, entry.flag_bits) == (b"", 0)
    assert b"PK\x06\x06" not in out.getvalue()


@settings(max_examples=100, deadline=None)
@given(
    files=st.dictionaries(
        st.text(st.characters(codec="utf-8", exclude_characters="\0/\\"), min_size=1, max_size=20),
        st.binary(max_size=50),
        max_size=8,
    )
)
def test_whatever_is_written_the_standard_library_reads_back(files: dict[str, bytes]) -> None:
    out = BytesIO()
    archive = ArchiveWriter(out)
    for name, content in files.items():
        archive.write(name, [content[:3], content[3:]], size=len(content), crc=zlib.crc32(content))
    archive.finish()
    with zipfile.ZipFile(out) as read:
        assert read.testzip() is None
        assert {entry.orig_filename: read.read(entry) for entry in read.infolist()} == files


@pytest.mark.parametrize("cut", [1, 5, 22, 40])
def test_without_its_end_it_is_no_zip(cut: int) -> None:
    out = BytesIO()
    archive = ArchiveWriter(out)
    archive.write_bytes("a.txt", b"content")
    archive.finish()
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(BytesIO(out.getvalue()[:-cut]))
