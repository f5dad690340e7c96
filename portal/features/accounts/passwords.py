"""Passwords: Argon2id, 19 MiB and two passes, on threads, at most two at once."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from portal.kernel.errors import Invalid
from portal.kernel.language import N_

SHORTEST, LONGEST = 10, 200
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Verified for unknown addresses, so that they take as long as known ones.
_DUMMY = _HASHER.hash("nobody has this password")
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


def check_strength(password: str, *personal: str) -> None:
    """Long enough, not one of the first to be guessed.

    Raises:
        Invalid: on the field `password`.
    """
    if len(password) < SHORTEST:
        raise Invalid(fields={"password": N_("Use at least 10 characters; a short sentence is fine.")})
    if len(password) > LONGEST:
        raise Invalid(fields={"password": N_("Use at most 200 characters.")})
    folded = password.casefold()
    if (
        folded in _COMMON
        or len(set(folded)) < 4
        or any(word and word.casefold() == folded for word in personal)
    ):
        raise Invalid(fields={"password": N_("This password is too easy to guess.")})


async def hash_password(password: str) -> str:
    """The Argon2id hash to store."""
    async with _slot():
        return await asyncio.to_thread(_HASHER.hash, password)


async def verify_password(stored: str | None, password: str) -> bool:
    """Whether the password fits; takes as long when there is nothing stored."""
    async with _slot():
        return await asyncio.to_thread(_verify, stored, password)


def _verify(stored: str | None, password: str) -> bool:
    try:
        fits = _HASHER.verify(stored or _DUMMY, password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return fits and stored is not None
