"""The sweeper of stored objects knows every column that names one: what it does not know it would delete."""

from portal.app import create_registry
from portal.metadata import metadata

OBJECTS = create_registry().objects
NAMES_NONE = {
    (
        "dossier_import",
        "sha256",
    ),  # of lists of earlier releases the file was not kept; of others it is named by `object_sha256`
    # the file it came in is kept by its row of quick entry, until one of its statements is erased
    ("statement", "original_sha256"),
    ("inbox_file", "sha256"),  # its bytes are named by `object_sha256`, as long as the firm keeps them
    ("delivery_proof", "sha256"),  # a file in somebody's bookkeeping
}
"""Columns with hashes of what is not in the store, or is named elsewhere."""


def test_every_column_with_a_hash_says_whether_it_names_an_object() -> None:
    known = {(one.table.name, column) for one in OBJECTS for column in one.columns if "." not in column}
    there = {
        (table.name, column.name)
        for table in metadata.tables.values()
        for column in table.columns
        if column.name.endswith("sha256")
    }
    assert known | NAMES_NONE == there
    assert not known & NAMES_NONE


def test_tables_that_name_objects_belong_to_the_owner_of_the_objects() -> None:
    for one in OBJECTS:
        columns = one.table.columns
        assert f"{one.owner}_id" in columns
        assert not one.erasable or "erased_at" in columns
        for column in one.columns:
            assert column.partition(".")[0] in columns


def test_tables_whose_rows_can_be_erased_say_so() -> None:
    erased = {table.name for table in metadata.tables.values() if "erased_at" in table.columns}
    assert {one.table.name for one in OBJECTS if one.erasable} == erased & {one.table.name for one in OBJECTS}
