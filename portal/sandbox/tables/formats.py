"""Numbers that a program shows with more signs than they have: 1204 by the format ``00000`` is 01204.

Source: ECMA-376 part 1, 18.8.31 (numFmts); the same codes stand in .xls. Only formats of whole numbers made of digits and fixed
signs are worked out here: a code or a company number that somebody made look right. All others leave the number as it is.
"""

import re
from functools import lru_cache
from typing import Any

_PART = re.compile(
    r'"(?P<quoted>[^"]*)"'
    r"|\\(?P<escaped>.)"
    r"|\[(?P<bracket>[^\]]*)\]"
    r"|_(?P<space>.)"
    r"|\*(?P<fill>.)"
    r"|(?P<digit>[0#?])"
    r"|(?P<group>,)"
    r"|(?P<literal>[-+ ()/:$€'~{}<>=&^!])"
    r"|(?P<other>.)",
    re.DOTALL,
)
_EMPTY = {"0": "0", "#": "", "?": " "}
_DIGITS = frozenset(_EMPTY)
_COLOUR = re.compile(
    r"(?:black|blue|cyan|green|magenta|red|white|yellow|color ?\d+|colour ?\d+)", re.IGNORECASE
)


@lru_cache(maxsize=512)
def _parts(code: str) -> tuple[str, ...] | None:
    """The first section of a format as digits (``0``, ``#``, ``?``), fixed texts (with ``'`` before them) and ``,``; None for others."""
    parts: list[str] = []
    for match in _PART.finditer(code):
        match match.lastgroup:
            case "quoted" | "escaped":
                parts.append("'" + (match["quoted"] if match.lastgroup == "quoted" else match["escaped"]))
            case "bracket":
                if not _COLOUR.fullmatch(match["bracket"]) and not match["bracket"].startswith("$-"):
                    return None
            case "space":
                parts.append("' ")
            case "fill":
                pass
            case "digit":
                parts.append(match[0])
            case "group":
                parts.append(",")
            case "literal":
                if match[0] in "/:":
                    return None
                parts.append("'" + match[0])
            case _:
                if match[0] == ";":
                    break
                return None
    return tuple(parts)


def pads(code: str) -> bool:
    """Whether a format may show a whole number with zeros in front, or with signs between its digits."""
    parts = _parts(code)
    if not parts:
        return False
    return parts.count("0") > 1 or any(part[0] == "'" and part[1:].strip() for part in parts)


def shown(value: Any, code: str) -> str | None:
    """A number as the format shows it, where that says more than its digits; None where it does not.

    Only whole numbers from 0 up are worked out.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0 or value != int(value):
        return None
    parts = _parts(code)
    if not parts or not pads(code):
        return None
    places = [at for at, part in enumerate(parts) if part in _DIGITS]
    if not places or "," in parts[places[-1] :]:  # a comma at the end: it counts in thousands
        return None
    digits = str(int(value))
    text = _filled(parts, places[0], digits, grouped="," in parts[places[0] :])
    return text if text != digits else None


def _filled(parts: tuple[str, ...], first: int, digits: str, *, grouped: bool) -> str:
    """The digits in their places, from the right; those that are left go to the first place."""
    rest = list(digits)
    text: list[str] = []
    written = 0
    for at in range(len(parts) - 1, -1, -1):
        part = parts[at]
        if part in _DIGITS:
            taken = [rest.pop()] if rest else [_EMPTY[part]]
            while rest and at == first:
                taken.append(rest.pop())
            for sign in filter(None, taken):
                text.append(f"{sign}." if grouped and written and written % 3 == 0 else sign)
                written += 1
        elif part != "," and (at < first or rest or "0" in parts[:at]):
            text.append(part[1:])
    return "".join(reversed(text)).strip()
