"""One delivery, from the list to its proof.

Everything is looked at before anything is written, everything is written under temporary names before anything
becomes visible, and the journal knows each step before it happens. See `journal` for what a crash leaves behind.
"""

import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from portal.syncagent import failpoints
from portal.syncagent.client import Portal
from portal.syncagent.config import Config, Home
from portal.syncagent.contract import Confirmation, ConfirmedFile, Delivery, DeliveryFile
from portal.syncagent.download import fetch
from portal.syncagent.errors import RefusalError
from portal.syncagent.journal import Entry, Journal
from portal.syncagent.names import (
    UnsafeNameError,
    check_relative,
    dossier_folder,
    key,
    too_long_for_windows,
    write_order,
)
from portal.syncagent.place import (
    check_folder,
    digest,
    open_folder,
    refusal,
    rename_new,
    same,
    sweep,
    sync_folder,
    temporary_name,
    write_temporary,
)
from portal.syncagent.root import look
from portal.syncagent.texts import say
from portal.syncagent.unpack import Bundle, discard

log = logging.getLogger("fidero_agent")


class Planned(NamedTuple):
    """Where one file of a delivery goes: components below the root."""

    file: DeliveryFile
    parts: tuple[str, ...]


def plan(delivery: Delivery, root: Path, *, windows: bool = sys.platform == "win32") -> list[Planned]:
    """Where the files of a delivery go, in the order to make them visible. Pure.

    Raises:
        RefusalError: `unsafe_path`.
    """
    planned: list[Planned] = []
    seen: set[str] = set()
    try:
        folder = dossier_folder(delivery.dossier_code, delivery.company_number, delivery.dossier_id)
    except UnsafeNameError as error:
        raise RefusalError("unsafe_path", path=delivery.dossier_code, detail=error) from error
    for index in write_order([file.path for file in delivery.files]):
        file = delivery.files[index]
        try:
            parts = (*folder, *check_relative(file.path))
        except UnsafeNameError as error:
            raise RefusalError("unsafe_path", path=file.path, detail=error, item_id=file.item_id) from error
        detail = None
        if key(parts) in seen:
            detail = "two files of the bundle would have the same name"
        elif windows and too_long_for_windows(str(root), parts):
            detail = "the path is longer than Windows programs can open"
        if detail is not None:
            raise RefusalError("unsafe_path", path=file.path, detail=detail, item_id=file.item_id)
        seen.add(key(parts))
        planned.append(Planned(file, parts))
    return planned


