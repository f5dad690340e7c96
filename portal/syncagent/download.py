"""A bundle from the portal to this disk: resumed where the line was cut, whole and right when it returns."""

from collections.abc import Callable
from pathlib import Path

from portal.syncagent.client import BundleAnswer, InterruptedDownloadError, Portal
from portal.syncagent.contract import Delivery
from portal.syncagent.errors import DeliveryFailedError, RefusalError
from portal.syncagent.place import digest, refusal

TRIES = 4
"""Cut lines in a row, without one new byte, before a delivery is put off."""


def fetch(portal: Portal, delivery: Delivery, folder: Path, pause: Callable[[int], None]) -> Path:
    """The path of the bundle's ZIP, whose size and SHA-256 are those of the delivery.

    What an earlier run has fetched already is used. `pause(n)` waits before the n-th new try in a row.

    Raises:
        RefusalError: `damaged_bundle` if the bytes are wrong twice, `disk_full`, `access_denied`.
        DeliveryFailedError: the line keeps breaking, or something else than the bundle comes.
        and as `Portal.bundle`.
    """
    path = folder / f"{delivery.sha256}.part"
    cuts = 0
    damaged = False
    try:
        while True:
            begun = path.exists()
            have = path.stat().st_size if begun else 0
            if begun and have >= delivery.size:
                if have == delivery.size and digest(path) == delivery.sha256:
                    return path
                path.unlink(missing_ok=True)
                if damaged:
                    raise RefusalError(
                        "damaged_bundle", detail="its SHA-256 or size is not the announced one"
                    )
                damaged, have = True, 0
            reason = _fetch_some(portal, delivery, path, have)
            now = path.stat().st_size if path.exists() else 0
            if now >= delivery.size:
                continue
            cuts = 1 if now > have else cuts + 1
            if cuts >= TRIES:
                raise DeliveryFailedError("delivery_failed", delivery=delivery.id, detail=reason)
            pause(cuts)
    except OSError as error:
        raise refusal(error, path) from error


def _fetch_some(portal: Portal, delivery: Delivery, path: Path, have: int) -> str:
    """Fetch on from byte `have`; why it ended, when it ended early."""
    headers = {"Range": f"bytes={have}-", "If-Range": f'"{delivery.sha256}"'} if have else {}
    try:
        with portal.bundle(delivery.id, headers) as answer:
            _check(delivery, answer)
            resumed = answer.status == 206 and answer.content_range.startswith(f"bytes {have}-")
            if answer.status != 200 and not resumed:
                path.unlink(missing_ok=True)  # the portal does not go on where we are: begin again
                return "the portal does not resume"
            left = delivery.size - (have if resumed else 0)
            with path.open("ab" if resumed else "wb") as file:
                for chunk in answer.chunks():
                    file.write(chunk)
                    left -= len(chunk)
                    if left < 0:  # longer than announced: damaged, and no reason to fill the disk
                        break
    except InterruptedDownloadError as error:
        return str(error)
    return "the answer was shorter than announced"


def _check(delivery: Delivery, answer: BundleAnswer) -> None:
    """A proxy's error or log-in page also comes with status 200: what is not the bundle is not kept."""
    if answer.status == 416:
        return
    right = answer.etag == delivery.sha256 if answer.etag else answer.content_type == "application/zip"
    if not right:
        what = answer.content_type or "something else"
        detail = f"{what} came instead of the bundle; is a proxy in between?"
        raise DeliveryFailedError("delivery_failed", delivery=delivery.id, detail=detail)
