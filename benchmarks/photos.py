"""A photo of a phone (12 million pixels) made into the page that people look at, against Pillow alone on the same bytes.

Pillow alone opens it, turns it upright, makes it as large as the page and saves it, in this process. Here it goes to a confined child and
back. The HEIC and the scan are measured against the same work: what cannot be made smaller while it is decoded costs what Pillow takes.
"""

import asyncio
import io
import time
from collections.abc import Callable
from typing import Any

from PIL import Image, ImageOps

from benchmarks import Row
from portal.sandbox import read_photo, warm_up

WIDTH = 1600
ROUNDS = 7


def _photo(kind: str, width: int, height: int, mode: str = "RGB", **how: Any) -> bytes:
    noise = Image.effect_noise((width // 4, height // 4), 50).resize((width, height))
    exif = Image.Exif()
    exif[274] = 6
    buffer = io.BytesIO()
    noise.convert(mode).save(buffer, kind, exif=exif.tobytes(), **how)
    return buffer.getvalue()


def _pillow(data: bytes) -> bytes:
    picture: Any = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    picture = picture.convert("RGB")
    picture.thumbnail((WIDTH, 4 * WIDTH))
    output = io.BytesIO()
    picture.save(output, "JPEG", quality=88)
    return output.getvalue()


def _best(work: Callable[[], Any]) -> float:
    """Seconds of the quickest of some rounds, after one that warms up."""
    work()
    found: list[float] = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return min(found)


def run() -> list[Row]:
    """Each line: what is handled, against what, times the seconds of the other, and the goal."""
    warm_up()
    rows: list[Row] = []
    with asyncio.Runner() as runner:
        for name, data in (
            ("a photo of 12 MP, as JPEG", _photo("JPEG", 4032, 3024, quality=90)),
            ("a scan of A4 at 300 dpi, as PNG", _photo("PNG", 2480, 3508, "L")),
        ):
            ours = _best(lambda data=data: runner.run(read_photo(data, width=WIDTH)))
            rows.append(
                Row(f"{name} → page", "Pillow alone", ours / _best(lambda data=data: _pillow(data)), "≤ 1.5")
            )
    return rows
