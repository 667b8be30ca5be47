"""A trace as a table: text, or columns."""

import json
from typing import BinaryIO

from simcore.exports.about import about
from simcore.run import Result


def write_csv(result: Result, file: BinaryIO) -> None:
    """Write the trace as CSV."""
    file.write(result.trace.to_csv(index=False, lineterminator="\n").encode())


def write_parquet(result: Result, file: BinaryIO) -> None:
    """Write the trace as Parquet; "pdscope" in its metadata says in JSON what it is of."""
    # It takes a moment to import, which only this format shall cost.
    import pyarrow
    from pyarrow import parquet

    table = pyarrow.Table.from_pandas(result.trace, preserve_index=False)
    metadata = {**table.schema.metadata, b"pdscope": json.dumps(about(result)).encode()}
    parquet.write_table(table.replace_schema_metadata(metadata), file, compression="zstd")
