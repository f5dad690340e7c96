"""Passwords: Argon2id, 19 MiB and two passes, on threads, at most two at once.

Which spellings are one password is said by RFC 8265, profile OpaqueString: every blank is a space (a Mac types U+00A0 with the
option key), and a letter with an accent is one letter however the keyboard put it together (NFC). Capitals count; nothing is cut off.
"""

import asyncio
import unicodedata

import precis_i18n
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from portal.kernel.errors import Invalid
from portal.kernel.language import N_

SHORTEST, LONGEST = 10, 200
MOST_TYPED = 4 * LONGEST
"""Characters that are looked at: a letter may be typed as one with up to three accents behind it."""
TOO_SHORT = N_("Use at least 10 characters; a short sentence is fine.")
TOO_LONG = N_("Use at most 200 characters.")
HIDDEN_SIGN = N_(
    "There is a sign in it that nobody sees and that you could not type again. Type the password yourself instead of pasting it."
)
ODD_SIGN = N_("The sign %(sign)s cannot be part of a password. Leave it out.")
TOO_EASY = N_("This password is too easy to guess.")
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Verified for unknown addresses, so that they take as long as known ones.
_DUMMY = _HASHER.hash("nobody has this password")
_OPAQUE = precis_i18n.get_profile("OpaqueString")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp", "Mn"})
"""Unicode categories whose signs nobody sees by themselves. What is not assigned (Cn) may be a picture newer than our tables."""
_slots: dict[int, asyncio.Semaphore] = {}
_COMMON = frozenset(
    [
        "password123",
        "1234567890",
        "wachtwoord",
        "welkom1234",
        "motdepasse",
        "passwort12",
        "azertyuiop",
        "qwertyuiop",
        "administrator",
    ]
)


def _slot() -> asyncio.Semaphore:
    # One per event loop: hashing is heavy on purpose and must not take every core from the pages.
    loop = id(asyncio.get_running_loop())
    return _slots.setdefault(loop, asyncio.Semaphore(2))


def prepared(password: str) -> str | None:
    """The one spelling of a password (RFC 8265 section 4.2). None where it has a sign that no password may have, or no end."""
    if len(password) > MOST_TYPED:
        return None
    try:
        return _OPAQUE.enforce(password)
    except UnicodeEncodeError:
        return None


def spellings(password: str) -> tuple[str, ...]:
    """As what a typed password is compared with the one that is kept, one or two: prepared, and as it was typed.

    Passwords of earlier releases were kept as they were typed, with signs that no new one may have.
    """
    asked = (prepared(password), password if password.isascii() or _is_text(password) else None)
    return tuple(dict.fromkeys(one for one in asked if one is not None and len(one) <= LONGEST)) or ("",)


def _is_text(password: str) -> bool:
    """Whether it can be written in UTF-8: a lone surrogate cannot."""
    return not any("\ud800" <= sign <= "\udfff" for sign in password[: LONGEST + 1])


def _odd_sign(password: str) -> Invalid:
    """The fault that names the first sign which is not taken, where it can be shown."""
    sign = "\0"
    try:
        _OPAQUE.enforce(password)
    except UnicodeEncodeError as refused:
        sign = refused.object[refused.start : refused.start + 1] or sign
    if unicodedata.category(sign) in _UNSEEN:
        return Invalid(fields={"password": HIDDEN_SIGN})
    return Invalid(fields={"password": ODD_SIGN}, sign=sign)


def check_strength(password: str, *personal: str) -> None:
    """Long enough, with no sign that cannot be typed again, not one of the first to be guessed.

    Raises:
        Invalid: on the field `password`.
    """
    if len(password) > MOST_TYPED:
        raise Invalid(fields={"password": TOO_LONG})
    if not password:
        raise Invalid(fields={"password": TOO_SHORT})
    whole = prepared(password)
    if whole is None:
        raise _odd_sign(password)
    if len(whole) < SHORTEST:
        raise Invalid(fields={"password": TOO_SHORT})
    if len(whole) > LONGEST:
        raise Invalid(fields={"password": TOO_LONG})
    folded = whole.casefold()
    if (
        folded in _COMMON
        or len(set(folded)) < 4
        or any(word and word.casefold() == folded for word in personal)
    ):
        raise Invalid(fields={"password": TOO_EASY})


async def hash_password(password: str) -> str:
    """The Argon2id hash to store, of the one spelling of a password that `check_strength` took."""
    async with _slot():
        return await asyncio.to_thread(_HASHER.hash, prepared(password) or password)


async def verify_password(stored: str | None, password: str) -> bool:
    """Whether the password fits; a wrong one takes as long when there is nothing stored."""
    return await fitting(stored, password) is not None


async def fitting(stored: str | None, password: str) -> str | None:
    """The spelling of a typed password that fits the stored hash; None when none does, or nothing is stored."""
    async with _slot():
        return await asyncio.to_thread(_fitting, stored, password)


async def renewed_hash(fits: str, password: str) -> str | None:
    """The hash to keep from now on, of a password that just fitted as `fits`; None where it is kept in its one spelling already."""
    whole = prepared(password)
    return None if whole in (None, fits) or len(whole) > LONGEST else await hash_password(whole)


def _fitting(stored: str | None, password: str) -> str | None:
    for spelling in spellings(password):
        try:
            if _HASHER.verify(stored or _DUMMY, spelling) and stored is not None:
                return spelling
        except (VerificationError, InvalidHashError):
            continue
    return None
