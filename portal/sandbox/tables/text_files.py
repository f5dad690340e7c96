"""Text files of lists (CSV and its kin): which encoding, which delimiter, and quotation marks as people type them.

Nothing in a text file says how it was written. Both guesses come with what else was possible, so that a person may choose; what is not
certain is a guess about the whole file, never about one cell of it.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from portal.sandbox.contract import MIB, Mark, Sheet, Unreadable, Workbook
from portal.sandbox.tables.places import LONGEST_TEXT, MAX_MARKS, check_extent, column_name, is_error, trim

ENCODINGS = {
    "utf-8": "utf-8-sig",
    "cp1252": "cp1252",
    "mac-roman": "mac_roman",
    "cp850": "cp850",
    "iso-8859-15": "iso8859_15",
    "cp1250": "cp1250",
    "utf-16-le": "utf_16_le",
    "utf-16-be": "utf_16_be",
}
"""What a person may choose, and the codec of each."""
_OF_BYTES = ("cp1252", "mac-roman", "cp850", "iso-8859-15", "cp1250")
"""With one byte a letter, the likeliest first: which of them it is, only the words can tell."""
DELIMITERS = ";,\t|"
"""Belgian Excel writes ``;``."""
LOOKED_AT = 40
"""So many filled lines tell the delimiter: twenty of a heading part, and some of the list."""
LONGEST_FIELD_LINES = 30
"""A text in quotation marks goes on over so many lines at most; beyond that, its mark was never closed."""
_SAMPLE = 256 * 1024

# How often French, Dutch and German words have a letter, roughly; without its accent it would be another word.
_LETTERS = {
    **dict.fromkeys("é", 1.0),
    **dict.fromkeys("èêëçïöü", 0.6),
    **dict.fromkeys("àôîâäû", 0.45),
    **dict.fromkeys("ùœßáóñúí", 0.2),
    **dict.fromkeys("æøåãõìòÿ", 0.03),
}
_RARE_AT_THE_START = 0.4
_INSIDE_ONLY_BY_MISTAKE = "àù"  # French writes them at the end of a word
_SIGNS = frozenset("€°§£«»’‘“”–—…·²³µ½¼¾©®™´`¨ºª¹¶•×\u00a0")
_SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d{1,3}")
_MONTHS = (
    "jan|feb|mrt|apr|mei|jun|jul|aug|sep|okt|nov|dec|mar|may|oct|"
    "janv|févr|fevr|mars|avr|mai|juin|juil|août|aout|sept|déc|jän|mär|mrz|dez"
)
_DAY = re.compile(rf"(?:\d{{1,2}}[-/ ](?:{_MONTHS})\.?|(?:{_MONTHS})\.?[-/ ]\d{{2}})", re.IGNORECASE)


def read(
    data: bytes, max_rows: int, max_columns: int, encoding: str | None = None, delimiter: str | None = None
) -> Workbook:
    """The one table of a text file.

    Args:
        encoding: one of `ENCODINGS` that a person chose; None: guessed.
        delimiter: one of `DELIMITERS` that a person chose; None: declared by a first line ``sep=;``, else guessed.

    Raises:
        Unreadable: it is no text, or reaches too far.
    """
    likely = encodings_of(data)
    chosen = encoding if encoding in ENCODINGS else likely[0]
    text = decode(data, chosen)
    if "\0" in text:
        raise Unreadable("csv.binary")
    text = text.removeprefix("\ufeff").replace("\x1a", "")
    first, _, rest = text.partition("\n") if "\n" in text else text.partition("\r")
    declared = re.fullmatch(r"\s*sep=([;,\t|])\s*", first, re.IGNORECASE)
    if declared:
        text = rest
    delimiters = delimiters_of(text)
    used = delimiter if delimiter and delimiter in DELIMITERS else declared[1] if declared else delimiters[0]
    rows, broken = _rows(text, used, max_rows, max_columns)
    trim(rows)
    broken = [at for at in broken if at < len(rows)]
    sheet = Sheet("CSV", hidden=False, rows=rows, marks=_marks(rows))
    others = [*likely, *(one for one in ENCODINGS if one not in likely and not one.startswith("utf"))]
    return Workbook(
        "csv",
        [sheet],
        encoding=chosen,
        encodings=[chosen, *(one for one in others if one != chosen)],
        delimiter=used,
        delimiters=[used, *(one for one in delimiters if one != used)],
        broken_lines=broken,
    )


def decode(data: bytes, encoding: str) -> str:
    """The text of a file by an encoding of `ENCODINGS`; what has no letter in it becomes U+FFFD.

    Raises:
        Unreadable: it begins with the mark of UTF-16 or UTF-32 and goes on with something else.
    """
    try:
        if data.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
            return data.decode("utf-32")
        if encoding.startswith("utf-16") and data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return data.decode("utf-16")
    except UnicodeDecodeError as error:
        raise Unreadable("damaged") from error
    return data.decode(ENCODINGS[encoding], "replace")


def encodings_of(data: bytes) -> list[str]:
    """Which encodings a file may have, the likeliest first."""
    if data.startswith(b"\xff\xfe"):
        return ["utf-16-le"]
    if data.startswith(b"\xfe\xff"):
        return ["utf-16-be"]
    if data.startswith(b"\0\0\xfe\xff"):
        return ["utf-16-be"]  # `decode` knows its mark
    if (wide := _without_mark(data)) is not None:
        return [wide]
    sample = data[:_SAMPLE]
    by_words = sorted(_OF_BYTES, key=lambda name: -_score(sample.decode(ENCODINGS[name], "replace")))
    good, bad = _utf8(sample)
    if good >= bad:
        return ["utf-8", *by_words] if good or bad else ["utf-8"]
    return [*by_words, "utf-8"]


def _without_mark(data: bytes) -> str | None:
    """UTF-16 without its mark: every other byte of a text in our letters is zero."""
    sample = data[:4096]
    if b"\0" not in sample or len(sample) < 4:
        return None
    even, odd = sample[::2].count(0) / len(sample[::2]), sample[1::2].count(0) / len(sample[1::2])
    if odd > 0.4 and even < 0.1:
        return "utf-16-le"
    if even > 0.4 and odd < 0.1:
        return "utf-16-be"
    return None


def _utf8(sample: bytes) -> tuple[int, int]:
    """How many letters of several bytes are whole, and how many bytes belong to none."""
    good = bad = 0
    at = 0
    while at < len(sample):
        try:
            text = sample[at:].decode("utf-8")
        except UnicodeDecodeError as error:
            good += sum(1 for sign in sample[at : at + error.start].decode("utf-8") if sign > "\x7f")
            if at + error.end >= len(sample) and len(sample) == _SAMPLE:
                break  # the sample ends within a letter
            bad += 1
            at += error.end
            if bad > 1000:
                break
        else:
            return good + sum(1 for sign in text if sign > "\x7f"), bad
    return good, bad


def _score(text: str) -> float:
    """How much a text looks like words of Belgium and its neighbours: each letter beyond ASCII in its place."""
    score = 0.0
    for match in re.finditer(r"[^\x00-\x7f]", text):
        sign = match[0]
        before = text[match.start() - 1] if match.start() else " "
        after = text[match.end()] if match.end() < len(text) else " "
        if sign in _LETTERS:
            score += _in_its_word(sign, before, after)
        elif (small := sign.lower()) != sign and small in _LETTERS:
            inside = before.islower() or (before.isalpha() and after.islower())
            score += -1.0 if inside else _LETTERS[small] if after.isalpha() or before.isalpha() else 0.1
        elif sign in _SIGNS:
            score += 0.2 if not (before.isalpha() and after.isalpha()) or sign in "’‘·–" else -0.8
        elif sign.isalpha() and sign not in "ƒªº":
            score -= 0.5  # a letter of a language that is seldom met
        else:
            score -= 1.5  # frames, fractions, control codes
    return score


def _in_its_word(sign: str, before: str, after: str) -> float:
    """How likely a small letter with an accent stands between these two."""
    if (before.isupper() and after.isupper()) or (after.isupper() and not before.isalpha()):
        return -1.0
    likely = _LETTERS[sign]
    if not before.isalpha() and sign != "é":
        likely *= _RARE_AT_THE_START
    if sign in _INSIDE_ONLY_BY_MISTAKE and before.isalpha() and after.isalpha():
        likely *= 0.3
    return likely if before.isalpha() or after.isalpha() else 0.1


def delimiters_of(text: str) -> list[str]:
    """What may stand between the cells, the likeliest first: what cuts most lines into the same number of cells, headings too."""
    lines = _sample_lines(text)
    return sorted(DELIMITERS, key=lambda one: -_regularity(lines, one))


def _sample_lines(text: str) -> list[str]:
    sample = text[:_SAMPLE]
    return [line for line in sample.splitlines() if line.strip()][:LOOKED_AT]


def _regularity(lines: list[str], delimiter: str) -> float:
    """Lines with the most common number of cells, weighed by how many that is; a heading and its list count together.

    A row that ends early counts too when the fuller ones are there: programs leave out empty cells at the end.
    """
    widths = [_outside_of_quotes(line).count(delimiter) for line in lines]
    counts = Counter(width for width in widths if width > 0)
    if not counts:
        return 0.0
    width, often = max(counts.items(), key=lambda one: (one[1], one[0]))
    shorter = sum(1 for one in widths if 0 < one < width)
    return (often + shorter / 4) / len(lines) * (1 + min(width, 12) / 6)


def _outside_of_quotes(line: str) -> str:
    return re.sub(r'"(?:[^"]|"")*"', "", line)


def _rows(text: str, delimiter: str, max_rows: int, max_columns: int) -> tuple[list[list[Any]], list[int]]:
    """The rows, and the places of those whose quotation marks are not as they should be."""
    csv.field_size_limit(MIB)
    rows: list[list[Any]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            rows.append(row)
            _check(rows, max_rows, max_columns)
    except csv.Error:
        return _line_by_line(text, delimiter, max_rows, max_columns)
    if any(len(cell) > 1000 and "\n" in cell for row in rows for cell in row):
        return _line_by_line(
            text, delimiter, max_rows, max_columns
        )  # a mark that was closed by another row's
    return rows, []


def _check(rows: list[list[Any]], max_rows: int, max_columns: int) -> None:
    if len(rows) > max_rows:
        raise Unreadable("workbook.rows", found=len(rows), limit=max_rows)
    if len(rows[-1]) > max_columns:
        raise Unreadable("workbook.columns", found=column_name(len(rows[-1])), limit=max_columns)


def _line_by_line(
    text: str, delimiter: str, max_rows: int, max_columns: int
) -> tuple[list[list[Any]], list[int]]:
    """Each row by itself: one whose quotation marks are wrong is cut as it stands, with its marks, and told; the others are whole."""
    lines = re.split(r"\r\n|\n|\r", text)
    rows: list[list[Any]] = []
    broken: list[int] = []
    at = 0
    while at < len(lines):
        record, used = _record(lines, at, delimiter)
        if record is None:
            broken.append(len(rows))
            record, used = lines[at].split(delimiter), 1
        rows.append(record)
        _check(rows, max_rows, max_columns)
        at += used
    return rows, broken


def _record(lines: list[str], at: int, delimiter: str) -> tuple[list[str] | None, int]:
    """The row that begins at a line, and how many lines it has; None where its quotation marks are wrong."""
    joined = ""
    for used, line in enumerate(_following(lines, at), 1):
        joined = f"{joined}\n{line}" if used > 1 else line
        if joined.count('"') % 2:
            continue  # an open quotation mark: it may go on
        try:
            found = list(csv.reader([joined], delimiter=delimiter, strict=True))
        except csv.Error:
            return None, 1
        return (found[0] if found else []), used
    return None, 1


def _following(lines: list[str], at: int) -> Iterator[str]:
    for number in range(at, min(at + LONGEST_FIELD_LINES, len(lines))):
        yield lines[number]


def _marks(rows: list[list[Any]]) -> list[Mark]:
    """What Excel left of a cell in a text file: errors, days it made of codes, long numbers that lost their digits."""
    marks: list[Mark] = []
    for at, row in enumerate(rows):
        for column, text in enumerate(row):
            if not text or 20 < len(text) < LONGEST_TEXT:
                continue
            if len(text) >= LONGEST_TEXT:
                marks.append(Mark(at, column, "cut", text[:40]))
                continue
            bare = text.strip()
            if bare.startswith("#") and is_error(bare):
                marks.append(Mark(at, column, "error", bare))
            elif bare[-1:].isalnum() or bare.endswith("."):
                if _SCIENTIFIC.fullmatch(bare):
                    marks.append(Mark(at, column, "number", bare))
                elif _DAY.fullmatch(bare):
                    marks.append(Mark(at, column, "date", bare))
        if len(marks) >= MAX_MARKS:
            break
    return marks


def prepare() -> None:
    """Load the codecs and the reader."""
    list(csv.reader(["a;b"], delimiter=";", strict=True))
    for codec in (*ENCODINGS.values(), "utf-16", "utf-32"):
        "é".encode(codec)
    check_extent(0, 0, 0, 0)
