"""Transfers in groups by bottleneck: what is told when, and what if groups do not tell rates."""

import random

import pytest

from simcore import CommChannel, CommNetworkSimulator, DataBatch, SilentSystem, SimulationError
from simcore.engine import coupled, crowd, groups, inverse
from simcore.engine.coupled import Coupled
from simcore.engine.crowd import Crowd
from simcore.flows import simulate_flows
from tests.engine.recorder import Recorder
from tests.properties.flow_sets import FlowSet, simulate
from tests.properties.group_forms import COUPLED, MIXED, SPARSE, ends, force, in_groups
from tests.simcore.test_flows import DESCRIPTION

FORMS = pytest.mark.parametrize(
    "form", [SPARSE, COUPLED, MIXED], ids=["one by one", "at once", "changing"]
)

ALL_FORMS = pytest.mark.parametrize(
    "form", [None, SPARSE, COUPLED, MIXED], ids=["plain", "one by one", "at once", "changing"]
)


def many_flows(links=16, count=240, seed=3):
    """Flows that nearly all contend, some over links as wide, some that cross one link twice."""
    draw = random.Random(seed)
    flows = tuple(
        (
            draw.choice([0.0, 0.25, draw.uniform(0, 1)]),
            draw.choice([0, 10, draw.uniform(1, 20)]),
            tuple(draw.choices(range(links), k=draw.randint(1, 4))),
        )
        for _ in range(count)
    )
    bandwidths = tuple(draw.choice([10, 20, draw.uniform(10, 40)]) for _ in range(links))
    return FlowSet(bandwidths, (0,) * links, flows)


def counted(monkeypatch, kind, name):
    calls = []
    before = getattr(kind, name)

    def instead(self, *arguments):
        calls.append(arguments)
        return before(self, *arguments)

    monkeypatch.setattr(kind, name, instead)
    return calls


@pytest.fixture(scope="module")
def plain():
    """The ends of `many_flows` with rates solved anew at every event."""
    with pytest.MonkeyPatch.context() as patch:
        force(patch, None)
        return pytest.approx(ends(simulate(many_flows())), rel=1e-9)


@FORMS
def test_many_flows_end_when_they_do_if_all_is_solved_anew(form, plain):
    assert ends(in_groups(many_flows(), form)) == plain


@pytest.mark.parametrize(("kind", "form"), [(Crowd, SPARSE), (Coupled, COUPLED)])
def test_bottlenecks_move_and_hardly_ever_is_all_filled_anew(kind, form, monkeypatch):
    settled = counted(monkeypatch, kind, "settle")
    moved = counted(monkeypatch, kind, "_move")
    filled = counted(monkeypatch, kind, "_fill")
    in_groups(many_flows(), form)
    assert len(moved) > 50
    assert len(filled) < len(settled) / 50


@pytest.mark.parametrize(
    ("kind", "form", "room", "least"),
    [
        (Crowd, SPARSE, (crowd, "MOST_SWEEPS", 0), 0.9),
        (Coupled, COUPLED, (coupled, "MOST_PULLS", 0), 0.1),
        (Coupled, COUPLED, (inverse, "LEAST_PIVOT", float("inf")), 0.0),
        (Coupled, COUPLED, (coupled, "MOST_CHANGES", 0), 0.0),
    ],
)
def test_what_groups_do_not_tell_is_found_from_scratch(kind, form, room, least, monkeypatch, plain):
    monkeypatch.setattr(*room)
    settled = counted(monkeypatch, kind, "settle")
    filled = counted(monkeypatch, kind, "_fill")
    assert ends(in_groups(many_flows(), form)) == plain
    assert len(filled) >= least * len(settled)


@FORMS
def test_rates_that_are_not_fair_even_then_are_an_error(form, monkeypatch):
    monkeypatch.setattr(groups, "certificate_violation", lambda *_: "all is in vain")
    monkeypatch.setattr(crowd, "MOST_SWEEPS", 0)
    with pytest.raises(SimulationError, match="not max-min fair: all is in vain; bring"):
        in_groups(many_flows(), form)


