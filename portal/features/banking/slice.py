"""What the application takes from this slice."""

from portal.features.banking.models import DerivedCoda, Statement
from portal.jobs.upkeep import NamesObjects
from portal.kernel.language import N_
from portal.web.slices import Slice

SLICE = Slice(
    name="banking",
    objects=[
        NamesObjects(model=Statement, columns=("file_sha256",), erasable=True),
        NamesObjects(model=DerivedCoda, columns=("sha256",)),
    ],
    sentences={
        "banking.statement_arrived": (N_("Bank statement came in"), "statement"),
        "banking.first_coda": (
            N_("First CODA of an account that had statements in another form"),
            "statement",
        ),
    },
)
