"""The database: metadata, column types, the tenancy of sessions, engines, paging."""
