"""Recordings of many machines: Parquet files of them, and SQL over both.

`schema` has the tables with their columns. `rows`, `commands`, `events` and `intervals`
make columns of moments, with `used` for CPU times; `segments` finds what can be
exported, `parquet` writes files and `exporting` does it all. `sources` finds files to
read, `database` has the views over them, `readonly` refuses what is no question, and
`answer` prints rows; `asking` does it all. `questions` has examples. `duck` loads
DuckDB, which is optional.
"""
