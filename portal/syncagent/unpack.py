"""A downloaded bundle, opened with suspicion: only what the delivery announces, byte for byte, comes out."""

import hashlib
import stat
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from portal.syncagent.contract import Delivery, DeliveryFile
from portal.syncagent.errors import RefusalError
from portal.syncagent.names import MANIFEST, UnsafeNameError, check_relative, key
from portal.syncagent.place import CHUNK

_ENCRYPTED = 0x1


class Bundle:
    """An open bundle whose directory agrees with its delivery.

    Raises:
        RefusalError: `damaged_bundle`, `unsafe_path`.
    """

    def __init__(self, path: Path, delivery: Delivery) -> None:
        # zipfile raises more than BadZipFile on strange input: RuntimeError, IndexError, OSError, zlib.error …
        try:
            self._zip = zipfile.ZipFile(path)
        except Exception as error:
            raise RefusalError("damaged_bundle", detail=f"not a ZIP ({error})") from error
        try:
            self._members = self._check(delivery)
        except RefusalError:
            self._zip.close()
            raise
        except (
            Exception
        ) as error:  # a directory that nobody thought of is damaged, whatever it makes us stumble over
            self._zip.close()
            raise RefusalError("damaged_bundle", detail=f"{type(error).__name__}: {error}") from error
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def _check(self, delivery: Delivery) -> dict[str, zipfile.ZipInfo]:
        members: dict[str, zipfile.ZipInfo] = {}
        announced = {file.path for file in delivery.files}
        expected = announced | {MANIFEST} | {f"{folder}/" for path in announced for folder in _folders(path)}
        folded: set[str] = set()
        for member in self._zip.infolist():
            name = member.orig_filename  # as in the ZIP: zipfile itself cuts at NUL and turns backslashes
            try:
                check_relative(name.removesuffix("/"))
            except UnsafeNameError as error:
                raise RefusalError("unsafe_path", path=name, detail=error) from error
            if stat.S_ISLNK(member.external_attr >> 16):
                raise RefusalError("unsafe_path", path=name, detail="it is a link")
            if key((name,)) in folded:
                raise RefusalError("damaged_bundle", detail=f"{name} is in it twice")
            if name not in expected:
                raise RefusalError("damaged_bundle", detail=f"{name} is in it and was not announced")
            folded.add(key((name,)))
            members[name] = member
        for file in delivery.files:
            member = members.get(file.path)
            if member is None or file.path == MANIFEST:
                raise RefusalError("damaged_bundle", detail=f"{file.path} is not in it", item_id=file.item_id)
            if member.file_size != file.size or member.flag_bits & _ENCRYPTED:
                detail = f"{file.path} is not as announced"
                raise RefusalError("damaged_bundle", detail=detail, item_id=file.item_id)
        return members

    def chunks(self, file: DeliveryFile) -> Iterator[bytes]:
        """The bytes of one file; raises after the last piece if they are not as announced.

        Raises:
            RefusalError: `damaged_bundle`.
        """
        value, size = hashlib.sha256(), 0
        try:
            source = self._zip.open(self._members[file.path])
        except Exception as error:
            raise self._damaged(file, error) from error
        with source:
            while True:
                try:
                    chunk = source.read(CHUNK)
                except Exception as error:
                    raise self._damaged(file, error) from error
                size += len(chunk)
                if not chunk:
                    break
                value.update(chunk)
                yield chunk
        if size != file.size or value.hexdigest() != file.sha256:
            raise self._damaged(file, "its SHA-256 is not the announced one")

    @staticmethod
    def _damaged(file: DeliveryFile, detail: object) -> RefusalError:
        return RefusalError("damaged_bundle", detail=f"{file.path}: {detail}", item_id=file.item_id)


def _folders(path: str) -> Iterator[str]:
    while (path := path.rpartition("/")[0]) != "":
        yield path


def discard(folder: Path, sha256: str) -> None:
    """Remove a downloaded bundle that is no longer needed."""
    with suppress(OSError):
        (folder / f"{sha256}.part").unlink(missing_ok=True)
