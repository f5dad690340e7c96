"""``coda.read`` on anything: a file or ``Unreadable``; what was read is shown, checked, split, merged and written."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from decimal import Decimal

from exports import coda
from exports.coda import Movement
from fuzz import harness


def one_input(data: bytes) -> None:
    """Reads the bytes, and does with the file what one does with a file."""
    with suppress(coda.Unreadable):
        file = coda.read(data)
        coda.check(file)
        _look(file)
        parts = coda.split(data)
        with suppress(coda.Unreadable):
            assert len(coda.split(coda.merge(parts))) == len(parts), (
                "what was cut and joined is cut the same way"
            )
        with suppress(coda.Unwritable):
            # Once written, controls are blanks, and blanks before a text are no part of it: from then on all stays.
            written = coda.write(coda.read(coda.write(file)))
            again = coda.read(written)
            # No file says in which encoding it is: letters in CP850 can happen to be UTF-8 as well.
            if again.encoding in {"ascii", "cp850" if file.encoding == "cp850" else "cp1252"}:
                assert coda.write(again) == written, "what was written is read and written the same"


def _look(file: coda.File) -> None:
    """Reads what people are shown of a file."""
    assert sorted(map(id, coda.order(file.statements))) == sorted(map(id, file.statements))
    coda.continuity(file.statements)
    coda.conflicts(file.statements)
    assert file.is_complete == all(statement.is_complete for statement in file.statements)
    for statement in file.statements:
        _ = (statement.old_balance, statement.new_balance, statement.content_hash, statement.free_text)
        _ = (
            statement.total_debit,
            statement.total_credit,
            statement.account.key,
            statement.account.formatted,
        )
        _look_at(statement.movements)
        _look_at(statement.orphan_details)


def _look_at(movements: Iterable[Movement]) -> None:
    for movement in movements:
        _ = (movement.amount, movement.original_amount, movement.kind, movement.category_kind)
        _ = (movement.text, movement.information_text, movement.structured, movement.structured_communication)
        _ = (movement.counterparty_account and movement.counterparty_account.formatted, hash(movement))
        _ = [(item.text, item.structured) for item in movement.information]
        _look_at(movement.details)


def seeds() -> list[bytes]:
    """A small statement of our own, and real ones where they are there."""
    return [b"0", _small(), *harness.corpus("coda/*/*")]


def _small() -> bytes:
    day = date(2026, 11, 2)
    movements = [
        coda.movement_of(Decimal(1), day, name="Jansen", account="BE71096123456769", ogm="090933755493"),
        coda.movement_of(Decimal(-2), day, text="word " * 80),
    ]
    made = coda.statement_of(
        account=coda.Account("BE68539007547034"),
        holder="Peeters",
        old_balance=Decimal(5),
        old_balance_date=day,
        date=day,
        movements=movements,
        free_text=["closed on Monday"],
    )
    return coda.write(coda.File((made, made)))
