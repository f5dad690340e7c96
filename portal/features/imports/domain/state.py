"""Where the import of a list is."""

import enum


class ImportState(enum.StrEnum):
    """Where an Excel import is."""

    MAPPING = "mapping"  # nobody has said yet which of its columns is what
    PREVIEWED = "previewed"
    ACCEPTING = "accepting"  # its rows are carried out, batch by batch
    ACCEPTED = "accepted"