class Deliverer:
    """Carries deliveries out with one portal, one journal and the roots of one configuration."""

    def __init__(
        self,
        home: Home,
        config: Config,
        portal: Portal,
        journal: Journal,
        *,
        now: Callable[[], datetime],
        pause: Callable[[int], None],
    ) -> None:
        self._home = home
        self._config = config
        self._portal = portal
        self._journal = journal
        self._now = now
        self._pause = pause
        self._swept: set[Path] = set()

    def deliver(self, delivery: Delivery) -> int:
        """Write and confirm a delivery; the number of files confirmed.

        Raises:
            RefusalError: it cannot be written here (not told to the portal yet).
            RootAwayError, DeliveryFailedError, DeliveryGoneError, HostAwayError, RevokedError: see there.
        """
        if self._journal.state(delivery.id) != "written":
            root = self._config.root_of(delivery.dossier_code)
            look(root, self._config)
            try:
                self.recover(delivery.id, root)
                self._write(delivery, root)
            except RefusalError:
                look(root, self._config)  # a share that went away is no fault of the delivery
                self.give_up(delivery.id, root)
                raise
        return self.confirm(delivery.id, delivery.sha256)

    def confirm(self, delivery_id: str, sha256: str | None = None) -> int:
        """Hand in the proofs of a delivery that the journal holds as written.

        Raises:
            as `Portal.confirm`.
        """
        files = [
            ConfirmedFile(
                item_id=entry.item_id,
                role=entry.role,
                path=str(entry.target),
                sha256=entry.sha256,
                written_at=entry.written_at or self._now(),
            )
            for entry in self._journal.entries(delivery_id)
        ]
        failpoints.reach("before_confirm")
        answer = self._portal.confirm(delivery_id, Confirmation(files=files))
        failpoints.reach("after_confirm")
        self._journal.finish(delivery_id, "confirmed", self._now())
        if sha256 is not None:
            discard(self._home.downloads, sha256)
        return answer.confirmed

    def recover(self, delivery_id: str, root: Path) -> None:
        """Bring the journal of a delivery that was broken off to what is on the disk, and tidy up.

        Only with a root that was just looked at: one that is away looks like one whose files were taken.

        Raises:
            RefusalError: the disk does not let us.
        """
        if self._journal.state(delivery_id) != "writing":
            return
        entries = self._journal.entries(delivery_id)
        try:
            renamed = {
                entry.position
                for entry in entries
                if entry.state == "intended" and self._was_renamed(entry, root)
            }
            self._journal.move(delivery_id, sorted(renamed), "written", self._now())
            for entry in entries:
                entry.temporary.unlink(missing_ok=True)
        except OSError as error:
            raise refusal(error, root) from error
        left = [entry.position for entry in entries if entry.state != "written"]
        self._journal.move(delivery_id, [each for each in left if each not in renamed], "planned", None)

    def give_up(self, delivery_id: str, root: Path) -> None:
        """Let go of a delivery: nothing half-written stays behind, and what was written stays known.

        As `recover`, only with a root that was just looked at.
        """
        if self._journal.state(delivery_id) == "writing":
            with suppress(RefusalError):
                self.recover(delivery_id, root)
                self._journal.finish(delivery_id, "refused", self._now())

    @staticmethod
    def _was_renamed(entry: Entry, root: Path) -> bool:
        with suppress(OSError):
            if digest(entry.target) == entry.sha256:
                return True
        if entry.temporary.exists() or not entry.target.is_relative_to(root):
            return False
        log.warning("%s", say("taken_by_importer", path=entry.target))
        return True

    def _write(self, delivery: Delivery, root: Path) -> None:
        planned = plan(delivery, root)
        entries = self._compare(delivery, root, planned)
        missing = [
            (entry, item) for entry, item in zip(entries, planned, strict=True) if entry.state != "written"
        ]
        if missing:
            self._check_space(root, sum(item.file.size for _, item in missing))
            with Bundle(fetch(self._portal, delivery, self._home.downloads, self._pause), delivery) as bundle:
                self._journal.begin(delivery, entries, self._now())
                self._put(delivery, root, bundle, missing)
        else:
            self._journal.begin(delivery, entries, self._now())
        self._journal.finish(delivery.id, "written", self._now())

    def _compare(self, delivery: Delivery, root: Path, planned: list[Planned]) -> list[Entry]:
        """What stands there already, before anything is written."""
        before = self._journal.written_before(delivery.bundle_id)
        before |= {
            (entry.target, entry.sha256): entry.written_at
            for entry in self._journal.entries(delivery.id)
            if entry.state == "written" and entry.written_at
        }
        entries: list[Entry] = []
        for position, (file, parts) in enumerate(planned):
            target = root.joinpath(*parts)
            temporary = target.with_name(temporary_name(delivery.id, file.path))
            written_at = before.get((target, file.sha256))
            try:
                check_folder(root, parts[:-1])
                self._tidy(target.parent)
                if written_at is None and same(target, file.size, file.sha256, item_id=file.item_id):
                    written_at = min(datetime.fromtimestamp(target.stat().st_mtime, UTC), self._now())
            except OSError as error:
                raise refusal(error, target, item_id=file.item_id) from error
            state = "planned" if written_at is None else "written"
            entries.append(
                Entry(position, file.item_id, file.role, file.sha256, target, temporary, state, written_at)
            )
        return entries

    def _tidy(self, folder: Path) -> None:
        if folder not in self._swept and folder.is_dir():
            self._swept.add(folder)
            if removed := sweep(folder):
                log.info("%s: %d temporary files of an earlier run removed", folder, removed)

    def _check_space(self, root: Path, needed: int) -> None:
        free = look(root, self._config)
        if free < needed:
            detail = f"{needed} bytes needed, {free} free"
            raise RefusalError("disk_full", path=root, detail=detail)

    def _put(
        self, delivery: Delivery, root: Path, bundle: Bundle, missing: list[tuple[Entry, Planned]]
    ) -> None:
        mode = self._config.mode
        entry = missing[0][0]
        try:
            for entry, item in missing:
                open_folder(root, item.parts[:-1], mode)
                write_temporary(entry.temporary, bundle.chunks(item.file), mode)
            for folder in {entry.temporary.parent for entry, _ in missing}:
                # Before the journal says `intended`, the names must outlast a power cut: one that is gone then means taken.
                sync_folder(folder)
            failpoints.reach("after_write")
            positions = [entry.position for entry, _ in missing]
            self._journal.move(delivery.id, positions, "intended", self._now())
            done: list[int] = []
            try:
                for entry, _ in missing:
                    rename_new(entry.temporary, entry.target)
                    done.append(entry.position)
                    failpoints.reach("after_rename")
                for folder in {entry.target.parent for entry, _ in missing}:
                    sync_folder(folder)
            finally:
                self._journal.move(delivery.id, done, "written", self._now())
        except FileExistsError as error:
            raise RefusalError("different_file_exists", path=entry.target, item_id=entry.item_id) from error
        except OSError as error:
            raise refusal(error, entry.target, item_id=entry.item_id) from error
