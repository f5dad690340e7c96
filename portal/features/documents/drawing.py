"""The program that draws a PDF from HTML, apart from everything: `python -m portal.features.documents.drawing`.

What strangers wrote is laid out here, in a process of its own with limits on memory and time and without the portal's environment.
Standard input: a line of JSON (`created`, an ISO 8601 moment; `seconds` of computing at most; `unshown`, what is said of signs that no
font has, see `exports.pdf.write`), then the HTML. Standard output: the PDF.
"""

import ctypes
import json
import os
import resource
import signal
import sys
from datetime import datetime

MEMORY = 2 * 1024**3
NICE = 10
"""How far drawing stands back from reading, pages and the database when processors are short."""


def main() -> None:
    """Draw the HTML of standard input and write the PDF to standard output."""
    ctypes.CDLL(None).prctl(
        1, signal.SIGKILL
    )  # PR_SET_PDEATHSIG: nobody would read what is drawn for a worker that is gone
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    head, _, html = sys.stdin.buffer.read().partition(b"\n")
    asked = json.loads(head)
    resource.setrlimit(resource.RLIMIT_CPU, (asked["seconds"], asked["seconds"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from exports import pdf
    from exports.fonts import Fallback
    from themes import assets

    def fallbacks() -> list[Fallback]:
        return [
            Fallback(one.path.name, one.ranges, one.path.read_bytes, one.writing)
            for one in assets.fallback_fonts()
        ]

    # Our own fonts and no other: the same invoice is the same PDF on every machine.
    fonts = {name: assets.read(name) for name in assets.PRINT_FONTS}
    moment = datetime.fromisoformat(asked["created"])
    drawn = pdf.write(html.decode(), fonts, created=moment, fallbacks=fallbacks, unshown=asked["unshown"])
    sys.stdout.buffer.write(drawn)


if __name__ == "__main__":
    main()
