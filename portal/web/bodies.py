"""Bodies of forms: from bytes to fields, with a bound on everything that is counted and everything that is held in memory."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qsl

from litestar.datastructures import UploadFile
from multipart import MultipartSegment, ParserError, ParserLimitReached, PushMultipartParser

from portal.kernel.errors import Invalid, TooLarge
from portal.kernel.language import N_

FIELDS_MOST = 2000
"""Fields of a form; our longest has the rows of a list, ticked."""
VISITORS_FIELDS_MOST = 1000
"""Fields of a form of somebody who is not signed in: it may be a list, ticked before their session ended."""
PARTS_MOST = 500
"""Parts of a form with files."""
PART_HEADERS_MOST = 8
PART_HEADER_MOST = 4096
BOUNDARY_MOST = 200
LONG_FORM = N_("This form is too large. Shorten what you entered, or hand in fewer files at once.")
Fields = dict[str, list[str | UploadFile]]


def read_fields(body: bytes, most: int = FIELDS_MOST) -> Fields:
    """The fields of a plain form, every value of each.

    Raises:
        TooLarge: more than `most` fields.
    """
    if body.count(b"&") >= most:
        raise TooLarge(LONG_FORM)
    found: Fields = {}
    for name, value in parse_qsl(body.decode("latin-1"), keep_blank_values=True, separator="&"):
        found.setdefault(name, []).append(value)
    return found


async def read_parts(stream: AsyncIterator[bytes], boundary: str, *, text_most: int) -> Fields:
    """The fields of a form with files. Text is UTF-8, whatever a part says; files go to disk as they come.

    Raises:
        Invalid: not in the format, or a field is no text.
        TooLarge: more parts, or longer headers or texts than we take.
    """
    found: Fields = {}
    open_file: UploadFile | None = None
    text = bytearray()
    part: MultipartSegment | None = None
    if not 0 < len(boundary) <= BOUNDARY_MOST:
        raise Invalid
    try:
        with PushMultipartParser(
            boundary.encode(),
            max_header_size=PART_HEADER_MOST,
            max_header_count=PART_HEADERS_MOST,
            max_segment_count=PARTS_MOST,
        ) as parser:
            async for chunk in stream:
                if parser.closed or not chunk:
                    break
                for event in parser.parse(chunk):
                    if isinstance(event, MultipartSegment):
                        part, text = event, bytearray()
                        open_file = _file_of(part)
                    elif event is None:
                        assert part is not None  # a part ends after it began
                        if open_file is not None:
                            await open_file.seek(0)
                        found.setdefault(part.name or "", []).append(
                            text.decode() if open_file is None else open_file
                        )
                        open_file = part = None
                    elif open_file is not None:
                        await open_file.write(event)
                    else:
                        text_most -= len(event)
                        if text_most < 0:
                            raise ParserLimitReached  # noqa: TRY301 - told like the parser's own
                        text += event
    except BaseException as error:
        await _close(found, open_file)
        if isinstance(error, ParserLimitReached):
            raise TooLarge(LONG_FORM) from None
        if isinstance(error, ParserError | UnicodeDecodeError):
            raise Invalid from None
        raise
    return found


class TextParts:
    """The texts of a form with files, and the names of its files: of a form that nobody may send yet. Of a file nothing is held.

    `fields` and `files` hold what was read so far, as pairs of the control's name and the text or the file's name.
    """

    def __init__(self, *, text_most: int) -> None:
        self.fields: list[tuple[str, str]] = []
        self.files: list[tuple[str, str]] = []
        self._left = text_most

    async def read(self, stream: AsyncIterator[bytes], boundary: str) -> AsyncIterator[None]:
        """Read on, part by part; whoever asks may stop after any of them.

        Raises:
            Invalid: not in the format, or a field is no text.
            TooLarge: more parts, or longer headers or texts than we take.
        """
        if not 0 < len(boundary) <= BOUNDARY_MOST:
            raise Invalid
        part: MultipartSegment | None = None
        text = bytearray()
        try:
            with PushMultipartParser(
                boundary.encode(),
                max_header_size=PART_HEADER_MOST,
                max_header_count=PART_HEADERS_MOST,
                max_segment_count=PARTS_MOST,
                strict=False,
            ) as parser:
                async for chunk in stream:
                    if parser.closed or not chunk:
                        break
                    for event in parser.parse(chunk):
                        if isinstance(event, MultipartSegment):
                            part, text = event, bytearray()
                        elif event is None:
                            self._ended(part, text)
                            part = None
                            yield
                        elif part is not None and not part.filename:
                            self._left -= len(event)
                            if self._left < 0:
                                raise ParserLimitReached  # noqa: TRY301 - told like the parser's own
                            text += event
        except ParserLimitReached:
            raise TooLarge(LONG_FORM) from None
        except (ParserError, UnicodeDecodeError):
            raise Invalid from None

    def _ended(self, part: MultipartSegment | None, text: bytearray) -> None:
        assert part is not None  # a part ends after it began
        if part.filename:
            self.files.append((part.name or "", part.filename))
        elif part.filename is None:
            self.fields.append((part.name or "", text.decode()))


def _file_of(part: MultipartSegment) -> UploadFile | None:
    if not part.filename:
        return None
    return UploadFile(
        content_type=part.content_type or "text/plain", filename=part.filename, headers=dict(part.headerlist)
    )


async def _close(found: Fields, open_file: UploadFile | None) -> None:
    files = [value for values in found.values() for value in values if isinstance(value, UploadFile)]
    for file in (*files, open_file):
        if file is not None:
            await file.close()
