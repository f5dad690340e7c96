"""What intake tells other slices."""

from typing import ClassVar
from uuid import UUID

from portal.kernel.events import Event


class FileAnswered(Event, frozen=True, kw_only=True):
    """A member of the company answered a question that quick entry had about a file, or rejected the file.

    `dossier_id` is where an office handed it in.
    """

    name: ClassVar[str] = "intake.answered"
    company_id: UUID
    dossier_id: UUID | None = None
    file_id: UUID
    document_id: UUID | None
    file_name: str
    rejected: bool
    text: str
