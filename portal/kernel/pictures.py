"""Pictures and films by their first bytes: what can be read as a paper, and what is only known by its name."""

import re
import struct

JPEG, PNG, WEBP, GIF, BMP = "image/jpeg", "image/png", "image/webp", "image/gif", "image/bmp"
TIFF, HEIC, AVIF = "image/tiff", "image/heic", "image/avif"
JPEG_2000, JPEG_XL, RAW, PSD, SVG, VIDEO = (
    "image/jp2",
    "image/jxl",
    "image/x-raw",
    "image/vnd.adobe.photoshop",
    "image/svg+xml",
    "video/mp4",
)
READ = frozenset({JPEG, PNG, WEBP, GIF, BMP, TIFF, HEIC, AVIF})
"""Pictures that can be looked at as a paper."""
NAMED = frozenset({JPEG_2000, JPEG_XL, RAW, PSD, SVG, VIDEO})
"""What is told for what it is, with how to save it, and not read."""

_HEIC_BRANDS = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1", b"mif2"}
)
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_FILM_BOXES = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", JPEG_XL),
    (b"\xff\x0a", JPEG_XL),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", JPEG_2000),
    (b"\xff\x4f\xff\x51", JPEG_2000),
    (b"8BPS", PSD),
    (b"FUJIFILMCCD-RAW", RAW),
    (b"IIRO", RAW),  # Olympus
    (b"IIRS", RAW),
    (b"MMOR", RAW),
    (b"IIU\x00", RAW),  # Panasonic
    (b"\x00MRM", RAW),  # Minolta
    (b"FOVb", RAW),  # Sigma
    (b"\x1aE\xdf\xa3", VIDEO),  # Matroska, WebM
    (b"\x00\x00\x01\xba", VIDEO),  # MPEG
    (b"FLV\x01", VIDEO),
)
_RAW_TAGS = frozenset({50706, 50740, 33421})
"""DNGVersion, DNGPrivateData, CFARepeatPatternDim (the mosaic of a sensor): a TIFF with these holds what a camera saw, no picture."""
_SUBFILE, _INNER = 254, 330
"""NewSubfileType, where 1 is a picture made smaller; and where further directories are."""
_SVG = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--.{0,2000}?-->\s*)*(?:<!DOCTYPE\s+svg\b|<(?:svg:)?svg[\s>])",
    re.DOTALL,
)


def picture_type(head: bytes) -> str | None:
    """The media type of a picture or film by its first bytes (some thousand); None for anything else."""
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    if head[:4] in (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"):
        return RAW if _is_raw(head) else TIFF
    if head[:4] == b"RIFF":
        return {b"WEBP": WEBP, b"AVI ": VIDEO}.get(head[8:12])
    if head[:2] == b"BM" and _is_bitmap(head):
        return BMP
    if head[4:8] == b"ftyp":
        return _of_brands(head)
    if head[4:8] in _FILM_BOXES and head[:2] == b"\x00\x00":
        return VIDEO
    return SVG if _SVG.match(head) else None


def _is_bitmap(head: bytes) -> bool:
    """Two letters are little: the size of the second header tells a bitmap from a text that begins with BM."""
    return head[6:10] == bytes(4) and head[14:18] in {
        struct.pack("<I", size) for size in (12, 16, 40, 52, 56, 64, 108, 124)
    }


def _of_brands(head: bytes) -> str | None:
    """ISO base media files (ISO/IEC 14496-12) say in the first box what they are, and what they can also be read as."""
    size = int.from_bytes(head[:4], "big")
    box = head[8 : max(16, min(size, len(head), 512))]
    major = box[:4]
    brands = {major, *(box[at : at + 4] for at in range(8, len(box) - 3, 4))}
    if major == b"crx ":
        return RAW  # Canon
    if major == b"jp2 ":
        return JPEG_2000
    if major == b"jxl ":
        return JPEG_XL
    if brands & _AVIF_BRANDS:
        return AVIF
    return HEIC if brands & _HEIC_BRANDS else VIDEO


def _is_raw(head: bytes) -> bool:
    """Whether a TIFF is what a camera saw: its first directory says so, or is a small preview of pictures further on."""
    if head[8:10] == b"CR":  # Canon
        return True
    order = "<" if head[:2] == b"II" else ">"
    if head[2:4] not in (b"*\x00", b"\x00*") or len(head) < 10:
        return False
    [start] = struct.unpack_from(order + "I", head, 4)
    if start + 2 > len(head):
        return False
    [count] = struct.unpack_from(order + "H", head, start)
    entries = range(start + 2, min(start + 2 + 12 * count, len(head) - 11), 12)
    tags = {
        struct.unpack_from(order + "H", head, at)[0]: struct.unpack_from(order + "I", head, at + 8)[0]
        for at in entries
    }
    is_preview = tags.get(_SUBFILE) == 1 and _INNER in tags
    return is_preview or bool(tags.keys() & _RAW_TAGS)


def arrived_in_part(data: bytes, kind: str) -> bool:
    """Whether a file of this type ends before its own headers say it does."""
    if kind == PNG:
        return b"IEND" not in data[-4096:]
    if kind == JPEG:
        return b"\xff\xda" in data and b"\xff\xd9" not in data[-4096:]  # pixels begin, and do not end
    if kind == WEBP:
        return int.from_bytes(data[4:8], "little") + 8 > len(data)
    if kind == BMP:
        return int.from_bytes(data[2:6], "little") > len(data)
    if kind in (HEIC, AVIF):
        return _boxes_go_on(data)
    if kind == TIFF and len(data) >= 8:
        order = "little" if data[:2] == b"II" else "big"
        return int.from_bytes(data[4:8], order) + 2 > len(data)
    return False


def _boxes_go_on(data: bytes) -> bool:
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        elif size == 0:
            return False  # to the end of the file, whatever that is
        if size < 8:
            return False
        at += size
    return at != len(data) and at > 0
