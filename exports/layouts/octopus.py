"""Octopus: files to hand to the Import Viewer, whose sub-folders carry short upper-case names per kind.

Octopus takes a sales UBL only where the sender's VAT number is the dossier's, needs the fiscal year and
period to exist, and wants the opening balance of a CODA to be the closing balance of the booking before.
"""

from exports.layouts.base import Source, layout

LAYOUT = layout(
    "octopus",
    "Octopus",
    sales="SI",
    purchases="PI",
    receipts="PI",
    other="OTHER",
    statements="CODA/{account}",
    sources=(
        Source(
            "conditions for UBL",
            "https://login.octopus.be/manual/NL/import.htm",
        ),
        Source(
            "Import Viewer and its sub-folders",
            "https://login.octopus.be/manual/NL/management_files.htm",
        ),
        Source(
            "a sub-folder per kind, such as PI",
            "https://www.okioki.be/how-to/how-okioki-integrates-with-octopus",
        ),
    ),
    unconfirmed=(
        "Octopus reads no folder by itself: the files are uploaded, mailed or sent through its web service.",
        "Only PI was seen as a folder name; SI and OTHER follow its pattern.",
    ),
)
