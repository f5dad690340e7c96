"""Dossier codes: in the bookkeeping folder each is the name of a folder of its own. Pure."""

import unicodedata

from portal.kernel.language import N_

LONGEST_CODE = 30
TOO_LONG = N_("A dossier code has at most 30 characters.")
FORBIDDEN = N_(
    'A dossier code names a folder: it has none of the characters / \\ : * ? " < > | and no invisible ones.'
)
NO_DOTS = N_("A dossier code names a folder: it may not end in a dot.")
RESERVED = N_("No folder can have this name on Windows. Choose another code.")
TAKEN_BY_US = N_("The portal uses this name itself. Choose another code.")

_FORBIDDEN = frozenset('<>:"|?*\\/')
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_DEVICES = frozenset(
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"]
    + [f"{device}{digit}" for device in ("COM", "LPT") for digit in "0123456789\u00b9\u00b2\u00b3"]
)


def code_fault(code: str) -> str | None:
    """Why a dossier cannot have this code; None when it can.

    The same names as the agent takes for one folder (`portal.syncagent.names`; a test compares the two): what it refused only after
    the bundle was made and its documents were locked.
    """
    if len(code) > LONGEST_CODE:
        return TOO_LONG
    if any(char in _FORBIDDEN or unicodedata.category(char) in _INVISIBLE for char in code):
        return FORBIDDEN
    if code != code.strip(" ") or code.endswith("."):
        return NO_DOTS
    if code.split(".", 1)[0].rstrip(" ").upper() in _DEVICES:
        return RESERVED
    if code.casefold().startswith(".fidero-") or code.casefold() == "_unassigned":
        return TAKEN_BY_US
    return None
