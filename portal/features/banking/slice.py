"""What the application takes from this slice."""

from portal.jobs.upkeep import NamesObjects
from portal.kernel.language import N_
from portal.web.slices import Slice

SLICE = Slice(
    name="banking",
    objects=[NamesObjects(table="statement", owner="company", columns=("file_sha256",), erasable=True)],
    sentences={
        "banking.statement_arrived": (N_("Bank statement came in"), "statement"),
    },
)
