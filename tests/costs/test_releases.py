"""What releases of serving engines make of kernels: laws, and which release stands for which."""

from dataclasses import replace

import numpy as np
import pytest

from simcore.calibration.release_fits import RANGES, START
from simcore.calibration.releases import work_of
from simcore.calibration.silicon import case_of
from simcore.costs.constants import shipped
from simcore.costs.releases import (
    ANY_ENGINE,
    ReleaseConstants,
    nearest_release,
    release_number,
    release_of,
    ttft_tpot_seconds,
)

ROW = {
    "model": "MiniMax-M2.5",
    "gpu": "NVIDIA H100",
    "engine": "vllm",
    "precision": "fp8",
    "isl": 2000,
    "osl": 500,
    "concurrency": 16,
    "tp": 4,
}


def times(constants=START, **changes):
    """Mean TTFT and TPOT [s] of a row."""
    first, each = ttft_tpot_seconds(work_of([case_of(ROW | changes)]), constants)
    return float(first[0]), float(each[0])


@pytest.mark.parametrize("name", sorted(RANGES))
def test_no_constant_makes_an_engine_faster_as_it_grows(name):
    more = replace(START, **{name: 2 * getattr(START, name)})
    model = {"model": "DeepSeek-V3", "tp": 8} if name == "latent_layer_s" else {}
    before, after = times(**model), times(more, **model)
    assert after[0] >= before[0] * (1 - 1e-9)
    if name != "request_s":
        # What lengthens every step may hide what prompts add to it, never more than that.
        assert after[1] >= before[1] * (1 - 0.02)


def test_more_requests_wait_longer_and_decode_slower():
    series = np.array([times(concurrency=c) for c in (1, 2, 8, 32, 128, 512)])
    assert (np.diff(series, axis=0) > 0).all()


def test_other_machines_that_prefill_spare_the_tokens():
    pools = {
        f"{pool}_{key}": value
        for pool in ("prefill", "decode")
        for key, value in {
            "num_workers": 1,
            "tp_size": 4,
            "moe_tp_size": 4,
            "moe_ep_size": 1,
        }.items()
    }
    apart = times(mode="disagg", **pools)
    assert apart[1] < times()[1]


def test_tokens_of_speculation_come_at_once():
    plain, twice = times(concurrency=1), times(replace(START, tokens_per_step=2.0), concurrency=1)
    assert twice[1] == pytest.approx(plain[1] / 2)


def known(*releases):
    """Constants of releases: engine, version, tokens per step."""
    return [
        replace(START, engine=engine, versions=(version,), tokens_per_step=tokens)
        for engine, version, tokens in releases
    ]


KNOWN = known(
    ("vllm", "0.16.0", 1.0),
    ("vllm", "0.19.0", 1.0),
    ("vllm", "", 1.0),
    ("vllm", "0.17.1", 1.6),
    (ANY_ENGINE, "x", 1.0),
)


@pytest.mark.parametrize(
    ("engine", "version", "found", "exact"),
    [
        ("vLLM", "0.19.0", "0.19.0", True),
        ("vllm", None, "", True),
        ("vllm", "0.18.2", "0.19.0", False),
        ("vllm", "0.17.2", "0.16.0", False),  # not that which speculates
        ("vllm", "nightly-abc", "0.19.0", False),
        ("vllm", "1.2", "0.19.0", False),
        ("lmdeploy", "0.1", "x", False),
    ],
)
def test_a_release_that_nobody_calibrated_takes_the_nearest(engine, version, found, exact):
    constants, told = nearest_release(engine, version, KNOWN)
    assert (constants.versions[0], told) == (found, exact)


def test_releases_come_after_their_candidates_and_before_their_fixes():
    order = ["0.5.6", "0.19.0", "1.0.0rc3", "1.0.0", "1.0.0.post1", "1.2.0rc2", "1.2.0rc6.post2"]
    numbers = [release_number(version) for version in order]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) == len(order)
    assert release_number("nightly-2026") is None


def test_what_ships_covers_three_engines_and_any_other():
    engines = {c.engine for c in shipped(ReleaseConstants, "releases").values()}
    assert engines == {"vllm", "sglang", "trtllm", ANY_ENGINE}
    constants, exact = release_of("lmdeploy", "0.9")
    assert (constants.engine, exact, constants.calibrated) == (ANY_ENGINE, False, False)


def test_no_release_is_named_twice_and_all_say_how_far_off_they_are():
    seen = [
        (c.engine, v) for c in shipped(ReleaseConstants, "releases").values() for v in c.versions
    ]
    assert len(seen) == len(set(seen))
    for constants in shipped(ReleaseConstants, "releases").values():
        assert constants.provenance.rows > 0
        assert 0 < constants.provenance.error["tpot"] < 1
