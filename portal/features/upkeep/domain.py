"""What is thrown away, and when."""

from datetime import timedelta

FINISHED_JOBS = timedelta(days=30)
"""So long a finished job can be looked up; its payload and actor name people. Dead letters wait for a person."""
BATCH = 5000
"""Rows of each kind at most in one go."""

UNUSED_OBJECTS = timedelta(days=7)
"""An object is stored before the row that names it, by far less than this: younger ones may be waiting for their row."""
ASIDE = timedelta(days=7)
"""So long an object that no row names stays aside; longer than anybody needs from storing bytes to writing their row."""
ROUND = timedelta(days=7)
"""In this time every owner's objects are looked at once."""
OWNERS = 500
"""Firms, and companies, whose objects are looked at in one hour at most: a fallen-behind portal catches up gently."""
LOOKED_UP = 500
"""Hashes looked up in one statement."""

QUIET = timedelta(minutes=10)
"""So long the objects of something erased stay aside before they go for good: whoever stored the same bytes at that moment has written
their row by then."""
