"""Whatever the scenario: the critical path tiles the time to the first token, to the last digit."""

import math

import pytest
from hypothesis import assume, given, settings

from simcore import ScenarioError, run
from simcore.pipelines.critical_path import PathKind
from tests.pipelines.critical_oracle import Oracle
from tests.properties.test_random_scenarios import scenarios

MOST = 4000


@given(scenarios())
@settings(max_examples=100)
def test_the_critical_path_is_exact(scenario):
    try:
        result = run(scenario, max_events=MOST)
    except ScenarioError:
        assume(False)
    path, trace, metrics = result.critical_path, result.table, result.metrics

    assert path.segments[0].start_s == 0.0
    assert path.segments[-1].end_s == metrics.ttft_s
    for before, after in zip(path.segments, path.segments[1:], strict=False):
        assert before.end_s == after.start_s
    assert metrics.ttds_s in {segment.start_s for segment in path.segments}
    for segment in path.segments:
        assert segment.start_s < segment.end_s
        assert trace.start_s[segment.row] <= segment.start_s
        assert segment.end_s <= trace.end_s[segment.row]
    assert {segment.row for segment in path.segments} <= set(path.rows.tolist())

    # Each starts when the one before ends, the first on arrival.
    rows = path.rows
    assert len(set(rows.tolist())) == len(rows)
    assert trace.start_s[rows[0]] == 0.0
    assert (trace.start_s[rows[1:]] == trace.end_s[rows[:-1]]).all()

    for until, total in (("ttds", metrics.ttds_s), ("ttft", metrics.ttft_s)):
        seconds = path.seconds(until)
        assert set(seconds) == set(PathKind)
        assert math.fsum(seconds.values()) == total
        assert min(seconds.values()) >= 0.0
    decoding = (PathKind.DECODE_COMPUTE, PathKind.DECODE_TRANSFER)
    assert all(path.seconds("ttds")[kind] == 0.0 for kind in decoding)


@given(scenarios())
@settings(max_examples=60)
def test_kinds_are_those_of_what_ran(scenario):
    try:
        result = run(scenario, max_events=MOST)
    except ScenarioError:
        assume(False)
    kinds = result.table.kind.categories[result.table.kind.codes]
    may_be = {
        "prefill": {
            PathKind.PREFILL_COMPUTE,
            PathKind.PREFILL_MEMORY,
            PathKind.PIPELINE_FILL,
            PathKind.WAITING,
        },
        "activations": {PathKind.PIPELINE_FILL, PathKind.WAITING},
        "handoff": {PathKind.KV_TRANSFER, PathKind.WAITING},
        "decode": {PathKind.DECODE_COMPUTE},
        "decode activations": {PathKind.DECODE_TRANSFER, PathKind.WAITING},
    }
    chunks = set()
    for segment in result.critical_path.segments:
        assert segment.kind in may_be[kinds[segment.row]]
        if segment.kind in (PathKind.PREFILL_COMPUTE, PathKind.PREFILL_MEMORY):
            chunk = int(result.table.facts["chunk"][segment.row])
            costs = result.plan.prefill_costs[result.table.facts["stage"][segment.row]]
            assert costs.compute_bound[chunk] == (segment.kind is PathKind.PREFILL_COMPUTE)
            assert chunk not in chunks, "a chunk is computed once; what else it costs is fill"
            chunks.add(chunk)


@given(scenarios())
@settings(max_examples=60)
def test_the_path_is_the_one_that_the_documentation_defines(scenario):
    try:
        result = run(scenario, max_events=MOST)
    except ScenarioError:
        assume(False)
    expected, path = Oracle(result), result.critical_path
    assert path.rows.tolist() == expected.rows
    found = path.seconds("ttft")
    for kind in PathKind:
        assert found[kind] == pytest.approx(
            expected.seconds[kind], rel=1e-9, abs=1e-12 * path.ttft_s
        )
