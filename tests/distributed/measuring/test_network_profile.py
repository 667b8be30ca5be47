"""Profiles of networks in files."""

import dataclasses
import json

import pandas as pd
import pytest

from simcore.distributed.measuring.network_profile import (
    fit_profile,
    profile_text,
    read_profile,
)
from simcore.distributed.measuring.stars import star_of
from simcore.errors import PdscopeError
from tests.distributed.measuring.test_fit import samples_of, straight, two_protocols


@pytest.fixture(scope="module")
def profile():
    straight_ones = [
        samples_of(straight(name, "portable", 2e-5, 1e9), operation=name, ranks=(2, 4), noise=0.1)
        for name in ("broadcast", "send")
    ]
    bent = samples_of(two_protocols, operation="all_reduce", noise=0.05)
    return fit_profile(
        pd.concat([*straight_ones, bent]), backend="gloo", collectives="portable", seed=7
    )


@pytest.fixture
def file(profile, tmp_path):
    path = tmp_path / "net.json"
    path.write_text(profile_text(profile))
    return path


def test_a_profile_is_read_as_it_was_written(profile, file):
    assert read_profile(file) == profile
    assert profile["all_reduce"].knee_bytes is not None
    assert [fit.operation for fit in profile.operations] == ["send", "broadcast", "all_reduce"]
    assert len(profile.measured) == 27 * 5


def test_the_fit_of_what_was_not_measured_is_refused(profile):
    with pytest.raises(PdscopeError, match="use one of send, broadcast, all_reduce"):
        profile["all_gather"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t.pop("rounds"), "rounds is missing"),
        (lambda t: t.update(speed=3), "speed: unknown key"),
        (lambda t: t.update(collectives="mine"), "use one of portable"),
        (lambda t: t["operations"][0]["line"].update(latency_s=-1), "latency_s = -1"),
        (lambda t: t["operations"][0]["line"].update(latency_s="quick"), "latency_s = 'quick'"),
        (lambda t: t["operations"][0].update(operation="gather"), "'gather'"),
        (lambda t: t["operations"][0].update(lines=[]), "of 0 lines"),
        (lambda t: t["operations"][0].update(line=[]), "use a table of"),
    ],
)
def test_what_is_no_profile_is_refused_in_a_line(file, change, says):
    table = json.loads(file.read_text())
    change(table)
    file.write_text(json.dumps(table))
    with pytest.raises(PdscopeError, match=says) as caught:
        read_profile(file)
    assert str(caught.value).startswith(str(file))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"seed": 1, "seed": 2}', "stands twice"),
        ("[]", "use a table"),
        ('{"seed": NaN}', "missing|NaN|nan"),
        ("x" * 2_000_001, "larger than"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, text, says):
    path = tmp_path / "net.json"
    path.write_text(text)
    with pytest.raises(PdscopeError, match=says):
        read_profile(path)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ({"seconds_per_byte": 0.0}, "took no longer for larger sizes"),
        ({"seconds_per_byte": 1e-300}, "which no network has"),
        ({"latency_s": 1e300}, "which no network has"),
    ],
)
def test_sends_that_are_no_star_are_refused(profile, line, says):
    send = dataclasses.replace(
        profile["send"], line=dataclasses.replace(profile["send"].line, **line)
    )
    with pytest.raises(PdscopeError, match=says):
        star_of(dataclasses.replace(profile, operations=(send,)))


def test_the_star_of_a_profile_is_that_of_its_sends(profile):
    bandwidth, latency = star_of(profile)
    assert bandwidth == pytest.approx(1e9, rel=0.1)
    assert latency == pytest.approx(2e-5, rel=0.1)


def test_nothing_measured_is_refused():
    rows = samples_of(two_protocols)
    with pytest.raises(PdscopeError, match="nothing was measured"):
        fit_profile(rows[:0], backend="gloo", collectives="portable", seed=0)
    with pytest.raises(PdscopeError, match="unknown operation 'scan'"):
        fit_profile(rows.assign(operation="scan"), backend="gloo", collectives="portable", seed=0)


def test_a_profile_is_frozen(profile):
    with pytest.raises(dataclasses.FrozenInstanceError):
        profile.seed = 3
