"""Entries as the services take them."""

import msgspec

from portal.features.documents.domain.entry import Entry
from portal.features.documents.domain.entry_form import read_form
from portal.features.documents.domain.patch import EntryPatch, completed
from portal.features.documents.domain.totals import SEVERAL, SaidAmounts, SaidRate


def patch_of(entry: Entry) -> EntryPatch:
    """All that an entry says."""
    parts = tuple(
        SaidRate(percent=rate.percent, taxable=rate.taxable, tax=rate.tax)
        for rate in entry.rates
        if rate.percent is not None
    )
    said = msgspec.structs.asdict(entry)
    del said["rates"], said["total"]
    said["counterparty_number"] = entry.counterparty_number or ""
    said["structured_communication"] = entry.structured_communication or ""
    return EntryPatch(**said, amounts=SaidAmounts(vat=SEVERAL, total=entry.total, parts=parts))


def parse_entry(values: dict[str, str]) -> tuple[Entry | None, dict[str, str]]:
    """The entry that a form holds, or its faults by field."""
    patch, faults = read_form(values)
    return (completed(patch) if patch is not None else None), faults
