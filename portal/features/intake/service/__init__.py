"""Handed-in files: received, looked at, turned into documents and statements, or rejected with a reason."""

from portal.features.intake.models import IntakeFile
from portal.features.intake.service.comparison import meet
from portal.features.intake.service.lookups import (
    Outcome,
    Upload,
    counts,
    file,
    listed,
    next_waiting,
    outcome,
    recount,
    upload,
)
from portal.features.intake.service.orphans import find_orphaned, give_up
from portal.features.intake.service.quick_entry import (
    Decision,
    Duplicate,
    Handled,
    ask_values,
    enter,
    invoice_hints,
    is_paper,
    is_typed,
    read_again,
    reject,
    take_invoice,
    take_statements,
    undo_reject,
)
from portal.features.intake.service.reception import GiveUp, Incoming, ReadUpload, company_for, hand_in
from portal.features.intake.service.upload_run import read_upload

__all__ = [
    "Decision",
    "Duplicate",
    "GiveUp",
    "Handled",
    "Incoming",
    "IntakeFile",
    "Outcome",
    "ReadUpload",
    "Upload",
    "ask_values",
    "company_for",
    "counts",
    "enter",
    "file",
    "find_orphaned",
    "give_up",
    "hand_in",
    "invoice_hints",
    "is_paper",
    "is_typed",
    "listed",
    "meet",
    "next_waiting",
    "outcome",
    "read_again",
    "read_upload",
    "recount",
    "reject",
    "take_invoice",
    "take_statements",
    "undo_reject",
    "upload",
]
