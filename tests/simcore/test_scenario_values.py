"""A scenario is a value: frozen, checked, compared by what it says."""

import dataclasses
import math
from fractions import Fraction

import numpy as np
import pytest

import gpu_catalog
from simcore import Scenario, ScenarioError
from simcore.parameters import Choice, Number, parameters_of

PARAMETERS = parameters_of(Scenario)
NUMBERS = {name: info for name, info in PARAMETERS.items() if isinstance(info, Number)}
CHOICES = {name: info for name, info in PARAMETERS.items() if isinstance(info, Choice)}


def test_equal_scenarios_are_one_key():
    a, b = Scenario(batch_size=4), Scenario().replace(batch_size=4)
    assert a == b
    assert hash(a) == hash(b)
    assert {a: 1}[b] == 1
    assert a != Scenario(batch_size=5)


def test_a_number_is_the_same_however_it_is_written():
    assert (
        Scenario(pp=4.0) == Scenario(pp=np.int64(4)) == Scenario(pp=Fraction(4)) == Scenario(pp=4)
    )
    assert type(Scenario(pp=np.int64(4)).pp) is int
    assert type(Scenario(vram_limit_ratio=1).vram_limit_ratio) is float


def test_a_scenario_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Scenario().pp = 3


def test_decode_has_the_stages_of_prefill_unless_it_has_its_own():
    assert Scenario(pp=5).decode_stages == 5
    assert Scenario(pp=5, decode_pp=3).decode_stages == 3


@pytest.mark.parametrize("name", NUMBERS)
def test_the_bounds_of_each_number_hold(name):
    info = NUMBERS[name]
    for value in (info.least, info.most):
        assert getattr(Scenario(**{name: value}), name) == value
    outside = [info.least - 1, info.most + 1, -1, 10**18, 10**400, math.nan, math.inf, -math.inf]
    for value in outside:
        with pytest.raises(ScenarioError, match=f"^{name} = .*from {info.least:,g}") as caught:
            Scenario(**{name: value})
        assert caught.value.field == name
    assert info.least <= info.low < info.high <= info.most


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", ["8", True, [8], {}, 1j, b"8"])
def test_what_is_no_number_is_refused(name, value):
    with pytest.raises(ScenarioError, match=f"^{name} = .*not a number") as caught:
        Scenario(**{name: value})
    assert caught.value.field == name


@pytest.mark.parametrize("name", [name for name, info in NUMBERS.items() if info.whole])
def test_counts_are_whole(name):
    with pytest.raises(ScenarioError, match=f"^{name} = 1.5 is not a whole number"):
        Scenario(**{name: 1.5})


@pytest.mark.parametrize("name", [name for name, info in NUMBERS.items() if not info.optional])
def test_only_an_optional_number_may_be_absent(name):
    with pytest.raises(ScenarioError):
        Scenario(**{name: None})


@pytest.mark.parametrize(
    ("field", "part", "whole"),
    [
        ("llm", "code-llama", "CodeLlama-34B"),
        ("llm", "openai/gpt-oss-12b", "GPT-OSS-120B"),
        ("prefill_gpu", "h1O0-sxm", "NVIDIA H100"),
        ("llm", "codellama", "CodeLlama-34B"),
        ("prefill_gpu", "mi300", "AMD Instinct MI300A"),
    ],
)
def test_part_of_a_name_in_any_case_is_understood(field, part, whole):
    with pytest.raises(ScenarioError, match=f"did you mean '{whole}'"):
        Scenario(**{field: part})


@pytest.mark.parametrize("name", CHOICES)
def test_every_option_is_accepted_and_a_slip_is_answered_with_the_closest(name):
    options = CHOICES[name].options()
    for option in options:
        assert getattr(Scenario(**{name: option}), name) == option
        with pytest.raises(ScenarioError, match=f"^{name} = .*did you mean '{option}'") as caught:
            Scenario(**{name: option + "?"})
        assert caught.value.field == name
    for nonsense in (None, 3, ["x"], "", "x" * 10_000):
        with pytest.raises(ScenarioError) as caught:
            Scenario(**{name: nonsense})
        assert len(str(caught.value)) < 500


def test_gpus_are_in_order_of_peak_dense_flops():
    options = CHOICES["prefill_gpu"].options()
    assert options == CHOICES["decode_gpu"].options()
    flops = [gpu_catalog.gpu(name).flops for name in options]
    assert flops == sorted(flops)


def test_every_parameter_says_what_it_is():
    for name, info in PARAMETERS.items():
        assert info.label, name
        assert info.help.endswith("."), name
    symbols = {name: info.symbol for name, info in PARAMETERS.items() if info.symbol}
    assert symbols == {
        "pp": "PP", "decode_pp": "decode PP", "batch_size": "N", "prompt_tokens": "T",
        "chunk_tokens": "M", "output_tokens": "O", "prefill_nics": "K",
        "tp": "TP", "decode_tp": "decode TP", "dp": "DP", "decode_dp": "decode DP",
        "ep": "EP", "decode_ep": "decode EP", "cp": "CP",
    }  # fmt: skip
    # Rows of a table and controls are told apart by it.
    assert len(set(symbols.values())) == len(symbols)