@ALL_FORMS
def test_what_ends_at_one_instant_is_told_in_the_order_added(form, monkeypatch):
    """Four links, each shared by three equal flows; on one they are two, half as large again."""
    force(monkeypatch, form)
    links = [CommChannel(str(i), 30.0) for i in range(4)]
    simulator, recorder = CommNetworkSimulator(), Recorder()
    # The first flow contends with those of the first two links for a while, so that all is seen.
    simulator.add_batch(DataBatch("first", 1, links))
    names = []
    for turn in range(3):
        for i in (2, 0, 3, 1):
            if i != 3 or turn != 1:
                names.append(f"{i}, {turn}")
                size = 150 if i == 3 else 100
                simulator.add_batch(DataBatch(names[-1], size, [links[i]]))
    simulator.run(recorder)
    assert recorder.names[0] == "first"
    assert recorder.names[1:] == names
    times = [time for _, time in recorder.seen[1:]]
    assert times == pytest.approx([10 + 1 / 30] * len(times), rel=1e-12)


@ALL_FORMS
def test_what_is_sent_at_an_end_starts_at_that_instant(form, monkeypatch):
    force(monkeypatch, form)
    a, b = CommChannel("a", 10.0), CommChannel("b", 10.0)
    recorder = Recorder(then={"x": lambda s: s.add_batch(DataBatch("z", 20, [b]))})
    simulator = CommNetworkSimulator()
    for name, path in (("x", [a]), ("y", [b]), ("both", [a, b])):
        simulator.add_batch(DataBatch(name, 10 if name != "both" else 100, path))
    simulator.run(recorder)
    # x and y end at 2 s; both has 90 B left, and z shares b with it: 5 B/s each until 6 s.
    assert recorder.names == ["x", "y", "z", "both"]
    assert [t for _, t in recorder.seen] == pytest.approx([2.0, 2.0, 6.0, 13.0], rel=1e-12)


def test_a_path_that_joins_two_sets_of_groups_makes_them_one(monkeypatch):
    force(monkeypatch, COUPLED)
    handed = counted(monkeypatch, Coupled, "take_out")
    links = [CommChannel(str(i), 10.0) for i in range(4)]
    later = CommChannel("later", 1000.0, latency_s=1.0)
    simulator = CommNetworkSimulator()
    for entry, pair in (([], links[:2]), ([later], links[2:])):
        for path in (pair, pair[:1], pair[1:]):
            simulator.add_batch(DataBatch("far", 100, [*entry, *path]))
    recorder = Recorder(then={"wait": lambda s: s.add_batch(DataBatch("join", 5, links[1:3]))})
    simulator.add_batch(DataBatch("wait", 5, [CommChannel("elsewhere", 1.0)]))
    simulator.run(recorder)
    # 5 B/s each until 5 s; then 10/3 on the links in the middle, until the 5 B have moved at 6.5 s.
    assert recorder.seen[:2] == [("wait", 5.0), ("join", pytest.approx(6.5, rel=1e-12))]
    assert len({number for number, _ in handed}) == 3  # one of the two gave its three paths away


def test_groups_that_become_too_many_are_solved_one_by_one(monkeypatch):
    force(monkeypatch, COUPLED | {"MOST_COUPLED": 3})
    settled = counted(monkeypatch, Coupled, "settle")
    links = [CommChannel(str(i), 10.0) for i in range(4)]
    simulator = CommNetworkSimulator()
    for path in (links[:2], links[:1], links[1:2]):
        simulator.add_batch(DataBatch("early", 100, path))
    # From 10 s on one path crosses all four.
    slow = CommChannel("slow", 100.0, latency_s=10.0)
    simulator.add_batch(DataBatch("late", 50, [slow, *links]))
    simulator.run(SilentSystem())
    last = max(now for (now,) in settled)
    assert last == 10.0
    # 5 B/s each to 10 s, half of the 100 B; 10/3 from then on, until all end at once at 25 s.
    assert [batch.end_time for batch in simulator.completed_batches] == [
        pytest.approx(25.0, rel=1e-12)
    ] * 4


@FORMS
def test_flows_are_described_as_by_the_plain_network(form, monkeypatch):
    """The example worked out by hand in the test of flows."""
    expected = simulate_flows(DESCRIPTION)
    force(monkeypatch, form)
    results = simulate_flows(DESCRIPTION)
    assert [r.finish_s for r in results] == pytest.approx([r.finish_s for r in expected], rel=1e-12)
    assert [r.bottleneck for r in results] == [r.bottleneck for r in expected]
