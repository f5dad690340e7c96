"""Files inside others as base64: known to be that, decoded when somebody asks for them."""

import binascii

#: What a text is looked at in: small enough to stay in the processor's cache.
_PIECE = 64 * 1024
_SIGNS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_SPACES = b" \t\n\r"
#: Longest end of a text in which its padding is looked for.
_END = 256


class Embedded:
    """A file as the text it came as; its bytes are made when they are asked for, :meth:`decoded`, and kept from then on instead.

    The text is not copied. A view of a file's bytes keeps them all in memory as long as it lives, which is little more
    than the text: a file that embeds another consists of hardly anything else.

    It is equal to its bytes. msgspec encodes it as it does them where it is told ``enc_hook=bytes``.
    """

    __slots__ = ("_held",)

    def __init__(self, text: str | memoryview) -> None:
        """Of a text for which :func:`is_base64` holds."""
        self._held: str | memoryview | bytes = text

    def first_bytes(self, size: int) -> bytes:
        """The first bytes of the file, at most so many, without decoding the rest."""
        held = self._held
        if isinstance(held, bytes):
            return held[:size]
        signs = -(-size // 3) * 4
        looked_at = 2 * signs
        while True:
            compact = _ascii(held[:looked_at]).translate(None, _SPACES + b"=")
            if len(compact) >= signs or looked_at >= len(held):
                return _whole(compact[:signs])[:size]
            looked_at *= 2

    def decoded(self) -> bytes:
        """The file."""
        held = self._held
        if not isinstance(held, bytes):
            held = self._held = decoded(held)
        return held

    __bytes__ = decoded

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Embedded):
            other = other.decoded()
        return self.decoded() == other

    def __hash__(self) -> int:
        return hash(self.decoded())

    def __repr__(self) -> str:
        return repr(self.decoded())

    def __reduce__(self) -> tuple[type[bytes], tuple[bytes]]:
        return bytes, (self.decoded(),)


def is_base64(text: str | memoryview) -> bool:
    """Whether a text is surely the base64 of at least one byte: white space anywhere, padding at its end or forgotten.

    A no is not sure: there are more kinds of white space. Looking costs a quarter of decoding.
    """
    if isinstance(text, str) and not text.isascii():
        return False
    padded = max(len(text) - _END, 0)
    padded += len(_ascii(text[padded:]).rstrip(_SPACES + b"="))
    signs = 0
    for start in range(0, padded, _PIECE):
        piece = _ascii(text[start : min(start + _PIECE, padded)])
        others = piece.translate(None, _SIGNS)
        if others and others.translate(None, _SPACES):
            return False
        signs += len(piece) - len(others)
    return signs > 1 and signs % 4 != 1


def decoded(text: str | memoryview) -> bytes:
    """The bytes of a base64 text; white space inside and padding forgotten at the end are accepted.

    Raises:
        ValueError: When it is none.
    """
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        if isinstance(text, str):
            return _whole("".join(text.split()).rstrip("=").encode())
        return _whole(bytes(text).translate(None, _SPACES).rstrip(b"="))


def _whole(signs: bytes) -> bytes:
    return binascii.a2b_base64(signs + b"=" * (-len(signs) % 4), strict_mode=True)


def _ascii(text: str | memoryview) -> bytes:
    return text.encode("ascii") if isinstance(text, str) else text.tobytes()
