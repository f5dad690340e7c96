"""The program that draws a PDF from HTML, apart from everything: `python -m portal.features.documents.drawing`.

What strangers wrote is laid out here, in a process of its own with limits on memory and time and without the portal's environment.
Standard input: the moment of creation (ISO 8601) on a line of its own, then the HTML. Standard output: the PDF.
"""

import ctypes
import os
import resource
import signal
import sys
from datetime import datetime

MEMORY = 2 * 1024**3
SECONDS = 40
NICE = 10
"""How far drawing stands back from reading, pages and the database when processors are short."""


def main() -> None:
    """Draw the HTML of standard input and write the PDF to standard output."""
    ctypes.CDLL(None).prctl(
        1, signal.SIGKILL
    )  # PR_SET_PDEATHSIG: nobody would read what is drawn for a worker that is gone
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from exports import pdf
    from themes import assets

    # Our own fonts and no other: the same invoice is the same PDF on every machine.
    fonts = {name: assets.read(name) for name in assets.PRINT_FONTS}
    moment, _, html = sys.stdin.buffer.read().partition(b"\n")
    sys.stdout.buffer.write(pdf.write(html.decode(), fonts, created=datetime.fromisoformat(moment.decode())))


if __name__ == "__main__":
    main()
