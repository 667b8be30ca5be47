"""Plain CSV: a header and one row a request."""

from simcore.serving.workload.traces.base import FORMATS
from simcore.serving.workload.traces.columns import ARRIVAL, reader
from simcore.serving.workload.traces.table import names_in, records


@FORMATS.register("csv")
class Csv:
    """Comma-separated values with the names of `columns`."""

    @staticmethod
    def fits(first):
        return ARRIVAL in names_in(first)

    @staticmethod
    def rows(lines):
        table = records(lines)
        line, header = next(table)
        read = reader({name.strip(): place for place, name in enumerate(header)}, line)
        for line, values in table:
            yield read(values, line)
