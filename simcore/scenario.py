"""A scenario: everything a run depends on, as one frozen value."""

import dataclasses
import json
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any

import yaml

import gpu_catalog
from simcore.costs import COST_MODELS, Pool, Workload
from simcore.costs.serving_engines import (
    engine_name,
    engine_names,
    nearest_engine,
    serving_engine,
)
from simcore.errors import ScenarioError
from simcore.parameters import Choice, Number, parameter, parameters_of
from simcore.scenario_text import text_of, values_in


def _gpu_names():
    return tuple(gpu.name for gpu in gpu_catalog.gpus())


def _llm_names():
    return tuple(llm.name for llm in gpu_catalog.llms())


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One batch of requests through a disaggregated prefill/decode pipeline.

    Frozen and hashable, so it is its own cache key; equal scenarios give equal results, byte for
    byte. Raises ScenarioError where a value is out of range or names nothing known.
    """

    llm: str = parameter(
        Choice(
            key="llm",
            symbol="",
            label="Model",
            help="The model that is served.",
            options=_llm_names,
            named=gpu_catalog.llm_name,
            nearest=gpu_catalog.nearest_llm,
        ),
        "LLaMA-3.1-70B",
    )
    prefill_gpu: str = parameter(
        Choice(
            key="prefill",
            symbol="",
            label="Prefill GPU",
            help="The GPU of the prefill pool, in order of peak dense BF16 FLOP/s.",
            options=_gpu_names,
            named=gpu_catalog.gpu_name,
            nearest=gpu_catalog.nearest_gpu,
        ),
        "NVIDIA H100",
    )
    decode_gpu: str = parameter(
        Choice(
            key="decode",
            symbol="",
            label="Decode GPU",
            help="The GPU of the decode pool, in order of peak dense BF16 FLOP/s.",
            options=_gpu_names,
            named=gpu_catalog.gpu_name,
            nearest=gpu_catalog.nearest_gpu,
        ),
        "NVIDIA RTX PRO 6000",
    )
    pp: int = parameter(
        Number(
            key="pp",
            symbol="PP",
            label="Pipeline stages",
            unit="",
            help="Pipeline-parallel degree of the prefill pool, and of the decode pool unless "
            "that has its own.",
            low=1,
            high=32,
            step=1,
            least=1,
            most=256,
        ),
        8,
    )
    decode_pp: int | None = parameter(
        Number(
            key="dpp",
            symbol="decode PP",
            label="Stages",
            unit="",
            help="Pipeline-parallel degree of the decode pool; empty for that of the prefill pool.",
            low=1,
            high=32,
            step=1,
            least=1,
            most=256,
            optional="the same as the prefill pool",
        ),
        None,
    )
    batch_size: int = parameter(
        Number(
            key="n",
            symbol="N",
            label="Batch size",
            unit="requests",
            help="Requests processed together.",
            low=1,
            high=128,
            step=1,
            least=1,
            most=4096,
        ),
        1,
    )
    prompt_tokens: int = parameter(
        Number(
            key="t",
            symbol="T",
            label="Sequence length",
            unit="tokens",
            help="Prompt length of each request.",
            low=1024,
            high=16384,
            step=1024,
            least=1,
            most=2**20,
        ),
        8192,
    )
    chunk_tokens: int = parameter(
        Number(
            key="m",
            symbol="M",
            label="Prefill chunk",
            unit="tokens",
            help="Tokens of each prompt that a stage prefills at a time; the last chunk is the "
            "remainder.",
            low=32,
            high=2048,
            step=32,
            least=1,
            most=2**20,
        ),
        128,
    )
    output_tokens: int = parameter(
        Number(
            key="o",
            symbol="O",
            label="Output tokens",
            unit="tokens",
            help="Decode steps simulated; the KV cache grows by one token a step.",
            low=1,
            high=64,
            step=1,
            least=1,
            most=8192,
        ),
        1,
    )
    prefill_nics: int = parameter(
        Number(
            key="k",
            symbol="K",
            label="Prefill NICs",
            unit="",
            help="InfiniBand NICs of the prefill pool; stage r hands over through NIC r mod K.",
            low=1,
            high=8,
            step=1,
            least=1,
            most=256,
        ),
        1,
    )
    vram_limit_ratio: float = parameter(
        Number(
            key="vram",
            symbol="",
            label="VRAM share",
            unit="of VRAM",
            help="Share of a GPU's memory that weights and KV cache may fill.",
            low=0.5,
            high=1.0,
            step=0.01,
            least=0.01,
            most=1.0,
            whole=False,
        ),
        0.95,
    )
    cost_model: str = parameter(
        Choice(
            key="cost",
            symbol="",
            label="Cost model",
            help="calibrated: kernel by kernel, fitted to measurements. physical: a roofline on "
            "true hardware values. reference: the specification's program, to compare with.",
            options=COST_MODELS.names,
        ),
        "calibrated",
    )
    engine: str = parameter(
        Choice(
            key="engine",
            symbol="",
            label="Engine",
            help="The serving engine whose time the calibrated cost model adds to that of the "
            "kernels; the other cost models know of none.",
            options=engine_names,
            named=engine_name,
            nearest=nearest_engine,
        ),
        "vLLM 0.19",
    )

    def __post_init__(self):
        for name, info in parameters_of(type(self)).items():
            object.__setattr__(self, name, info.check(name, getattr(self, name)))

    @property
    def decode_stages(self) -> int:
        """Pipeline-parallel degree of the decode pool."""
        return self.pp if self.decode_pp is None else self.decode_pp

    @property
    def costs_told(self) -> str:
        """By which costs it is reckoned, in words."""
        costs = f"{self.cost_model} costs"
        if COST_MODELS[self.cost_model].knows_engines:
            return f"{costs}, {self.engine}"
        return costs

    @cached_property
    def workload(self) -> Workload:
        """The requests, as the cost models take them."""
        return Workload(
            batch_size=self.batch_size,
            prompt_tokens=self.prompt_tokens,
            chunk_tokens=self.chunk_tokens,
            output_tokens=self.output_tokens,
        )

    @cached_property
    def prefill_pool(self) -> Pool:
        """The GPUs that prefill."""
        return self._pool("prefill", self.prefill_gpu, self.pp)

    @cached_property
    def decode_pool(self) -> Pool:
        """The GPUs that decode."""
        return self._pool("decode", self.decode_gpu, self.decode_stages)

    def _pool(self, name, gpu, pp):
        release = serving_engine(self.engine).release
        return Pool(name=name, gpu=gpu_catalog.gpu(gpu), pp=pp, release=release)

    def replace(self, **changes) -> "Scenario":
        """A scenario that differs in `changes`; raises ScenarioError as the constructor does."""
        return type(self).from_dict({**self.to_dict(), **changes})

    def to_dict(self) -> dict[str, Any]:
        """Field names to values, in order; `from_dict` reads it back."""
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}

    @classmethod
    def from_dict(cls, values) -> "Scenario":
        """The scenario that a mapping of field names describes; absent fields keep their default.

        Raises ScenarioError for anything but a mapping and for a key that is no field.
        """
        if not isinstance(values, dict):
            raise ScenarioError(
                f"a scenario is a mapping of field names to values, not {type(values).__name__}"
            )
        known = parameters_of(cls)
        for key in values:
            if key not in known:
                near = get_close_matches(str(key), known, n=1)
                hint = f"did you mean {near[0]}? " if near else ""
                raise ScenarioError(
                    f"unknown key {str(key)[:60]!r}; {hint}the fields are {', '.join(known)}"
                )
        return cls(**values)

    def to_json(self) -> str:
        """The scenario as a JSON object."""
        return json.dumps(self.to_dict(), indent=2)

    def to_yaml(self) -> str:
        """The scenario as a YAML mapping."""
        return yaml.safe_dump(self.to_dict(), sort_keys=False)

    @classmethod
    def from_text(cls, text: str) -> "Scenario":
        """The scenario in a JSON or YAML text; raises ScenarioError where it is neither."""
        return cls.from_dict(values_in(text))

    @classmethod
    def load(cls, path) -> "Scenario":
        """The scenario in the JSON or YAML file `path`; errors name the file."""
        try:
            return cls.from_text(text_of(path))
        except ScenarioError as error:
            raise ScenarioError(f"{path}: {error}", field=error.field) from None
