"""Handed-in files: received, looked at, turned into documents and statements, or rejected with a reason."""

from portal.features.intake.models import IntakeFile
from portal.features.intake.service.giving_up import find_forsaken, give_up
from portal.features.intake.service.handling import (
    Duplicate,
    Handled,
    decide_direction,
    enter,
    is_paper,
    read_again,
    reject,
    take_statements,
    undo_reject,
)
from portal.features.intake.service.listing import (
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
from portal.features.intake.service.papers import CodaFile
from portal.features.intake.service.reading import read_upload
from portal.features.intake.service.receiving import GiveUp, Incoming, ReadUpload, company_for, hand_in

__all__ = [
    "CodaFile",
    "Duplicate",
    "GiveUp",
    "Handled",
    "Incoming",
    "IntakeFile",
    "Outcome",
    "ReadUpload",
    "Upload",
    "company_for",
    "counts",
    "decide_direction",
    "enter",
    "file",
    "find_forsaken",
    "give_up",
    "hand_in",
    "is_paper",
    "listed",
    "next_waiting",
    "outcome",
    "read_again",
    "read_upload",
    "recount",
    "reject",
    "take_statements",
    "undo_reject",
    "upload",
]
