"""Readers, writers and checks for what bookkeeping exchanges: UBL, CODA, invoice PDFs and bundles of them.

A pure library: values in, bytes and findings out. It knows no database and no web framework.
"""
