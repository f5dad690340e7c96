"""Yuki: the archive folders a client picks; a PDF and a UBL of the same base name become one document.

Yuki wants documents before bank movements: give the statements after the documents.
"""

from exports.layouts.base import Source, layout

LAYOUT = layout(
    "yuki",
    "Yuki",
    sales="Verkoop",
    purchases="Inkoop",
    receipts="Inkoop",
    other="Uitzoeken Yuki",
    statements="Bank/{account}",
    sources=(
        Source(
            "embedded PDF, or XML and PDF of one name",
            "https://support.yuki.be article 80000786291",
        ),
        Source(
            "the folders Inkoop and Uitzoeken Yuki",
            "706340-boekhoudkantoor-jazz.trengohelp.com article 275489",
        ),
        Source(
            "documents before bank",
            "https://www.buro-lauwers.be, tips on digital documents",
        ),
    ),
    unconfirmed=(
        "The names Verkoop and Bank; Inkoop and Uitzoeken Yuki were seen.",
        "Yuki joins a loose PDF and its UBL in e-mail; that it also does so in an upload was not seen.",
    ),
)
