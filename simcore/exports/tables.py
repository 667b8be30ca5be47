"""A trace as a table: text, or columns."""

import json
from typing import BinaryIO

import pandas as pd

from simcore.exports.about import about
from simcore.run import Result


def write_csv(result: Result, file: BinaryIO) -> None:
    """Write the trace as CSV."""
    csv_of(result.trace, file)


def write_parquet(result: Result, file: BinaryIO) -> None:
    """Write the trace as Parquet; "pdscope" in its metadata says in JSON what it is of."""
    parquet_of(result.trace, about(result), file)


def csv_of(table: pd.DataFrame, file: BinaryIO) -> None:
    """Write a table as CSV."""
    file.write(table.to_csv(index=False, lineterminator="\n").encode())


def parquet_of(table: pd.DataFrame, about: dict, file: BinaryIO) -> None:
    """Write a table as Parquet, with what it is of as "pdscope" in its metadata, in JSON."""
    # It takes a moment to import, which only this format shall cost.
    import pyarrow
    from pyarrow import parquet

    columns = pyarrow.Table.from_pandas(table, preserve_index=False)
    metadata = {**columns.schema.metadata, b"pdscope": json.dumps(about).encode()}
    parquet.write_table(columns.replace_schema_metadata(metadata), file, compression="zstd")
