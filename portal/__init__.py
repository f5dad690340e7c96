"""Fidero: an accountant's client portal that carries the accountant's own brand."""
