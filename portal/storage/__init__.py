"""Bytes by their SHA-256: a local directory, S3, or memory, behind one contract (`ObjectStore`)."""

from portal.storage.contract import (
    Aside,
    BrokenFile,
    Damaged,
    Listed,
    Missing,
    ObjectStore,
    StorageUnavailable,
    StoredObject,
)
from portal.storage.stores import S3Credentials, StorageUrlError, open_store

__all__ = [
    "Aside",
    "BrokenFile",
    "Damaged",
    "Listed",
    "Missing",
    "ObjectStore",
    "S3Credentials",
    "StorageUnavailable",
    "StorageUrlError",
    "StoredObject",
    "open_store",
]
