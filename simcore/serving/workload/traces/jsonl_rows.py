"""Plain JSONL: one object a line, one line a request."""

from simcore.serving.workload.traces.base import FORMATS
from simcore.serving.workload.traces.columns import ARRIVAL, reader
from simcore.serving.workload.traces.objects import keys_in, objects


@FORMATS.register("jsonl")
class Jsonl:
    """JSON objects with the names of `columns` as keys."""

    @staticmethod
    def fits(first):
        return ARRIVAL in keys_in(first)

    @staticmethod
    def rows(lines):
        # Objects of one kind have their keys in one order; another order is but another entry.
        readers = {}
        for line, values in objects(lines):
            keys = tuple(values)
            if keys not in readers:
                if len(readers) > 100:
                    readers.clear()
                readers[keys] = reader({key: key for key in keys}, line)
            yield readers[keys](values, line)
