"""Uploaded ZIPs: good members go through, every bad one is refused with its own reason."""

import io
import stat
import struct
import zipfile
import zlib

import pytest

from portal.sandbox import Unreadable, ZipMember, read_container

MIB = 1024 * 1024


def packed(members: list[tuple[str | zipfile.ZipInfo, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


async def read_zip(data: bytes, **limits: int) -> list[ZipMember]:
    return (await read_container(data, **limits)).members


async def outcome(data: bytes, **limits: int) -> dict[str, str | bytes | None]:
    return {member.name: member.refused or member.data for member in await read_zip(data, **limits)}


async def refused(data: bytes, **limits: int) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        await read_zip(data, **limits)
    assert caught.value.text()
    return caught.value


async def test_files_come_out_in_order_with_their_folders_and_without_droppings() -> None:
    names = ["b.xml", "map/ünï €.pdf", "__MACOSX/._b.xml", "map/.DS_Store", "Thumbs.db", "map/void.cod"]
    data = packed([("map/", b""), *((name, name.encode()) for name in names[:5]), (names[5], b"")])
    assert await read_zip(data) == [
        ZipMember("b.xml", b"b.xml"),
        ZipMember("map/ünï €.pdf", "map/ünï €.pdf".encode()),
        ZipMember("map/void.cod", b""),
    ]


@pytest.mark.parametrize(
    "name",
    [
        "../up.xml",
        "a/../../up.xml",
        "/abs.xml",
        "C:/x.xml",
        "c:x.xml",
        "a\\..\\..\\b.xml",
        "..",
        "\\\\server\\share\\x.xml",
    ],
)
async def test_a_name_that_leads_outside_is_refused_and_the_rest_goes_through(name: str) -> None:
    data = packed([("good.xml", b"<x/>"), (placeholder(name), b"bad"), ("other.xml", b"<y/>")])
    data = data.replace(placeholder(name).encode(), name.encode())
    shown = name.replace("\\", "/")
    assert await outcome(data) == {"good.xml": b"<x/>", shown: "zip.path", "other.xml": b"<y/>"}


def placeholder(name: str) -> str:
    """As long as the name, which Python itself would tidy up while writing."""
    return "~" * len(name)


@pytest.mark.parametrize("name", ["a\0b.xml", "a\nb.xml", "a\u202efdp.exe", "x" * 256])
async def test_a_name_no_file_can_have_is_refused_and_shown_readable(name: str) -> None:
    entry = zipfile.ZipInfo("n" * len(name.encode()))
    data = packed([(entry, b"bad")]).replace(b"n" * len(name.encode()), name.encode())
    if not name.isascii():
        data = bytearray(data)  # the mark that says the name is UTF-8
        data[6:8] = data[data.index(b"PK\1\2") + 8 : data.index(b"PK\1\2") + 10] = struct.pack("<H", 0x800)
        data = bytes(data)
    [member] = await read_zip(data)
    assert member.refused == "zip.name"
    assert member.name.isprintable()
    assert member.reason().text()


async def test_links_and_devices_are_refused() -> None:
    entries = []
    for name, kind in (
        ("link", stat.S_IFLNK),
        ("pipe", stat.S_IFIFO),
        ("device", stat.S_IFBLK),
        ("file", stat.S_IFREG),
    ):
        entry = zipfile.ZipInfo(name)
        entry.external_attr = (kind | 0o777) << 16
        entries.append((entry, b"/etc/passwd"))
    assert await outcome(packed(entries)) == {
        "link": "zip.link",
        "pipe": "zip.link",
        "device": "zip.link",
        "file": b"/etc/passwd",
    }


async def test_files_of_one_name_all_come_out() -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = packed([("a.xml", b"1"), ("a.xml", b"2"), ("A.XML", b"3"), ("b/a.xml", b"4")])
    assert [(member.name, member.data) for member in await read_zip(data)] == [
        ("a.xml", b"1"),
        ("a.xml", b"2"),
        ("A.XML", b"3"),
        ("b/a.xml", b"4"),
    ]


async def test_an_encrypted_file_is_refused() -> None:
    data = bytearray(packed([("geheim.pdf", b"secret"), ("open.pdf", b"open")]))
    local, central = data.index(b"PK\3\4"), data.index(b"PK\1\2")
    data[local + 6] |= 1
    data[central + 8] |= 1
    assert await outcome(bytes(data)) == {"geheim.pdf": "zip.encrypted", "open.pdf": b"open"}


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
async def test_uncommon_packings_are_refused(method: int) -> None:
    assert await outcome(packed([("a.xml", b"<x/>")], method)) == {"a.xml": "zip.method"}


async def test_a_zip_in_the_zip_is_refused_whatever_it_is_called_but_a_workbook_is_not() -> None:
    inner, book = (
        packed([("x.xml", b"<x/>")]),
        packed([("[Content_Types].xml", b"<Types/>"), ("xl/a.xml", b"")]),
    )
    data = packed([("inner.zip", inner), ("list.xlsx", book), ("tricky.pdf", inner)])
    assert await outcome(data) == {"inner.zip": "zip.nested", "list.xlsx": book, "tricky.pdf": "zip.nested"}


async def test_a_file_above_the_limit_is_refused_with_the_limit_in_words() -> None:
    [large, small] = await read_zip(
        packed([("l.pdf", b"0123456789" * 300_000), ("s.pdf", b"s")]), max_member=MIB
    )
    assert (large.refused, large.params, small.data) == ("zip.large", {"limit": 1}, b"s")
    assert "1 MB" in large.reason().text()


async def test_a_bomb_is_recognised_by_its_ratio() -> None:
    assert await outcome(packed([("bomb.xml", b"\0" * 20 * MIB), ("ok.xml", b"<x/>" * 1000)])) == {
        "bomb.xml": "zip.ratio",
        "ok.xml": b"<x/>" * 1000,
    }


async def test_many_files_that_together_are_too_large_are_refused_as_a_whole() -> None:
    error = await refused(
        packed([(f"{at}.bin", b"0123456789" * 100_000) for at in range(12)]), max_total=10 * MIB
    )
    assert (error.code, error.params) == ("zip.total", {"limit": 10})


async def test_overlapping_members_cannot_unpack_more_than_the_total() -> None:
    """One compressed stream that many directory entries point at, each of them allowed by itself."""
    content = zlib.compress(b"0123456789abcdef" * 60_000, 9)[2:-4]
    plain = b"0123456789abcdef" * 60_000
    local = (
        struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0, zlib.crc32(plain), len(content), len(plain), 1, 0)
        + b"x"
    )
    entries = b""
    for _ in range(400):
        entries += (
            struct.pack(
                "<4s6H3L5H2L",
                b"PK\1\2",
                20,
                20,
                0,
                8,
                0,
                0,
                zlib.crc32(plain),
                len(content),
                len(plain),
                1,
                0,
                0,
                0,
                0,
                0,
                0,
            )
            + b"x"
        )
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 400, 400, len(entries), len(local) + len(content), 0)
    error = await refused(local + content + entries + end, max_total=50 * MIB)
    assert error.code == "zip.total"


async def test_a_size_that_lies_is_a_damaged_member() -> None:
    data = packed([("a.bin", b"x" * 5000), ("b.bin", b"fine")], zipfile.ZIP_STORED)
    lied = data.replace((5000).to_bytes(4, "little"), (50).to_bytes(4, "little"))
    assert (await outcome(lied))["a.bin"] == "zip.damaged"
    assert (await outcome(lied))["b.bin"] == b"fine"


async def test_a_wrong_checksum_is_a_damaged_member_and_the_rest_goes_through() -> None:
    data = packed([("a.xml", b"<good>1</good>"), ("b.xml", b"<fine/>")], zipfile.ZIP_STORED)
    assert await outcome(data.replace(b"<good>1", b"<good>2")) == {
        "a.xml": "zip.damaged",
        "b.xml": b"<fine/>",
    }


async def test_too_many_files_are_refused_before_any_is_unpacked() -> None:
    error = await refused(packed([(f"{at}.xml", b"") for at in range(501)]))
    assert (error.code, error.params) == ("zip.members", {"found": 501, "limit": 500})


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"PK\3\4 nothing of the kind", "zip.unknown"),
        (b"<html>Sign in to the network</html>", "zip.unknown"),
        (b"PK\5\6" + bytes(18), "zip.empty"),
    ],
)
async def test_what_is_no_zip_says_so(data: bytes, code: str) -> None:
    assert (await refused(data)).code == code


@pytest.mark.parametrize("cut", [1, 10, 22, 60])
async def test_a_truncated_zip_is_refused_as_a_whole(cut: int) -> None:
    data = packed([("a.xml", b"<x/>")])
    assert (await refused(data[:-cut])).code == "zip.unknown"
