"""Lists of every program: one module a kind of file, used by `portal.sandbox.readers.workbook` in a confined child."""
