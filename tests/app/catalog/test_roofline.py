"""Rooflines: the roofs are the catalog's, and passes lie where their cost model says."""

import json

import pytest

import gpu_catalog
from app import numbers
from app.catalog.roofline import MOST_GPUS, passes_of, roofline_for
from app.figures.palette import PALETTES
from app.figures.roofline import COLOURS, Roof, roofline
from simcore import Scenario, run
from tests.app.figures.test_palette import contrast

ASKED = {"values": {}, "gpus": ["NVIDIA H100"], "formats": ["BF16", "FP8"], "scheme": "light"}


def lines(answer):
    return [one for one in answer["figure"]["data"] if one["mode"] == "lines"]


def test_a_roof_is_the_lower_of_bandwidth_and_peak():
    """Attainable FLOP/s = min(peak, bandwidth x intensity)."""
    gpu = gpu_catalog.gpu("NVIDIA H100")
    bf16, fp8 = lines(roofline_for(ASKED))
    for line, peak in ((bf16, gpu.flops), (fp8, gpu.flops_fp8)):
        assert line["x"] == sorted(line["x"])
        for x, y in zip(line["x"], line["y"], strict=True):
            assert y == pytest.approx(min(peak, gpu.bandwidth * x) / 1e12, rel=1e-12)
        # Its corner is on it, as lines between points cut corners.
        assert any(x == pytest.approx(peak / gpu.bandwidth, rel=1e-9) for x in line["x"])


def test_a_gpu_without_a_format_has_no_roof_in_it_and_that_is_said():
    answer = roofline_for(ASKED | {"gpus": ["NVIDIA V100"]})
    assert [line["name"] for line in lines(answer)] == ["NVIDIA V100, BF16"]
    assert answer["without"] == ["NVIDIA V100 has no FP8"]


def test_by_physical_costs_passes_are_on_the_roof():
    for point in passes_of(Scenario(cost_model="physical")):
        gpu = gpu_catalog.gpu(point.gpu)
        roof = min(gpu.flops, gpu.bandwidth * point.intensity)
        assert 0.9 * roof < point.flops <= roof * (1 + 1e-12)


def test_by_calibrated_costs_they_are_below_it():
    for point in passes_of(Scenario(cost_model="calibrated")):
        gpu = gpu_catalog.gpu(point.gpu)
        assert 0.05 < point.flops / min(gpu.flops, gpu.bandwidth * point.intensity) < 1


def test_a_point_is_of_the_run_that_the_other_pages_show():
    """One stage, one chunk: the time of its pass is that of the run's only prefill job."""
    scenario = Scenario(llm="LLaMA-3.1-8B", pp=1, prompt_tokens=512, chunk_tokens=512)
    [prefill, _] = passes_of(scenario)
    table = run(scenario).trace
    [job] = table[table["kind"] == "prefill"].to_dict("records")
    told = " ".join(prefill.told)
    assert numbers.duration_text(job["end_s"] - job["start_s"]) in told


def test_what_cannot_be_run_has_no_points_and_says_why():
    answer = roofline_for(ASKED | {"values": {"pp": 200}})
    assert "pp = 200 exceeds the 80 layers" in answer["wrong"] and answer["said"] == ""
    assert len(lines(answer)) == len(answer["figure"]["data"]) == 2


def test_aliases_are_one_gpu():
    assert len(lines(roofline_for(ASKED | {"gpus": ["H100", "NVIDIA H100"]}))) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"gpus": ["H100"] * (MOST_GPUS + 1)}, {"gpus": ["no such"]}, {"gpus": [1]}, {"gpus": None},
        {"formats": ["FP16"]}, {"formats": "BF16"}, {"formats": [[]]}, {"scheme": "red"},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(wrong):
    assert set(roofline_for(ASKED | wrong)) == {"error"}


def test_nothing_chosen_is_a_figure_of_the_passes_alone():
    answer = roofline_for(ASKED | {"gpus": []})
    assert lines(answer) == [] and len(answer["figure"]["data"]) == 2
    json.dumps(answer, allow_nan=False)


@pytest.mark.parametrize("scheme", COLOURS)
def test_each_gpu_has_a_colour_of_its_own_that_is_seen(scheme):
    roofs = [Roof(gpu=f"GPU {n}", format="BF16", flops=1e14, bandwidth=1e12) for n in range(6)]
    colours = [line["line"]["color"] for line in roofline(roofs, [], scheme)["data"]]
    assert len(set(colours)) == MOST_GPUS
    assert all(contrast(colour, PALETTES[scheme].page) >= 3 for colour in colours)
