"""Items that cannot leave: whose fault it is, and why, in words for people. The rest of their export leaves without them."""

from collections.abc import Collection, Mapping

from exports.bundle import ItemFault, Manifest
from portal.kernel.errors import Unavailable
from portal.kernel.language import N_
from portal.storage import BrokenFile

DAMAGED = N_("Its file is missing or damaged in the store.")
UNREADABLE = N_("Its file could not be read from the store, in several tries, while others could.")
OTHER_SIZE = N_("Its file is longer or shorter than it was when it came in.")
NO_FILE = N_("It has no file that could leave.")
AMOUNT = N_(
    "One of its amounts is no amount that can be written: at most 18 digits before and 6 after the point."
)
CURRENCY = N_("Its currency is not a code of three capital letters, such as EUR.")
TEXT = N_("One of its texts holds characters that cannot be written.")
FACTS = N_("What is noted about its file, its version or its earlier bundle cannot be right.")
FILE_NAME = N_(
    "No file name that is safe everywhere can be made for it, or another item of the export has it."
)
SHARED_CODA = N_(
    "Its CODA file also holds statements of another account or currency: hand them in as a file for each account."
)
NO_NUMBER = N_(
    "The account's own series of numbers for CODA made here is used up for this year. Ask the bank for CODA."
)
NOT_AS_CODA = N_("It cannot be written as CODA: something in it has no place there. Ask the bank for CODA.")
TOGETHER = N_("Another statement in the same CODA file was put aside; they leave together.")
TAX = N_("Its VAT lines cannot be read.")
WRITTEN_DOWN = N_(
    "It could not be written down as exported. Perhaps this version of it left in another bundle already."
)
ODD = N_("Something in it that nobody expected keeps it from being exported.")

_REASONS: dict[str, str] = {
    "cannot_open": DAMAGED,
    "cannot_read": DAMAGED,
    "wrong_hash": DAMAGED,
    "wrong_size": OTHER_SIZE,
    "no_files": NO_FILE,
    "bad_amount": AMOUNT,
    "duplicate_item": ODD,
    "duplicate_path": FILE_NAME,
    "path_is_folder": FILE_NAME,
    "bad_path": FILE_NAME,
    "shared_coda": SHARED_CODA,
    "unexpected": ODD,
}


def is_outage(fault: ItemFault) -> bool:
    """Whether a part that we need is away, rather than that something is wrong with the item: that is none of its business."""
    cause = fault.__cause__
    return isinstance(cause, OSError | Unavailable) and not isinstance(cause, BrokenFile)


def reason_of(fault: ItemFault) -> str:
    """Why the item cannot leave, as a text to translate."""
    if is_outage(fault):
        return UNREADABLE
    if fault.reason == "bad_value":
        if "currency" in fault.params:
            return CURRENCY
        return TEXT if "text" in fault.params else FACTS
    return _REASONS.get(fault.reason, ODD)


def tied(manifest: Manifest, aside: Collection[str], files: Mapping[str, str]) -> set[str]:
    """Statements in the manifest whose CODA file would carry one along that was put aside.

    Args:
        files: the SHA-256 of the CODA file of each statement.
    """
    kept_back = {files[item_id] for item_id in aside if item_id in files}
    return {
        entry.id
        for entry in manifest.items
        if any(file.role == "coda" and file.sha256 in kept_back for file in entry.files)
    }
