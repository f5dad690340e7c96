"""``python -m exports``: the library for scripts and for people; see ``exports.cli``."""

import sys

from exports.cli import main

if __name__ == "__main__":
    sys.exit(main())
