"""What is thrown away, and when."""

from datetime import timedelta

FINISHED_JOBS = timedelta(days=30)
"""So long a finished job can be looked up; its payload and actor name people. Dead letters wait for a person."""
IMPORTED_LISTS = timedelta(days=90)
"""So long the rows of an Excel list are kept; what was accepted is in the dossiers."""
PAIRING_CODES = timedelta(days=1)
"""After their ten minutes: the audit log keeps who made one."""
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
        "statement": ("original_sha256", "file_sha256"),
        "intake_file": ("sha256", "hints.pdf_sha256"),
    },
    "firm": {"export": ("sha256", "manifest_sha256")},
}
"""Every column that names an object, by whom the object belongs to; after a dot, a field of a JSON column."""
NAMES_NONE = {
    "dossier_import": ("sha256",),  # the list itself is not kept
    "delivery_proof": ("sha256",),  # a file in somebody's bookkeeping
}
"""Columns with hashes of what is not in the store. tests/architecture knows every other one."""
