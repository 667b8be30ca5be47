"""What is kept of the last runs: bounded, the least recently used going first."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.gantt6d.results import MOST_EVENTS, Pictures
from simcore import Scenario, ScenarioError

SMALL = Scenario(prompt_tokens=512, pp=2)


def test_a_scenario_is_simulated_once():
    pictures = Pictures()
    first = pictures.of(SMALL)
    assert pictures.of(SMALL.replace()) is first
    assert pictures.runs == 1


def test_the_least_recently_used_goes_first():
    pictures = Pictures(most=2)
    one, two, three = (SMALL.replace(chunk_tokens=m) for m in (128, 256, 512))
    kept = pictures.of(one)
    pictures.of(two)
    pictures.of(one)
    pictures.of(three)
    assert len(pictures) == 2
    assert pictures.of(one) is kept
    assert pictures.runs == 3


def test_many_events_are_not_kept_beside_others():
    pictures = Pictures(most_events=50)
    for m in (32, 64, 128):
        pictures.of(SMALL.replace(chunk_tokens=m))
    assert len(pictures) == 1


def test_threads_share_it():
    pictures = Pictures(most=3)
    scenarios = [SMALL.replace(chunk_tokens=32 * (1 + i % 5)) for i in range(60)]
    with ThreadPoolExecutor(4) as executor:
        for scenario, picture in zip(scenarios, executor.map(pictures.of, scenarios), strict=True):
            assert picture.scenario == scenario
    assert len(pictures) <= 3


def test_a_run_that_is_too_long_for_a_page_is_refused():
    with pytest.raises(ScenarioError, match=f"more than {MOST_EVENTS:,}"):
        Pictures().of(Scenario(prompt_tokens=2**20, chunk_tokens=16))
