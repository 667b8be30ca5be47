"""The bare network: flows worked out by hand, and descriptions that make no sense."""

import copy

import pytest

from simcore import ScenarioError
from simcore.flows import simulate_flows

# The long flow and the left one share `left`, the long and the right one `right`.
DESCRIPTION = {
    "channels": [
        {"name": "left", "bandwidth_Bps": 10},
        {"name": "right", "bandwidth_Bps": 8.0, "latency_s": 0.5},
    ],
    "flows": [
        {"name": "long", "size_bytes": 12, "path": [0, 1]},
        {"name": "left only", "size_bytes": 10, "start_s": 0.5, "path": [0]},
        {"name": "right only", "size_bytes": 4, "start_s": 0, "path": [1]},
        {"name": "empty", "size_bytes": 0, "start_s": 2, "path": [0]},
        {"name": "nowhere", "size_bytes": 7, "start_s": 2, "path": []},
    ],
}


def test_finish_rate_and_bottleneck_by_hand():
    """All begin to move at 0.5 s: `right` gives 4 B/s to each of two, so left only gets 6.

    Right only ends at 0.5 + 4/4 = 1.5 s; the long one has 8 B left then, left only 4. They share
    `left`, 5 B/s each, though `right` now has 8: left only ends at 1.5 + 4/5 = 2.3 s; the long
    one's last 4 B go at the 8 B/s of `right`: 2.3 + 0.5 = 2.8 s. It was held by `right` for
    1 + 0.5 s and by `left` for 0.8 s.
    """
    results = simulate_flows(DESCRIPTION)
    assert [r.name for r in results] == [f["name"] for f in DESCRIPTION["flows"]]
    finish = [2.8, 2.3, 1.5, 2.0, 2.0]
    assert [r.finish_s for r in results] == pytest.approx(finish, rel=1e-12)
    rates = [12 / 2.8, 10 / (2.3 - 0.5), 4 / 1.5]
    assert [r.mean_rate_Bps for r in results[:3]] == pytest.approx(rates, rel=1e-12)
    assert [r.mean_rate_Bps for r in results[3:]] == [None, None]
    assert [r.bottleneck for r in results] == ["right", "left", "right", None, None]


def test_a_lone_flow_s_bottleneck_is_its_narrowest_channel_crossings_counted():
    channels = [{"name": "wide", "bandwidth_Bps": 10}, {"name": "narrow", "bandwidth_Bps": 6}]

    def bottleneck(path):
        flow = {"name": "f", "size_bytes": 30, "path": path}
        return simulate_flows({"channels": channels, "flows": [flow]})[0].bottleneck

    assert bottleneck([0, 1]) == "narrow"
    assert bottleneck([0, 1, 0]) == "wide"  # 10 B/s twice is 5 B/s


def test_no_flows_give_no_results():
    assert simulate_flows({"channels": [], "flows": []}) == []


def broken(change):
    description = copy.deepcopy(DESCRIPTION)
    change(description)
    return description


BROKEN = {
    "a list": (lambda: [], "the file must be an object"),
    "no flows": (lambda: {"channels": []}, "flows is missing"),
    "a key too many": (lambda: broken(lambda d: d.update(speed=1)), "unknown key 'speed'"),
    "channels no list": (lambda: broken(lambda d: d.update(channels={})), "channels = .* a list"),
    "a channel no object": (
        lambda: broken(lambda d: d["channels"].append(3)), r"channels\[2\] must be an object"),
    "a channel without bandwidth": (
        lambda: broken(lambda d: d["channels"][1].pop("bandwidth_Bps")),
        r"channels\[1\]: bandwidth_Bps is missing"),
    "a bandwidth of zero": (
        lambda: broken(lambda d: d["channels"][0].update(bandwidth_Bps=0)), r"channels\[0\].*left"),
    "a negative latency": (
        lambda: broken(lambda d: d["channels"][0].update(latency_s=-1)), r"channels\[0\].*latency"),
    "an endless latency": (
        lambda: broken(lambda d: d["channels"][0].update(latency_s=float("inf"))),
        r"channels\[0\].*latency"),
    "a size that is a text": (
        lambda: broken(lambda d: d["flows"][2].update(size_bytes="4")),
        r"flows\[2\]\.size_bytes = '4' must be a number"),
    "a size that is true": (
        lambda: broken(lambda d: d["flows"][2].update(size_bytes=True)), r"flows\[2\]\.size_bytes"),
    "a size below zero": (
        lambda: broken(lambda d: d["flows"][2].update(size_bytes=-4)), r"flows\[2\].*size_bytes"),
    "a size that is not a number": (
        lambda: broken(lambda d: d["flows"][2].update(size_bytes=float("nan"))), r"flows\[2\]"),
    "a size of 400 digits": (
        lambda: broken(lambda d: d["flows"][2].update(size_bytes=10**400)), r"flows\[2\]"),
    "a start before time": (
        lambda: broken(lambda d: d["flows"][1].update(start_s=-1)), r"flows\[1\].*start_s"),
    "a path to nowhere": (
        lambda: broken(lambda d: d["flows"][0].update(path=[0, 2])),
        r"flows\[0\]\.path\[1\] = 2 is no channel; use an index from 0 to 1"),
    "a path from the end": (
        lambda: broken(lambda d: d["flows"][0].update(path=[-1])), r"flows\[0\]\.path\[0\]"),
    "a path by name": (
        lambda: broken(lambda d: d["flows"][0].update(path=["left"])), r"flows\[0\]\.path\[0\]"),
    "a path of truth": (
        lambda: broken(lambda d: d["flows"][0].update(path=[True])), r"flows\[0\]\.path\[0\]"),
    "a path that is null": (
        lambda: broken(lambda d: d["flows"][0].update(path=None)), r"flows\[0\]\.path"),
    "no channels to cross": (
        lambda: broken(lambda d: d.update(channels=[])), r"flows\[0\]\.path\[0\]"),
}  # fmt: skip


@pytest.mark.parametrize(("make", "message"), BROKEN.values(), ids=BROKEN)
def test_a_description_that_makes_no_sense_is_refused_naming_the_place(make, message):
    with pytest.raises(ScenarioError, match=message) as caught:
        simulate_flows(make())
    assert len(str(caught.value).splitlines()) == 1
