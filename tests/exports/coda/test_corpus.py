"""The files of others: read, and compared with what febelfin-coda reads of them."""

import io
import re
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from exports import coda

pytestmark = pytest.mark.corpus


def febelfin_moves(moves: list[Any]) -> list[tuple[Any, ...]]:
    """Its movements in their order, with what both libraries know of one."""
    return [
        (
            move.sequence + move.detail_sequence,
            move.amount,
            (move.counterparty_name or "").rstrip(),
            (move.counterparty_account or "").rstrip(),
            (move._communication or "")[1:].rstrip(),
            (move.customer_reference or "").strip(),
            (move.counterparty_bic or "").strip(),
            move.transaction_code,
            move.entry_date,
            move.value_date,
        )
        for move in moves
    ]


def our_moves(movements: tuple[coda.Movement, ...]) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for movement in movements:
        found.append(
            (
                f"{movement.sequence_number:04d}{movement.detail_number:04d}",
                movement.amount,
                movement.counterparty_name,
                movement.counterparty_zone,
                movement.communication,
                movement.customer_reference,
                movement.counterparty_bic,
                movement.transaction_code,
                movement.entry_date,
                movement.value_date,
            )
        )
        found += our_moves(movement.details)
    return found


def test_every_file_that_febelfin_coda_reads_says_the_same_to_us(
    corpus: list[Path], febelfin: ModuleType
) -> None:
    compared = movements = 0
    for path in corpus:
        try:
            data = path.read_bytes()
            encoding = "cp850" if path.name == "OntVangenCODA20090416.cod" else "cp1252"
            theirs = febelfin.CODA(io.StringIO(data.decode(encoding))).statements
        except Exception:  # noqa: BLE001, S112 - it stops at bare assertions and whatever its parsing raises
            continue
        ours = coda.read(path.read_bytes()).statements
        assert len(ours) == len(theirs), path
        for one, other in zip(ours, theirs, strict=True):
            assert (one.old_balance, one.new_balance) == (other.old_balance, other.new_balance), path
            assert (one.total_debit, one.total_credit) == (other.total_debit, other.total_credit), path
            assert (one.old_balance_date, one.new_balance_date) == (
                other.old_balance_date,
                other.new_balance_date,
            )
            assert one.account.number == other.account.strip()
            assert one.account.currency == other.account_currency.strip()
            assert (one.holder, one.description) == (other.account_holder_name, other.account_description)
            assert our_moves(one.movements) == febelfin_moves(list(other.all_moves)), path
            theirs_info = [
                info
                for found in other.informations.values()  # codespell:ignore informations
                for info in found
            ]
            ours_info = [info for m in flat(one.movements) for info in m.information]
            assert sorted(i.communication for i in ours_info) == sorted(
                i._communication[1:].rstrip() for i in theirs_info
            ), path
            assert [line.text for line in one.free_communications] == [
                line.text for line in other.free_communications
            ]
            movements += one.movement_count
        compared += 1
    assert compared >= 8, "febelfin-coda used to read more of the files"
    print(f"\n{compared} files, {movements} movements compared with febelfin-coda")  # noqa: T201 - a count to see


def flat(movements: tuple[coda.Movement, ...]) -> list[coda.Movement]:
    return [item for movement in movements for item in (movement, *flat(movement.details))]


def test_every_file_but_the_one_of_version_5_is_read(corpus: list[Path]) -> None:
    for path in corpus:
        if path.name == "Coda_faulty_version.txt":
            with pytest.raises(coda.Unreadable, match="unsupported_version"):
                coda.read(path.read_bytes())
            continue
        file = coda.read(path.read_bytes())
        assert b"".join(statement.raw for statement in file.statements) == path.read_bytes()
        records = [line for statement in file.statements for line in statement.records]
        found = [m for s in file.statements for m in flat((*s.movements, *s.orphan_details))]
        assert len(found) == sum(line[:2] == "21" for line in records), path
        assert sum(len(m.information) for m in found) == sum(line[:2] == "31" for line in records), path
        assert sum(len(s.free_communications) for s in file.statements) == sum(
            line[0] == "4" for line in records
        ), path


def test_what_the_banks_made_has_no_errors_and_no_warnings_but_the_known_ones(corpus: list[Path]) -> None:
    known = {
        "CODA.txt": {"CODA-REFERENCE"},
        "OnCODAScenario557240.cod": set(),
        "OntVangenCODA20090416.cod": {"CODA-ENCODING"},
        "7022000008.cod": {"CODA-VERSION"},
        "Coda_v2_3_single_statement.txt": {"CODA-MULTIPLE"},
        "sample11.cod": set(),
    }
    seen = 0
    for path in corpus:
        if path.name in known:
            seen += 1
            assert {item.rule for item in coda.check(coda.read(path.read_bytes()))} == known[path.name], path
    assert seen == len(known)


def test_every_file_is_written_and_read_back(corpus: list[Path]) -> None:
    written = 0
    for path in corpus:
        try:
            file = coda.read(path.read_bytes())
            data = coda.write(file)
        except (coda.Unreadable, coda.UnwritableError):
            continue
        again = coda.read(data)
        written += 1
        if file.statements[0].version == "2":
            assert again == file, path
        assert [m.amount for s in again.statements for m in s.movements] == [
            m.amount for s in file.statements for m in s.movements
        ]
        rules = {item.rule for item in coda.check(again)}
        assert not rules & {
            "CODA-R2",
            "CODA-R3",
            "CODA-R4",
            "CODA-NEXT-LINK",
            "CODA-MULTIPLE",
            "CODA-LENGTH",
        }, path
    assert written >= 20


def test_every_file_is_split_and_merged(corpus: list[Path]) -> None:
    for path in corpus:
        data = path.read_bytes()
        if path.name == "Coda_faulty_version.txt":
            continue
        parts = coda.split(data)
        assert len(parts) == len({statement.account.key for statement in coda.read(data).statements})
        if len(parts) > 1:
            merged = coda.merge(parts)
            assert len(merged) == len(data)
            assert sum(one != two for one, two in zip(merged, data, strict=True)) <= 2 * len(parts)


def test_the_known_figures_of_two_files(corpus: list[Path]) -> None:
    by_name = {path.name: path for path in corpus}
    dollars = coda.read(by_name["OnCODAScenario557240.cod"].read_bytes())
    assert {s.account.currency for s in dollars.statements} == {"EUR", "USD"}
    assert len({s.account.iban for s in dollars.statements}) == 1
    car = coda.read(by_name["OntVangenCODA20090416.cod"].read_bytes())
    assert any(
        re.search("CITROë", m.text + m.counterparty_name) for s in car.statements for m in flat(s.movements)
    )
    overdrawn = coda.read(by_name["Coda_v2_3_globalisation.txt"].read_bytes()).statements[0]
    assert overdrawn.old_balance == Decimal("-455.170")
