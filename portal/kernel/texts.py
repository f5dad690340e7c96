"""Texts as a reader may see them: nothing that hides, that turns a line around, or that acts on whatever shows it.

`plain` is the one function for it. Texts go through it where they come in (forms, programs, UBL, CODA, lists, names of files), where
they are stored (every text column, `portal.db.base`) and where they are shown (pages, mails, papers, names of downloads). The bytes of a
received file never do.

What goes: marks of direction, signs without width or shape, tags, selectors of variants, control characters. Letters of every script stay.
The two joiners stay between letters of scripts that write with them; joiner and selector stay in emoji. Flags made of tags lose them.
"""

import re
import unicodedata
from typing import Final

from portal.kernel.language import N_

LEFT_OUT: Final = N_("Invisible signs were left out of what you entered. Look it over.")
"""Said to whoever typed or pasted them."""
REFUSED: Final = N_("This holds invisible signs. Send it without them.")
"""Said to programs."""

_LINE_ENDS = re.compile("\r\n?|[\u0085\u2028\u2029\u000b\u000c]")
_JOINERS = "\u200c\u200d"
_JOINING = "[\u0620-\u08ff\u0900-\u109f\u1780-\u18af\ufb50-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc]"
_EMOJI = "\u203c-\u27ff\u2900-\u3299\U0001f000-\U0001faff"
_JOINER = re.compile(
    f"(?<={_JOINING})[{_JOINERS}](?={_JOINING})|(?<=[{_EMOJI}\ufe0f])\u200d(?=[{_EMOJI}])|([{_JOINERS}])"
)
_HIDDEN: Final = (
    "\u0000-\u0008\u000e-\u001f\u007f-\u009f"  # control characters
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0"  # no width, or no shape
    "\u200b\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069"  # direction
    "\u2060-\u2065\u206a-\u206f\ufe00-\ufe0e\ufeff\ufff0-\ufffb"  # joining, variants, marks of order and of notes
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"  # shorthand, beams, tags, more variants
)
_GONE = re.compile(f"[{_HIDDEN}]|(?<![{_EMOJI}])\ufe0f")
_BROKEN = re.compile(
    "[\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufffe\uffff\U000f0000-\U0010ffff"
    + "".join(f"{chr(plane * 0x10000 + 0xFFFE)}{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(1, 15))
    + "]"
)
"""Halves of characters, characters of nobody, and those that each program has its own for."""
_SUSPECT = re.compile(f"[\r\u0085\u2028\u2029\u000b\u000c{_JOINERS}\ufe0f{_HIDDEN}{_BROKEN.pattern[1:]}")
"""Every sign that one of the patterns above may begin with: one look instead of four where there is none."""
_USUAL: Final = bytes(range(0x20, 0x7F)) + b"\n\t"


def plain(text: str) -> str:
    """The text without hidden signs, in normal form C; lines end in a line feed, what is no character becomes `\ufffd`."""
    if text.isascii() and text.isprintable():
        return text
    return unicodedata.normalize("NFC", unhidden(text))


def _is_suspect(text: str) -> bool:
    """Whether any sign of the text may have to go; what is plain ASCII in a long one is passed over at the speed of a copy."""
    if len(text) > 100:
        text = text.encode("utf-8", "surrogatepass").translate(None, _USUAL).decode("utf-8", "surrogatepass")
    return _SUSPECT.search(text) is not None


def unhidden(text: str) -> str:
    """The text without hidden signs, its letters as they are. For markup: normal form C would make one sign of a tag's end and a stroke."""
    if not _is_suspect(text):
        return text
    text = _LINE_ENDS.sub("\n", text)
    text = _GONE.sub("", text)
    text = _JOINER.sub(lambda found: "" if found[1] else found[0], text)
    return _BROKEN.sub("\ufffd", text)


def line(text: str) -> str:
    """What `plain` gives, as one line: whatever parts words becomes one space, and none stands at the ends."""
    return " ".join(plain(text).split())


def hides(text: str) -> bool:
    """Whether the text holds signs that `plain` leaves out or replaces; line ends and forms of letters are none."""
    if (text.isascii() and text.isprintable()) or not _is_suspect(text):
        return False
    whole = _LINE_ENDS.sub("\n", text)
    return bool(
        _GONE.search(whole) or _BROKEN.search(whole) or any(one[1] for one in _JOINER.finditer(whole))
    )
