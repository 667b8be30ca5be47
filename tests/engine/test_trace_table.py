"""The trace is a table: a row for each completion, the tags' fields among its columns."""

from dataclasses import dataclass
from typing import ClassVar

from simcore import CommChannel, CommNetworkSimulator, ComputeJob, DataBatch, Device, SilentSystem


@dataclass(frozen=True)
class Step:
    layer: int
    kind: ClassVar[str] = "a step"


@dataclass(frozen=True)
class Parcel:
    layer: int
    receiver: str


def trace_of(*items):
    simulator = CommNetworkSimulator()
    for item in items:
        add = simulator.add_batch if isinstance(item, DataBatch) else simulator.add_compute
        add(item)
    simulator.run(SilentSystem())
    return simulator.trace.to_frame()


def test_a_row_tells_when_what_and_where_in_order_of_completion():
    a, b = CommChannel("a", 10.0, 0.5), CommChannel("b", 20.0)
    table = trace_of(
        ComputeJob("j", 2.0, Device("GPU 3"), Step(7)),
        DataBatch("t", 5, [a, b], Parcel(4, "store")),
        ComputeJob("plain", 1.0),
        DataBatch("untagged", 30, [b]),
    )
    # t: 0.5 s, then 5 B at 10 B/s; untagged: 20 B/s for 0.5 s, 10 for 0.5 s, 20 for the rest.
    columns = ["start_s", "end_s", "kind", "layer", "receiver", "device", "path", "bytes"]
    assert list(table.columns) == columns
    assert list(table.itertuples(index=False, name=None)) == [
        (0.0, 1.0, "Parcel", 4, "store", "", "a > b", 5.0),
        (0.0, 1.0, "compute", -1, "", "", "", 0.0),
        (0.0, 1.75, "transfer", -1, "", "", "b", 30.0),
        (0.0, 2.0, "a step", 7, "", "GPU 3", "", 0.0),
    ]


def test_a_field_keeps_its_values_whatever_other_tags_hold_under_its_name():
    @dataclass(frozen=True)
    class Whole:
        amount: int

    @dataclass(frozen=True)
    class Part:
        amount: float

    @dataclass(frozen=True)
    class Named:
        amount: str

    tags = [Whole(1), Part(0.5), Named("half")]
    table = trace_of(*(ComputeJob("j", float(i), tag=tag) for i, tag in enumerate(tags)))
    assert list(table.amount) == [1, 0.5, "half"]


def test_a_start_is_when_a_job_began_to_run_not_when_it_was_submitted():
    table = trace_of(ComputeJob("a", 1.0, "gpu"), ComputeJob("b", 2.0, "gpu"))
    assert list(zip(table.start_s, table.end_s, strict=True)) == [(0.0, 1.0), (1.0, 3.0)]


def test_the_trace_of_nothing_has_no_rows():
    table = trace_of()
    assert len(table) == 0
    assert {"start_s", "end_s", "kind", "device", "path", "bytes"} <= set(table.columns)
