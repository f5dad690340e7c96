"""What this agent has written, so that a crash at any moment neither loses, repeats nor invents a proof.

SQLite, one row per delivery and one per file. A file goes through

- `planned`: its temporary name is fixed; on the disk it may exist, whole or not;
- `intended`: it is complete and synced under its temporary name, the rename comes next;
- `written`: it stands at its target.

So after a crash an `intended` file whose temporary name is gone was renamed, even if it is no longer at its
target: the importer took it, and writing it again would book it twice. A delivery is `writing`, `written`
(all files; the portal must be told), `confirmed` or `refused`.
"""

import sqlite3
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

from portal.syncagent.contract import Delivery

DeliveryState = Literal["writing", "written", "confirmed", "refused"]
FileState = Literal["planned", "intended", "written"]

_SCHEMA = """
create table if not exists delivery (
  id text primary key, bundle_id text not null, bundle_number integer not null, state text not null,
  dossier_id text not null, dossier_code text, dossier_name text not null, company_number text,
  changed_at text not null
);
create index if not exists delivery_bundle on delivery (bundle_id);
create table if not exists file (
  delivery_id text not null references delivery on delete cascade,
  position integer not null, item_id text not null, role text not null, sha256 text not null,
  target text not null, temporary text not null, state text not null, written_at text,
  primary key (delivery_id, position)
) without rowid;
create table if not exists failure (delivery_id text primary key, times integer not null, at text not null);
pragma user_version = 1;
"""


class Entry(NamedTuple):
    """One file of a delivery as the journal knows it. Paths are absolute."""

    position: int
    item_id: str
    role: str
    sha256: str
    target: Path
    temporary: Path
    state: FileState
    written_at: datetime | None


class Dossier(NamedTuple):
    """A dossier that something was written for."""

    id: str
    code: str | None
    name: str
    company_number: str | None
    folders: list[str]


class Journal:
    """The journal; every method is one transaction, on the disk when it returns."""

    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600)
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("pragma synchronous = full")
        self._db.execute("pragma foreign_keys = on")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the database file of the journal."""
        self._db.close()

    @contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        self._db.execute("begin immediate")
        try:
            yield self._db
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")

    def note_failure(self, delivery_id: str, at: datetime) -> int:
        """One more try of a delivery failed; gives how many have, also in earlier runs."""
        with self._transaction() as db:
            row = db.execute(
                "insert into failure values (?, 1, ?) on conflict (delivery_id) do update set times = times + 1, at = excluded.at"
                " returning times",
                (delivery_id, at.isoformat()),
            ).fetchone()
        return int(row[0])

    def forget_failures(self, delivery_id: str) -> None:
        """It worked, or it is over."""
        with self._transaction() as db:
            db.execute("delete from failure where delivery_id = ?", (delivery_id,))

    def state(self, delivery_id: str) -> DeliveryState | None:
        """How far a delivery got; None if it is new."""
        row = self._db.execute("select state from delivery where id = ?", (delivery_id,)).fetchone()
        return row[0] if row else None

    def entries(self, delivery_id: str) -> list[Entry]:
        """The files of a delivery in their order."""
        return list(self._entries("delivery_id = ?", (delivery_id,)))

    def written_before(self, bundle_id: str) -> dict[tuple[Path, str], datetime]:
        """What earlier, unfinished deliveries of this bundle have put in place: (target, SHA-256) → when."""
        where = (
            "state = 'written' and delivery_id in "
            "(select id from delivery where bundle_id = ? and state in ('writing', 'refused'))"
        )
        return {
            (entry.target, entry.sha256): entry.written_at
            for entry in self._entries(where, (bundle_id,))
            if entry.written_at
        }

    def in_state(self, state: DeliveryState) -> list[tuple[str, str | None]]:
        """Deliveries in a state, with their dossier's code, oldest first."""
        query = "select id, dossier_code from delivery where state = ? order by changed_at, id"
        return [(row[0], row[1]) for row in self._db.execute(query, (state,))]

    def last_confirmed(self) -> tuple[int, str | None, datetime, list[Entry]] | None:
        """The bundle the portal confirmed last: its number, its dossier's code, when, and its files."""
        row = self._db.execute(
            "select id, bundle_number, dossier_code, changed_at from delivery where state = 'confirmed' "
            "order by changed_at desc, id desc limit 1"
        ).fetchone()
        return (row[1], row[2], datetime.fromisoformat(row[3]), self.entries(row[0])) if row else None

    def begin(self, delivery: Delivery, entries: Iterable[Entry], now: datetime) -> None:
        """Fix the plan of a delivery before its first byte is written; replaces what was known of it."""
        with self._transaction() as db:
            db.execute("delete from delivery where id = ?", (delivery.id,))
            db.execute(
                "insert into delivery values (?, ?, ?, 'writing', ?, ?, ?, ?, ?)",
                (
                    delivery.id,
                    delivery.bundle_id,
                    delivery.bundle_number,
                    delivery.dossier_id,
                    delivery.dossier_code,
                    delivery.dossier_name,
                    delivery.company_number,
                    now.isoformat(),
                ),
            )
            db.executemany(
                "insert into file values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        delivery.id,
                        entry.position,
                        entry.item_id,
                        entry.role,
                        entry.sha256,
                        str(entry.target),
                        str(entry.temporary),
                        entry.state,
                        entry.written_at.isoformat() if entry.written_at else None,
                    )
                    for entry in entries
                ],
            )

    def move(
        self, delivery_id: str, positions: Iterable[int], state: FileState, now: datetime | None
    ) -> None:
        """Move files to a state; `now` is kept as their time."""
        with self._transaction() as db:
            db.executemany(
                "update file set state = ?, written_at = ? where delivery_id = ? and position = ?",
                [(state, now.isoformat() if now else None, delivery_id, position) for position in positions],
            )

    def finish(self, delivery_id: str, state: DeliveryState, now: datetime) -> None:
        """Move a delivery to a state."""
        with self._transaction() as db:
            db.execute(
                "update delivery set state = ?, changed_at = ? where id = ?",
                (state, now.isoformat(), delivery_id),
            )

    def forget_before(self, limit: datetime) -> None:
        """Drop finished deliveries that last changed before `limit`; the portal keeps the proofs."""
        with self._transaction() as db:
            db.execute(
                "delete from delivery where state in ('confirmed', 'refused') and changed_at < ?",
                (limit.isoformat(),),
            )

    def dossiers(self) -> list[Dossier]:
        """The dossiers written for, newest name first seen, with the folders used."""
        found: dict[str, Dossier] = {}
        query = (
            "select d.dossier_id, d.dossier_code, d.dossier_name, d.company_number, f.target "
            "from delivery d join file f on f.delivery_id = d.id order by d.changed_at desc, f.position"
        )
        for dossier_id, code, name, number, target in self._db.execute(query):
            dossier = found.setdefault(dossier_id, Dossier(dossier_id, code, name, number, []))
            folder = str(Path(target).parent)
            if folder not in dossier.folders:
                dossier.folders.append(folder)
        return list(found.values())

    def _entries(self, where: str, values: tuple[str, ...]) -> Iterator[Entry]:
        query = (
            "select position, item_id, role, sha256, target, temporary, state, written_at "  # noqa: S608 - put together of our own words
            f"from file where {where} order by position"  # the two conditions are constants of this class
        )
        for position, item_id, role, sha256, target, temporary, state, at in self._db.execute(query, values):
            when = datetime.fromisoformat(at) if at else None
            yield Entry(position, item_id, role, sha256, Path(target), Path(temporary), state, when)
