"""Which files of an upload belong together."""

from collections.abc import Sequence
from uuid import UUID

from portal.features.intake.domain.files import stem


def partners(
    names: Sequence[tuple[UUID, UUID | None, str]], pdfs: Sequence[tuple[UUID, UUID | None, str]]
) -> dict[UUID, UUID]:
    """Which PDF belongs to which UBL of one upload: the same base name, in the same archive before another one; each once.

    Args:
        names: (id, archive it was in, name) of the UBL files; `pdfs` the same of the PDFs.
    """
    free = list(pdfs)
    found: dict[UUID, UUID] = {}
    for same_parent in (True, False):
        for ubl_id, parent, name in names:
            if ubl_id in found:
                continue
            match = next(
                (
                    one
                    for one in free
                    if stem(one[2]) == stem(name) and (one[1] == parent if same_parent else True)
                ),
                None,
            )
            if match is not None:
                found[ubl_id] = match[0]
                free.remove(match)
    return found
