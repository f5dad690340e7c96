"""Dossier codes: in the bookkeeping folder each is the name of a folder of its own. Pure."""

import re
import unicodedata

from portal.kernel.language import N_

LONGEST_CODE = 30
UNASSIGNED = "_unassigned"
"""The folder at the agent in which dossiers without a code have theirs."""
TOO_LONG = N_("A dossier code has at most 30 characters.")
FORBIDDEN = N_(
    'A dossier code names a folder: it has none of the characters / \\ : * ? " < > | and no invisible ones.'
)
NO_DOTS = N_("A dossier code names a folder: it may not end in a dot.")
NO_SIGN = N_("A dossier code names a folder: it may not begin with - or ~, nor end in ~ and digits.")
RESERVED = N_("No folder can have this name on Windows. Choose another code.")
TAKEN_BY_US = N_("The portal uses this name itself. Choose another code.")

TAKEN = N_("Another dossier already has the code %(dossier_code)s.")
SAME_FOLDER = N_(
    "The code %(dossier_code)s names the same folder as %(other_code)s, which another dossier has. Choose another code."
)

_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0]"
    "|[\U000e0000-\U000e0fff]"
)
"""Signs that take no place or show nothing: two codes that differ in them alone are one to every reader."""
_FORBIDDEN = frozenset('<>:"|?*\\/')
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_DEVICES = frozenset(
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"]
    + [f"{device}{digit}" for device in ("COM", "LPT") for digit in "0123456789\u00b9\u00b2\u00b3"]
)
_SYSTEM = frozenset({"desktop.ini", "thumbs.db", "folder.htt", "autorun.inf", ".ds_store", ".htaccess"})
_SHORT = re.compile(r"[^.]*~[0-9]+(\..*)?\Z")


def code_fault(code: str) -> str | None:
    """Why a dossier cannot have this code; None when it can.

    The same names as the agent takes for one folder (`portal.syncagent.names`; a test compares the two): what it refused only after
    the bundle was made and its documents were locked.
    """
    if len(code) > LONGEST_CODE:
        return TOO_LONG
    if code.isascii() and code.isalnum():
        return RESERVED if code.upper() in _DEVICES else None  # all other rules are about other signs
    if any(char in _FORBIDDEN or unicodedata.category(char) in _INVISIBLE for char in code):
        return FORBIDDEN
    if code != code.strip(" ") or code.endswith("."):
        return NO_DOTS
    if code.startswith(("-", "~")) or _SHORT.match(code):
        return NO_SIGN
    if code.casefold() in _SYSTEM or code.split(".", 1)[0].rstrip(" ").upper() in _DEVICES:
        return RESERVED
    if (key := code_key(code)).startswith(".fidero-") or key == UNASSIGNED:
        return TAKEN_BY_US
    return None


def code_key(code: str) -> str:
    """Equal for two codes that some bookkeeping folder holds for one; the only judge of it, in every door and in the database.

    The strictest reading counts: the case of letters (ß is ss, İ is i with its dot), composed and decomposed accents, full and half
    width and other compatibility forms (A12, a12 and its full-width form are one), signs that show nothing, and the dots and spaces
    that Windows drops at the end of a name. What this holds for one, nothing may hold for two: a change of this function needs a
    migration that writes the keys anew.
    """
    if code.isascii() and code.isalnum():
        return code.lower()  # what the rest makes of it
    plain = _UNSEEN.sub("", unicodedata.normalize("NFKC", code))
    # Upper case first: some letters (dotless i, long s) have an upper case that they share with others, and no folding.
    folded = unicodedata.normalize("NFKC", plain.upper().casefold()).casefold()
    key = unicodedata.normalize("NFC", folded)
    # Codes of nothing but what a folder drops are all one; no form takes them.
    return key.strip(" ").rstrip(". ") or "."


def folder_of(code: str | None, number: str | None, dossier_id: object) -> str:
    """A dossier's folder at the agent, below its root (`portal.syncagent.names.dossier_folder` says the same).

    Args:
        number: the company number, where no older dossier of the firm has it.
    """
    return code or f"{UNASSIGNED}/{number or dossier_id}"
