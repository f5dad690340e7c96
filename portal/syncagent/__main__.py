"""`python -m portal.syncagent` is `fidero-agent`."""

from portal.syncagent.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
