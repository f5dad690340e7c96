"""Mails as programs write them: with MIME, and as Outlook saves them."""

import struct
from collections.abc import Mapping, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage


def a_mail(
    attached: Mapping[str, bytes],
    *,
    subject: str = "Mail",
    sender: str = "Jan Peeters <jan@x.example>",
    html: str = "",
    inline: Mapping[str, bytes] | None = None,
    forwarded: Sequence[bytes] = (),
) -> bytes:
    """A mail with files, pictures shown in its HTML (by content id), and mails in it."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, "kantoor@y.example", subject
    mail["Date"], mail["Message-ID"] = "Mon, 30 Nov 2026 10:00:00 +0100", "<1@x.example>"
    mail.set_content("In bijlage de factuur.")
    if html:
        mail.add_alternative(html, subtype="html")
        body = mail.get_body(("html",))
        assert body is not None
        for name, data in (inline or {}).items():
            body.add_related(data, "image", "png", cid=f"<{name}>", filename=f"{name}.png")
    for name, data in attached.items():
        mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    for one in forwarded:
        mail.add_attachment(message_from_bytes(one, policy=policy.default))
    return mail.as_bytes()


SECTOR, SMALL, CUTOFF = 512, 64, 4096
FREE, END, FAT, NONE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF


class _Entry:
    def __init__(self, name: str, data: bytes | None = None) -> None:
        self.name, self.data, self.children = name, data, []  # type: ignore[var-annotated]
        self.start, self.left, self.right, self.child = END, NONE, NONE, NONE


def _property(pid: int, kind: int, value: int) -> bytes:
    return struct.pack("<HHIQ", kind, pid, 6, value)


def _storage(
    name: str,
    header: bytes,
    texts: Mapping[int, str],
    numbers: Mapping[int, int],
    binary: Mapping[int, bytes],
) -> _Entry:
    storage, properties = _Entry(name), header
    for pid, text in texts.items():
        data = text.encode("utf-16-le")
        storage.children.append(_Entry(f"__substg1.0_{pid:04X}001F", data))
        properties += _property(pid, 0x001F, len(data) + 2)
    for pid, number in numbers.items():
        properties += _property(pid, 0x0003, number)
    for pid, data in binary.items():
        storage.children.append(_Entry(f"__substg1.0_{pid:04X}0102", data))
        properties += _property(pid, 0x0102, len(data))
    storage.children.append(_Entry("__properties_version1.0", properties))
    return storage


def an_msg(subject: str, sender: str, attached: Sequence[tuple[str, bytes, str]]) -> bytes:
    """A mail as Outlook saves it (MS-OXMSG in MS-CFB): files by name, bytes and content id."""
    root = _storage(
        "Root Entry",
        struct.pack("<8x4I8x", 0, len(attached), 0, len(attached)),
        {0x001A: "IPM.Note", 0x0037: subject, 0x007D: f"From: {sender}\r\nSubject: {subject}\r\n\r\n"},
        {0x340D: 0x00040000},
        {},
    )
    for nth, (name, data, content_id) in enumerate(attached):
        texts = {0x3707: name, 0x370E: "image/png" if name.endswith("png") else "application/octet-stream"}
        if content_id:
            texts[0x3712] = content_id
        root.children.append(
            _storage(
                f"__attach_version1.0_#{nth:08X}", bytes(8), texts, {0x3705: 1, 0x0E21: nth}, {0x3701: data}
            )
        )
    return _compound(root)


def _compound(root: _Entry) -> bytes:
    """A compound file: long streams in sectors, short ones together in the stream of the root."""
    entries: list[_Entry] = []

    def walk(entry: _Entry) -> int:
        place = len(entries)
        entries.append(entry)
        children = sorted(entry.children, key=lambda one: (len(one.name), one.name.upper()))
        places = [walk(one) for one in children]
        if places:  # a chain to the right is a tree, too
            entry.child = places[0]
            for one, following in zip(children, [*places[1:], NONE], strict=True):
                one.right = following
        return place

    walk(root)
    sectors: list[bytes] = []
    chain: list[int] = []

    def put(data: bytes) -> int:
        first = len(sectors)
        pieces = [data[at : at + SECTOR].ljust(SECTOR, b"\0") for at in range(0, len(data), SECTOR)]
        for nth, piece in enumerate(pieces):
            sectors.append(piece)
            chain.append(first + nth + 1 if nth + 1 < len(pieces) else END)
        return first

    small, small_chain = b"", list[int]()
    for entry in entries:
        if entry.data and len(entry.data) >= CUTOFF:
            entry.start = put(entry.data)
        elif entry.data:
            entry.start = len(small) // SMALL
            small += entry.data + bytes(-len(entry.data) % SMALL)
            last = len(small) // SMALL
            small_chain += [*range(entry.start + 1, last), END]
    root.start, root.data = put(small), small
    small_fat = struct.pack(f"<{len(small_chain)}I", *small_chain)
    small_fat += b"\xff" * (-len(small_fat) % SECTOR)
    small_fat_at = put(small_fat)
    directory = b"".join(_directory_entry(one, is_root=nth == 0) for nth, one in enumerate(entries))
    directory_at = put(directory + bytes(-len(directory) % SECTOR))
    fat_sectors = 1
    while fat_sectors * (SECTOR // 4) < len(sectors) + fat_sectors:
        fat_sectors += 1
    fat = chain + [FAT] * fat_sectors
    fat += [FREE] * (fat_sectors * (SECTOR // 4) - len(fat))
    fat_at = len(sectors)
    difat = [fat_at + nth for nth in range(fat_sectors)] + [FREE] * (109 - fat_sectors)
    header = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + bytes(16)
        + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
        + bytes(6)
    )
    header += struct.pack(
        "<IIIIIIIII", 0, fat_sectors, directory_at, 0, CUTOFF, small_fat_at, len(small_fat) // SECTOR, END, 0
    )
    header += struct.pack("<109I", *difat)
    return header + b"".join(sectors) + struct.pack(f"<{len(fat)}I", *fat)


def _directory_entry(entry: _Entry, *, is_root: bool) -> bytes:
    name = entry.name.encode("utf-16-le")
    kind = 5 if is_root else 1 if entry.data is None else 2
    size = len(entry.data or b"")
    return (
        name.ljust(64, b"\0")
        + struct.pack("<HBBIII", len(name) + 2, kind, 1, NONE, entry.right, entry.child)
        + bytes(36)
        + struct.pack("<IQ", entry.start, size)
    )
