"""What is thrown away, and when."""

from datetime import timedelta

FINISHED_JOBS = timedelta(days=30)
"""So long a finished job can be looked up; its payload and actor name people. Dead letters wait for a person."""
IMPORTED_LISTS = timedelta(days=90)
"""So long the rows of an Excel list are kept; what was accepted is in the dossiers."""
PAIRING_CODES = timedelta(days=1)
"""After their ten minutes: the audit log keeps who made one."""
HANDLED_NOTICES = timedelta(days=90)
"""So long what a client said can be looked up after it was handled; the audit log has it too."""
BATCH = 5000
"""Rows of each kind at most in one go."""

UNUSED_OBJECTS = timedelta(days=7)
"""An object is stored before the row that names it, by far less than this: younger ones may be waiting for their row."""
ASIDE = timedelta(days=7)
"""So long an object that no row names stays aside; longer than anybody needs from storing bytes to writing their row."""
ROUND = timedelta(days=7)
"""In this time every owner's objects are looked at once."""
OWNERS = 500
"""Firms, and companies, whose objects are looked at in one hour at most: a fallen-behind portal catches up gently."""
LOOKED_UP = 500
"""Hashes looked up in one statement."""

NAMED_IN = {
    "company": {
        "document": ("original_sha256", "ubl_sha256", "pdf_sha256"),
        "statement": ("file_sha256",),
        "intake_file": ("sha256", "hints.pdf_sha256"),
    },
    "firm": {"export": ("sha256", "manifest_sha256")},
}
"""Every column that names an object, by whom the object belongs to; after a dot, a field of a JSON column."""
NAMES_NONE = {
    "dossier_import": ("sha256",),  # the list itself is not kept
    "statement": (
        "original_sha256",
    ),  # the file it came in is kept by its row of quick entry, until one of its statements is erased
    "delivery_proof": ("sha256",),  # a file in somebody's bookkeeping
}
"""Columns with hashes of what is not in the store, or is named elsewhere. tests/architecture knows every other one."""
ERASABLE = frozenset({"document", "statement", "intake_file"})
"""Rows of these keep the hash of what was erased (`erased_at`), and name nothing any more."""
QUIET = timedelta(minutes=10)
"""So long the objects of something erased stay aside before they go for good: whoever stored the same bytes at that moment has written
their row by then."""
