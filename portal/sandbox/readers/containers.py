"""What holds files: a ZIP, a mail, a mail that Outlook saved; a ZIP in a mail and mails in a ZIP are opened too, a ZIP in a ZIP is not.

All files come out beside each other, each with the folders, ZIPs and mails it lay in before its name. However they are nested, one budget
of files and bytes is for all of them.
"""

import codecs
from collections.abc import Iterator

from portal.kernel.signatures import MAIL, OUTLOOK, ZIP, beginning, container
from portal.sandbox.contract import MailHead, Unreadable, ZipMember
from portal.sandbox.readers import mails, outlook, zip_members
from portal.sandbox.readers.zip_members import Budget

MAX_DEPTH = 4
"""So deep may containers lie in each other."""
_WHOLE = frozenset({"zip.total", "zip.members"})
"""What one container in another has too much of, all together have."""


CHARSETS = (
    *(
        "ascii",
        "latin-1",
        "utf-8",
        "utf-7",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "quopri",
        "base64",
        "uu",
    ),
    *(f"iso8859-{part}" for part in range(1, 17) if part != 12),
    *(f"cp{page}" for page in (437, 850, 852, 858, 866, 874, 932, 936, 949, 950, *range(1250, 1259))),
    *("koi8-r", "koi8-u", "mac-roman", "gb2312", "gbk", "gb18030", "big5", "shift_jis", "euc-jp", "euc-kr"),
    *("iso2022_jp", "iso2022_kr", "tis-620"),
)
"""What names and mails may be written in; a child loads none."""


def prepare() -> None:
    """Read one small file of each kind, so that everything is loaded."""
    for charset in CHARSETS:
        codecs.lookup(charset)
    zip_members.prepare()
    mails.prepare()
    try:
        list(outlook.members(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2048), Budget(1, 1, 1), MailHead()))
    except Unreadable:
        return


def read(data: bytes, *, max_members: int, max_member: int, max_total: int) -> Iterator[ZipMember | MailHead]:
    """Yield the files in their order, and after them what the mail says of itself (empty of a ZIP).

    Raises `Unreadable` when it is refused as a whole, or holds no file at all.
    """
    head = MailHead()
    kind = container(beginning(data)) or ZIP
    yield from _opened(data, kind, Budget(max_members, max_member, max_total), head, (kind,))
    yield head


def _opened(
    data: bytes, kind: str, budget: Budget, head: MailHead, inside: tuple[str, ...]
) -> Iterator[ZipMember]:
    """The files of one container; what lies in containers in it has the name of those before its own."""
    if kind == ZIP:
        found = zip_members.members(data, budget)
    else:
        found = (outlook if kind == OUTLOOK else mails).members(data, budget, head)
    for member in found:
        inner = container(beginning(member.data)) if member.data else None
        if inner is None or member.data is None:
            yield member
        elif inner == ZIP and ZIP in inside:
            yield ZipMember(member.name, refused="zip.nested")
        elif len(inside) >= MAX_DEPTH:
            yield ZipMember(member.name, refused="mail.depth", params={"limit": MAX_DEPTH})
        else:
            yield from _within(member, inner, budget, head, (*inside, inner))


def _within(
    member: ZipMember, kind: str, budget: Budget, head: MailHead, inside: tuple[str, ...]
) -> Iterator[ZipMember]:
    assert member.data is not None
    own = MailHead()
    any_file = False
    try:
        for one in _opened(member.data, kind, budget, own, inside):
            any_file = True
            one.name = f"{member.name}/{one.name}"
            yield one
    except Unreadable as error:
        if error.code in _WHOLE:
            raise
        yield ZipMember(member.name, refused=error.code, params=error.params)
        return
    head.skipped += own.skipped
    if not any_file and kind in (MAIL, OUTLOOK):
        yield ZipMember(member.name, refused="mail.nothing")
