"""What systems leave in folders for themselves: nobody hands it in, and nobody is told about it."""

_NAMES = frozenset(
    {
        ".ds_store",
        ".appledouble",
        ".localized",
        ".directory",
        ".fseventsd",
        ".spotlight-v100",
        ".temporaryitems",
        ".trashes",
        "thumbs.db",
        "ehthumbs.db",
        "desktop.ini",
        "icon\r",
        "__macosx",
    }
)
_FOLDERS = frozenset(
    {
        "__macosx",
        ".appledouble",
        ".trashes",
        ".spotlight-v100",
        ".fseventsd",
        ".temporaryitems",
        "$recycle.bin",
    }
)
APPLE_DOUBLE = b"\x00\x05\x16\x07"
LITTLE = 4096
"""What Office writes beside an open document is shorter than this."""


def is_dropping(name: str, begin: bytes, size: int) -> bool:
    """Whether a file is the system's own: by its name, and where a person might have chosen that name by its bytes too.

    Args:
        name: with the folders it was in.
        begin: its first bytes, four at least; none where they are not known yet.
        size: in bytes.
    """
    folders, _, bare = name.replace("\\", "/").casefold().rpartition("/")
    if _FOLDERS.intersection(folders.split("/")) or bare in _NAMES:
        return True
    if bare.startswith("._"):  # what macOS keeps beside a file on a disk that is none of its own
        return begin.startswith(APPLE_DOUBLE) or size <= LITTLE
    if bare.startswith("~$"):  # who has the document open
        return size <= LITTLE
    return bare.startswith(".~lock.") and bare.endswith("#") and size <= LITTLE
