"""What a handed-in file turns out to hold, once its bytes are read."""

import msgspec

from exports.model import Document as Invoice
from portal.features.banking.domain import Coda
from portal.features.documents.domain.documents import PdfOrigin, StoredFile, Unwrapped
from portal.features.documents.domain.identity import Direction
from portal.features.documents.domain.judgement import ValueFault
from portal.features.intake.domain.files import NewFile
from portal.features.intake.domain.reasons import Reason


class ArchiveContent(msgspec.Struct, frozen=True, kw_only=True):
    """The files of a ZIP or a mail, or the documents of an envelope that holds several; `said` is what a mail says of itself."""

    files: tuple[NewFile, ...]
    said: Reason | None = None


class InvoiceContent(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice as data: a UBL, a CII, in an envelope, inside a PDF.

    Attributes:
        direction: which of its parties the company is.
        faults: what of it cannot be booked.
        pdf: the PDF for people, stored; from where is `pdf_origin`.
        beside: the PDF that was handed in beside it, also where another one inside is the one for people; or the PDF that it was inside.
        unwrapped: what it came in, where the file is no UBL itself.
    """

    invoice: Invoice
    direction: Direction
    faults: tuple[ValueFault, ...]
    pdf: StoredFile | None
    pdf_origin: PdfOrigin
    beside: StoredFile | None = None
    unwrapped: Unwrapped | None = None

    @property
    def sold(self) -> bool | None:
        """Whether the company sold what it says; None when the file does not tell."""
        if self.direction in (Direction.BOTH, Direction.NEITHER):
            return None
        return self.direction is Direction.SUPPLIER


class CodaContent(msgspec.Struct, frozen=True, kw_only=True):
    """A checked CODA file; the bytes of its statements are stored. `company_numbers` are what the bank writes, whatever they are."""

    statements: tuple[Coda, ...]
    company_numbers: frozenset[str]


class PaperContent(msgspec.Struct, frozen=True, kw_only=True):
    """A PDF or a photo, with its number of pages; `remark` is what else a person is told about it."""

    pages: int
    remark: Reason | None = None


Content = ArchiveContent | InvoiceContent | CodaContent | PaperContent
