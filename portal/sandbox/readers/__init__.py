"""Readers: modules with ``read(data: bytes, **params)`` and ``prepare()``; they run in a confined child only.

``read`` returns one value, or yields several; values are what msgspec can encode. It raises `Unreadable`
with a reason code; anything else it raises counts as a damaged file. ``prepare`` runs in the launcher,
before any child: it must load all that is opened lazily, because a child cannot open files.
"""

READERS = (
    "portal.sandbox.readers.workbook",
    "portal.sandbox.readers.pdf_pages",
    "portal.sandbox.readers.pdf_contents",
    "portal.sandbox.readers.paper_pages",
    "portal.sandbox.readers.image",
    "portal.sandbox.readers.containers",
    "portal.sandbox.readers.photo",
)
"""The only modules a child may be asked to run."""
