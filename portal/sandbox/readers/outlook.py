"""The files attached to a mail that Outlook saved (.msg, MS-OXMSG), those of mails in it too."""

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any

from olefile import OleFileIO
from oxmsg import Message
from oxmsg.attachment import Attachment
from oxmsg.domain import constants as c
from oxmsg.storage import Storage

from portal.sandbox.contract import MIB, MailHead, Unreadable, ZipMember
from portal.sandbox.readers.mails import MAX_DEPTH, SMALL_PICTURE
from portal.sandbox.readers.zip_members import Budget
from portal.sandbox.readers.zip_names import shown

MAX_ENTRIES = 20_000
_EMBEDDED = f"__substg1.0_{c.PID_ATTACH_DATA_BINARY:04X}000D"
_BY_VALUE, _MESSAGE, _OBJECT = 1, 5, 6
"""PidTagAttachMethod; everything else is a file that is somewhere else."""
_PICTURE = re.compile(r"\.(?:png|jpe?g|gif|bmp|webp|svg|emz|wmz|wmf|emf)\Z", re.IGNORECASE)
_HIDDEN_CLASS = re.compile(r"IPM\.Note\.SMIME", re.IGNORECASE)


def members(data: bytes, budget: Budget, head: MailHead) -> Iterator[ZipMember]:
    """Yield the files attached to a mail in their order; see `mails.members`."""
    try:
        with OleFileIO(data) as ole:
            _check_bounds(ole, len(data))
            root = Storage.from_ole(ole)
        message = Message(root)
        head.subject = _said(lambda: message.subject)
        head.sender = _said(lambda: message.sender)
        head.sent = _said(lambda: message.sent_date and message.sent_date.isoformat())
        signed = _HIDDEN_CLASS.match(_said(lambda: message.message_class)) is not None
    except (Unreadable, MemoryError):
        raise
    except Exception as error:  # a file of this kind that is damaged raises whatever it meets
        raise Unreadable("mail.damaged") from error
    yield from _files(root, budget, head, "", 0, signed=signed)


def _check_bounds(ole: Any, size: int) -> None:
    """All streams are read into memory: there are not too many, and none shares its bytes with another."""
    entries = [one for one in ole.direntries if one is not None]
    if len(entries) > MAX_ENTRIES:
        raise Unreadable("mail.parts", limit=MAX_ENTRIES)
    if sum(one.size for one in entries[1:]) > size + MIB:
        raise Unreadable("mail.damaged")


def _said(get: Callable[[], object]) -> str:
    """What a property says, on one line; nothing where it cannot be read."""
    with contextlib.suppress(Exception):
        value = get()
        return " ".join(str(value or "").split())[:300]
    return ""


def _files(
    storage: Storage, budget: Budget, head: MailHead, folder: str, depth: int, *, signed: bool = False
) -> Iterator[ZipMember]:
    for nth, inside in enumerate(storage.iter_attachment_storages(), start=1):
        attachment = Attachment(inside)
        name = _name(attachment, nth)
        if signed or name.casefold() in ("smime.p7m", "smime.p7s"):
            if name.casefold() == "smime.p7s":
                head.skipped += 1
                continue
            budget.count(1)
            yield ZipMember(shown(folder + name), refused="mail.signed")
            continue
        mail = next((one for one in inside.storages if one.name == _EMBEDDED), None)
        method = _number(attachment, c.PID_ATTACH_METHOD)
        if mail is not None and method != _OBJECT:
            if depth + 1 >= MAX_DEPTH:
                budget.count(1)
                yield ZipMember(shown(folder + name), refused="mail.depth", params={"limit": MAX_DEPTH})
            else:
                count = budget.members
                yield from _files(mail, budget, head, f"{folder}{name[:80]}/", depth + 1)
                if budget.members == count:
                    budget.count(1)
                    yield ZipMember(shown(folder + name), refused="mail.nothing")
            continue
        member = _file(attachment, folder + name, method, budget, is_object=mail is not None)
        if member.data is not None and _is_logo(attachment, name, member.data):
            head.skipped += 1
            continue
        budget.count(1)
        yield member


def _file(attachment: Attachment, name: str, method: int, budget: Budget, *, is_object: bool) -> ZipMember:
    name = shown(name)
    if is_object or method == _OBJECT:
        return ZipMember(name, refused="mail.object")
    try:
        content = attachment.file_bytes
    except Exception:  # noqa: BLE001 - see `members`
        return ZipMember(name, refused="mail.part")
    if content is None:
        return ZipMember(name, refused="mail.part" if method in (_BY_VALUE, 0) else "mail.link")
    if len(content) > budget.max_member:
        return ZipMember(name, refused="mail.large", params={"limit": budget.max_member // MIB})
    budget.take(len(content))
    return ZipMember(name, data=content)


def _is_logo(attachment: Attachment, name: str, data: bytes) -> bool:
    """A small picture that the text shows: it has an id for that, or is hidden from the list of attachments."""
    kind = _said(lambda: attachment.mime_type)
    if len(data) > SMALL_PICTURE or not (kind.startswith("image/") or _PICTURE.search(name)):
        return False
    hidden = _said(lambda: attachment.properties.int_prop_value(c.PID_ATTACHMENT_HIDDEN))
    rendered = _number(attachment, c.PID_ATTACH_FLAGS) & 4
    return bool(
        _property(attachment, c.PID_ATTACH_CONTENT_ID) or rendered or hidden not in ("", "0", "False")
    )


def _name(attachment: Attachment, nth: int) -> str:
    for pid in (c.PID_ATTACH_LONG_FILENAME, c.PID_ATTACH_FILENAME, c.PID_DISPLAY_NAME):
        given = _property(attachment, pid)
        if given:
            return (given.replace("\\", "/").rpartition("/")[2] or given).strip()[:200]
    return f"part {nth}"


def _property(attachment: Attachment, pid: int) -> str:
    return _said(lambda: attachment.properties.str_prop_value(pid))


def _number(attachment: Attachment, pid: int) -> int:
    said = _said(lambda: attachment.properties.int_prop_value(pid))
    return int(said) if said.isdigit() else 0
