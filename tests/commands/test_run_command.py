"""`pdscope run`: flags and files in, text, JSON and CSV out."""

import io
import json
import math
from dataclasses import replace
from itertools import pairwise

import pandas as pd
import pytest

from simcore import Scenario, expected_errors_of, run
from simcore.__main__ import main
from simcore.commands.explained import critical_path_as_json
from simcore.costs import serving_engines
from simcore.costs.constants import toml_text
from simcore.costs.serving_engines import KERNELS_ALONE
from simcore.explain import bound_of, sensitivity
from simcore.exports import FORMATS, trace_bytes

QUICK = ["--prompt-tokens", "1000", "--chunk-tokens", "400"]


def json_of(capsys, *arguments):
    assert main(["run", *arguments, "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return json.loads(out)


def test_json_holds_the_scenario_its_times_and_memory(capsys):
    found = json_of(capsys, *QUICK)
    scenario = Scenario(prompt_tokens=1000, chunk_tokens=400)
    result = run(scenario)
    assert Scenario.from_dict(found["scenario"]) == scenario
    for name in ("ttds_s", "tpot_s", "ttft_s", "bubble", "handoff_hidden_s", "handoff_exposed_s"):
        assert found[name] == getattr(result.metrics, name)
    assert found["events"] == result.metrics.events
    for pool in result.memory:
        assert found["memory"][pool.pool]["need"] == pool.need
        assert found["memory"][pool.pool]["limit"] == pool.limit
        assert found["memory"][pool.pool]["weights"] == pool.weights
    assert found["device_busy"] == result.metrics.device_busy.to_dict("records")
    assert found["channel_use"] == result.metrics.channel_use.to_dict("records")


def test_stages_of_several_gpus_say_how_they_exchange_data(capsys):
    flags = [*QUICK, "--pp", "2", "--tp", "4", "--decode-tp", "2", "--llm", "Mistral-Small-24B"]
    found = json_of(capsys, *flags)
    result = run(Scenario.from_dict(found["scenario"]))
    used = result.plan.collectives
    assert found["collectives"]["form"] == used.form.value
    assert found["collectives"]["why"] == used.text
    assert {each["pool"] for each in found["collectives"]["algorithms"]} == {"prefill", "decode"}
    for name in ("prefill_tokens_per_s", "decode_tokens_per_s_per_gpu"):
        assert found[name] == getattr(result.metrics, name)
    assert main(["run", *flags]) == 0
    text = capsys.readouterr().out
    assert "PP 2, TP 4 (decode 2), N 1" in text
    assert used.text in text
    assert json_of(capsys, *QUICK)["collectives"] is None


@pytest.mark.parametrize("cost_model", ["calibrated", "physical", "reference"])
def test_times_say_how_far_they_may_be_off(capsys, cost_model):
    flags = [*QUICK, "--cost-model", cost_model]
    found = json_of(capsys, *flags)["expected_error"]
    expected = expected_errors_of(Scenario(cost_model=cost_model))
    assert found == {
        name: {"share": one.share, "bound": one.bound.value, "reason": one.reason}
        for name, one in expected.items()
    }
    assert main(["run", *flags]) == 0
    text = capsys.readouterr().out
    lines = {line[:4]: line for line in text.splitlines()}
    for name, field in (("TTDS", "ttds_s"), ("TPOT", "tpot_s"), ("TTFT", "ttft_s")):
        assert f" ms {expected[field].short} " in lines[name]
    assert expected["ttft_s"].reason in text


def test_every_flag_reaches_its_field(capsys):
    fields = {
        "llm": "GPT-OSS-20B",
        "prefill_gpu": "NVIDIA H200",
        "decode_gpu": "AMD Instinct MI300X",
        "pp": 4,
        "decode_pp": 7,
        "batch_size": 2,
        "prompt_tokens": 999,
        "chunk_tokens": 77,
        "output_tokens": 3,
        "prefill_nics": 2,
        "vram_limit_ratio": 0.8,
        "cost_model": "physical",
        "engine": "SGLang 0.5.9",
        "tp": 2,
        "decode_tp": 2,
        "dp": 2,
        "decode_dp": 1,
        "ep": 4,
        "decode_ep": 2,
        "expert_placement": "round robin",
        "routing": "power law",
        "seed": 7,
        "layer_split": "7,6,6,5",
        "decode_layer_split": "4,4,4,3,3,3,3",
        "decode_microbatches": 2,
        "cp": 1,
        "topology": "hgx-rail",
        "placement": "same rack",
        "nic_mapping": "nearest",
        "oversubscription": 2.0,
        "background": "NIC cables: 30 %",
        "failures": "node 0 NIC 1",
        "collectives": "aggregated",
        "all_reduce": "ring",
        "handoff": "per layer group",
        "handoff_layers": 2,
        "handoff_by": "pull",
    }
    assert list(fields) == list(Scenario().to_dict())
    flags = [part for name, value in fields.items()
             for part in ("--" + name.replace("_", "-"), str(value))]  # fmt: skip
    assert json_of(capsys, *flags)["scenario"] == fields


def test_pp_sets_both_pools_unless_decode_pp_is_given(capsys, tmp_path):
    file = tmp_path / "s.yaml"
    file.write_text("pp: 6\ndecode_pp: 3\nprompt_tokens: 500\n")

    def stages(*flags):
        scenario = Scenario.from_dict(json_of(capsys, *flags)["scenario"])
        return scenario.pp, scenario.decode_stages

    assert stages("--pp", "5", *QUICK) == (5, 5)
    assert stages("--pp", "5", "--decode-pp", "7", *QUICK) == (5, 7)
    assert stages(str(file)) == (6, 3)
    assert stages(str(file), "--pp", "5") == (5, 5)
    assert stages(str(file), "--decode-pp", "4") == (6, 4)


def test_flags_override_the_file(capsys, tmp_path):
    file = tmp_path / "s.json"
    file.write_text('{"prompt_tokens": 500, "chunk_tokens": 1e2}')
    found = json_of(capsys, str(file), "--prompt-tokens", "600")["scenario"]
    assert (found["prompt_tokens"], found["chunk_tokens"]) == (600, 100)


def test_text_for_people_says_the_same(capsys):
    assert main(["run", *QUICK, "--decode-pp", "9"]) == 0
    out = capsys.readouterr().out
    metrics = run(Scenario(prompt_tokens=1000, chunk_tokens=400, decode_pp=9)).metrics
    assert "PP 8 (decode 9), N 1, T 1000, M 400, O 1, calibrated costs, vLLM 0.19" in out
    for name, value in (
        ("TTDS", metrics.ttds_s),
        ("TPOT", metrics.tpot_s),
        ("TTFT", metrics.ttft_s),
    ):
        line = next(line for line in out.splitlines() if line.startswith(name))
        assert f"{value * 1e3:.3f} ms" in line
    assert "prefill memory" in out
    assert "decode memory" in out


def test_the_trace_is_written_as_csv(capsys, tmp_path):
    path = tmp_path / "trace.csv"
    assert main(["run", *QUICK, "--trace", str(path)]) == 0
    trace = run(Scenario(prompt_tokens=1000, chunk_tokens=400)).trace
    assert path.read_text(encoding="utf-8") == trace.to_csv(index=False)
    read = pd.read_csv(io.StringIO(path.read_text()), keep_default_na=False)
    assert list(read.columns) == list(trace.columns)
    assert read.end_s.tolist() == pytest.approx(trace.end_s.tolist(), rel=1e-15)


@pytest.mark.parametrize("entry", FORMATS.values(), ids=FORMATS)
def test_the_ending_of_a_trace_s_file_names_its_format(capsys, tmp_path, entry):
    result = run(Scenario(prompt_tokens=1000, chunk_tokens=400))
    for ending in entry.endings:
        path = tmp_path / f"trace{ending}"
        assert main(["run", *QUICK, "--trace", str(path)]) == 0
        assert path.read_bytes() == trace_bytes(result, entry.name)


def test_the_reference_model_prints_the_specification_s_numbers(capsys):
    found = json_of(capsys, "--cost-model", "reference")
    assert found["ttds_s"] == pytest.approx(0.4688125328475931, rel=1e-12)
    assert found["tpot_s"] == pytest.approx(0.106644466012786, rel=1e-12)


def test_json_holds_the_critical_path(capsys):
    found = json_of(capsys, *QUICK)
    path = found["critical_path"]
    scenario = Scenario(prompt_tokens=1000, chunk_tokens=400)
    expected = run(scenario).critical_path
    for until in ("ttds", "ttft"):
        assert math.fsum(path[until].values()) == found[f"{until}_s"]
        assert path[until] == {kind.value: s for kind, s in expected.seconds(until).items()}
    assert path["segments_left_out"] == 0
    segments = path["segments"]
    assert sum(segment["segments"] for segment in segments) == len(expected.segments)
    assert segments[0]["start_s"] == 0
    assert segments[-1]["end_s"] == found["ttft_s"]
    for before, after in pairwise(segments):
        assert before["end_s"] == after["start_s"]
        assert before["kind"] != after["kind"]


def test_a_long_critical_path_is_cut_to_its_longest_stretches(monkeypatch):
    result = run(Scenario(prompt_tokens=1000, chunk_tokens=400))
    whole = critical_path_as_json(result)["segments"]
    monkeypatch.setattr("simcore.commands.explained.MOST_SEGMENTS", 3)
    cut = critical_path_as_json(result)
    assert cut["segments_left_out"] == len(whole) - 3
    longest = sorted(whole, key=lambda s: s["start_s"] - s["end_s"])[:3]
    assert cut["segments"] == sorted(longest, key=lambda s: s["start_s"])


def test_text_names_the_largest_parts_of_the_critical_path(capsys):
    assert main(["run", *QUICK]) == 0
    [line] = [x for x in capsys.readouterr().out.splitlines() if x.startswith("critical path")]
    result = run(Scenario(prompt_tokens=1000, chunk_tokens=400))
    seconds = result.critical_path.seconds("ttds")
    largest = max(seconds, key=seconds.get)
    share = seconds[largest] / result.metrics.ttds_s
    assert line.startswith(f"critical path to decode start: {100 * share:.1f} % {largest.value}; ")


def test_explain_adds_what_bounds_the_run_and_what_steps_change(capsys):
    found = json_of(capsys, *QUICK, "--explain")
    result = run(Scenario(prompt_tokens=1000, chunk_tokens=400))
    bound = bound_of(result)
    assert found["bound"]["text"] == bound.text
    assert found["bound"]["share"] == bound.share
    assert found["sensitivity"] == [vars(change) for change in sensitivity(result.scenario)]
    assert "bound" not in json_of(capsys, *QUICK)


def test_explain_for_people_is_the_sentence_and_a_line_for_each_change(capsys):
    assert main(["run", "--explain", "--pp", "2", *QUICK]) == 0
    out = capsys.readouterr().out
    scenario = Scenario(prompt_tokens=1000, chunk_tokens=400, pp=2)
    assert bound_of(run(scenario)).text in out.splitlines()
    for change in sensitivity(scenario):
        if change.reason:
            assert change.reason in out
        else:
            assert f"{change.ttds_s * 1e3:.3f}" in out
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert any(line.startswith("Infiniband NDR, bandwidth × 2 ") for line in lines)
    # A GPU has neighbours in a list, no size to step down from.
    gpus = [line for line in lines if line.startswith("Prefill GPU, ")]
    assert [line.split(" in the list ")[0] for line in gpus] == [
        "Prefill GPU, previous",
        "Prefill GPU, next",
    ]
    assert "does not fit" in out


@pytest.fixture
def own_constants(tmp_path, monkeypatch):
    """A file as `pdscope calibrate` writes it, of a host that takes 2 ms more for each step."""
    monkeypatch.setenv("PDSCOPE_ENGINES", "")
    path = tmp_path / "mine.toml"
    path.write_text(toml_text(replace(KERNELS_ALONE, engine="mine", step_s=2e-3)))
    yield path
    serving_engines._shipped.cache_clear()


def test_constants_of_one_s_own_are_those_of_the_engine(capsys, own_constants):
    found = json_of(capsys, *QUICK, "--constants", str(own_constants))
    alone = json_of(capsys, *QUICK, "--engine", "kernels alone")
    assert found["scenario"]["engine"] == "own mine"
    assert found["tpot_s"] == pytest.approx(alone["tpot_s"] + 2e-3, rel=1e-9)
    assert found["ttds_s"] == alone["ttds_s"]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--engine", "vLLM 0.18"], "--engine and --constants exclude each other"),
        (["--cost-model", "physical"], "use --cost-model calibrated"),
    ],
)
def test_constants_that_would_not_be_used_are_refused(capsys, own_constants, flags, said):
    assert main(["run", *QUICK, "--constants", str(own_constants), *flags]) == 2
    assert said in capsys.readouterr().err


def test_constants_of_something_else_are_refused_by_file_and_key(capsys, own_constants):
    own_constants.write_text('engine = "mine"\n')
    assert main(["run", *QUICK, "--constants", str(own_constants)]) == 2
    error = capsys.readouterr().err
    assert "mine.toml" in error and "is missing" in error
    assert "TTFT and TPOT at concurrency" in error
