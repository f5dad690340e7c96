"""Which names may be written, on any system: pure functions, no disk.

The portal is checked before it is believed: a name that is harmless on Linux may be a device, a stream or
another folder on the Windows share behind it. So the strictest reading counts everywhere. Sources:
Microsoft, *Naming Files, Paths, and Namespaces* (reserved characters and device names, also with an
extension and with superscript digits, trailing dots and spaces) and *CreateFile* (`CONIN$`, `CONOUT$`).
"""

import re
import unicodedata

MANIFEST = "manifest.json"
MARKER = ".fidero-agent.json"
"""The file in the root that says which agent writes there."""

UNASSIGNED = "_unassigned"
TEMPORARY = re.compile(r"\.fidero-[0-9a-f]{16}\.part")
"""What our own temporary names look like: no importer reads `.part`, and the leading dot hides them."""

MAX_COMPONENT = 255
MAX_DEPTH = 16
MAX_WINDOWS_PATH = 259
"""Characters, without the closing NUL: what programs without long-path support (importers) can open."""

_FORBIDDEN = frozenset('<>:"|?*\\')
_DEVICES = frozenset(
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"]
    + [f"{device}{digit}" for device in ("COM", "LPT") for digit in "0123456789¹²³"]
)
_RUNNABLE = re.compile(
    r"ad[ep]|application|appref-ms|ba[st]|chm|cmd|com|cpl|crt|desktop|dll|exe|gadget|hlp|hta|in[fs]|isp"
    r"|jar|jse?|lnk|ma[dfmqrstvw]|md[abetwz]|ms[cip]|msix|ms[ht].*|ocx|pif|ps[12].*|psc[12]|psd1|psm1"
    r"|py[wz]?|reg|sc[frt]|sh[bs]?|sys|url|vb|vbe|vbs|ws[cfh]?|xll"
)


_SYSTEM = frozenset({"desktop.ini", "thumbs.db", "folder.htt", "autorun.inf", ".ds_store", ".htaccess"})
"""Files that a system reads by itself, and by which a folder looks or acts otherwise."""
_SHORT = re.compile(r"[^.]*~[0-9]+(\..*)?\Z")
"""Windows has a second, short name for every file: `LONGFI~1.XML` may be another one."""


class UnsafeNameError(ValueError):
    """`args[0]` says why, as the end of a sentence."""


def check_component(name: str) -> str:
    """One folder or file name, unchanged.

    Raises:
        UnsafeNameError: it would be something else, somewhere else or nothing at all on some system.
    """
    if not name:
        raise UnsafeNameError("an empty folder or file name")
    if name in {".", ".."}:
        raise UnsafeNameError("it leaves its folder")
    for char in name:
        if char == "/" or char in _FORBIDDEN:
            raise UnsafeNameError(f"the character {char} is not allowed in names")
        if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
            raise UnsafeNameError(f"the invisible character U+{ord(char):04X} is not allowed in names")
    if name[-1] in ". " or name[0] == " ":
        raise UnsafeNameError("a name may not begin with a space or end in a space or dot")
    if name[0] in "-~" or _SHORT.match(name):
        raise UnsafeNameError("a name may not begin with - or ~, nor be a short name of Windows")
    if name.casefold() in _SYSTEM:
        raise UnsafeNameError("it is the name of a file that the system itself reads")
    if name.split(".", 1)[0].rstrip(" ").upper() in _DEVICES:
        raise UnsafeNameError("it is the name of a device on Windows")
    if len(name.encode("utf-16-le")) > 2 * MAX_COMPONENT or len(name.encode()) > MAX_COMPONENT:
        raise UnsafeNameError(f"a name is longer than {MAX_COMPONENT}")
    if name.casefold().startswith(".fidero-"):
        raise UnsafeNameError("such names belong to the agent")
    return name


def check_relative(path: str) -> tuple[str, ...]:
    """The components of a path below a dossier's folder, `/` between them.

    Raises:
        UnsafeNameError: as `check_component`, or absolute, too deep, or a kind of file that Windows runs.
    """
    if path.startswith("/"):
        raise UnsafeNameError("it is absolute")
    parts = tuple(check_component(part) for part in path.split("/"))
    if len(parts) > MAX_DEPTH:
        raise UnsafeNameError(f"more than {MAX_DEPTH} folders deep")
    _, dot, extension = parts[-1].rpartition(".")
    if dot and _RUNNABLE.fullmatch(extension.casefold()):
        raise UnsafeNameError(f".{extension} files can be run; no bundle needs one")
    return parts


def dossier_folder(code: str | None, company_number: str | None, dossier_id: str) -> tuple[str, ...]:
    """The components of a dossier's folder below the root: its code, or a place for dossiers without one.

    Raises:
        UnsafeNameError: the code cannot be a folder's name.
    """
    if code:
        if code.casefold() == UNASSIGNED:
            raise UnsafeNameError("this folder is for dossiers without a code")
        return (check_component(code),)
    return UNASSIGNED, check_component(company_number or dossier_id)


def key(parts: tuple[str, ...]) -> str:
    """Equal for two names that some file system holds for one (upper and lower case, composed accents)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", "/".join(parts)).casefold())


def too_long_for_windows(root: str, parts: tuple[str, ...]) -> bool:
    """Whether the whole path is longer than a program without long-path support can open."""
    return len("\\".join((root.rstrip("\\/"), *parts)).encode("utf-16-le")) // 2 > MAX_WINDOWS_PATH


def write_order(paths: list[str]) -> list[int]:
    """Indexes of `paths` in the order to make them visible.

    The order given stands, but all files of one base name follow each other with the XML last: a watcher that
    sees a UBL finds its PDF complete.
    """
    first: dict[str, int] = {}
    for index, path in enumerate(paths):
        first.setdefault(_base(path), index)

    def rank(index: int) -> tuple[int, bool, int]:
        path = paths[index]
        return first[_base(path)], path.casefold().endswith(".xml"), index

    return sorted(range(len(paths)), key=rank)


def _base(path: str) -> str:
    folder, _, name = path.rpartition("/")
    stem = name.rpartition(".")[0] or name
    return f"{folder}/{stem}".casefold()


def is_mapped_drive(path: str) -> bool:
    """Whether a Windows path begins with a drive letter; if it stands for a share, only Windows knows."""
    return re.match(r"[A-Za-z]:", path) is not None


def version_tuple(version: str) -> tuple[int, ...]:
    """`1.10.2` → `(1, 10, 2)`; what is not a number counts as 0."""
    return tuple(int(part) if part.isascii() and part.isdigit() else 0 for part in version.split("."))
