"""Targets: the bookkeeping packages of an office, as it has them."""
