"""The sweeper of stored objects knows every column that names one: what it does not know it would delete."""

from portal.features.upkeep.domain import NAMED_IN, NAMES_NONE
from portal.metadata import metadata


def test_every_column_with_a_hash_says_whether_it_names_an_object() -> None:
    known = {
        (table, column)
        for tables in (*NAMED_IN.values(), NAMES_NONE)
        for table, columns in tables.items()
        for column in columns
        if "." not in column
    }
    there = {
        (table.name, column.name)
        for table in metadata.tables.values()
        for column in table.columns
        if column.name.endswith("sha256")
    }
    assert known == there


def test_tables_that_name_objects_belong_to_the_owner_of_the_objects() -> None:
    for owner, tables in NAMED_IN.items():
        for name, columns in tables.items():
            assert f"{owner}_id" in metadata.tables[name].columns
            for column in columns:
                assert column.partition(".")[0] in metadata.tables[name].columns
