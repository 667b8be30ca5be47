"""From end-to-end tables of serving engines to constants of their releases, and to predictions."""

from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd

from gpu_catalog import LatentAttention
from simcore.calibration.silicon import ROUNDS, Case, Unpredictable, case_of
from simcore.costs.operators.layer import StepTimes
from simcore.costs.releases import Work

BUDGET = 8192


def cases_of(rows: pd.DataFrame) -> tuple[list[Case | None], list[str]]:
    """The case of each row, None where there is none, and a note on each: the reason, or what was
    assumed.
    """
    cases, notes = [], []
    for row in rows.to_dict("records"):
        try:
            case = case_of(row)
            _refuse_what_does_not_fit(case)
        except Unpredictable as reason:
            cases.append(None)
            notes.append(str(reason))
        else:
            cases.append(case)
            notes.append("; ".join(case.notes))
    return cases, notes


def work_of(cases: list[Case]) -> Work:
    """What the kernels of the cases take; each distinct deployment is evaluated once."""
    place = {}
    for index, case in enumerate(cases):
        place.setdefault((case.decode, case.prefill), []).append(index)
    columns = {}
    for (decode, prefill), indices in place.items():
        part = _work([cases[i] for i in indices], decode, prefill or decode)
        for name, values in part.items():
            columns.setdefault(name, np.empty(len(cases)))[indices] = values
    names = [field.name for field in fields(StepTimes)]
    steps = {
        phase: StepTimes(**{name: columns.pop(f"{phase}_{name}") for name in names})
        for phase in ("decode", "prefill")
    }
    return Work(**steps, **columns)


def _work(cases, decode, prefill):
    def each(function):
        return np.array([function(case) for case in cases], dtype=float)

    concurrency, output = each(lambda c: c.concurrency), each(lambda c: c.output)
    prompt, replicas = each(lambda c: c.prompt), each(lambda c: c.decode_replicas)
    apart = each(lambda c: c.prefill is not None) > 0
    load = concurrency / replicas
    context = prompt + output / 2
    running = np.minimum(load, np.maximum(decode.requests_that_fit(context), 1.0))
    running = np.maximum(running, np.minimum(load, 1.0))
    load_of_group = {"requests": np.maximum(running / decode.dp, 1.0), "context": context}
    decoding = decode.decode_times(**load_of_group)
    streaming = decode.without_launches().decode_times(**load_of_group)
    prefilling, chunks = prefill.prefill_times(tokens=prompt, budget=BUDGET)
    llm, chip = decode.llm, decode.ranks.chip
    form = chip.runs(llm.gemm_dtype)
    part = {f"decode_{name}": value for name, value in vars(streaming).items()}
    part |= {f"prefill_{name}": value for name, value in vars(prefilling).items()}
    return part | {
        "launches": decoding.total - streaming.total,
        "chunks": chunks,
        "layers": llm.layers,
        "expert_layers": decode.whole.sparse_layers,
        "norm_layers": decode.whole.layers * getattr(llm.attention, "qk_norm", False),
        "latent_layers": decode.whole.layers * isinstance(llm.attention, LatentAttention),
        "fp8": form == "fp8",
        "fp4": form == "fp4",
        "running": running,
        "groups": np.minimum(decode.dp, running),
        "concurrency": load,
        "prompt": prompt,
        "output": output,
        "rounds": ROUNDS,
        "apart": apart,
        "servers": each(lambda c: c.prefill_replicas * max(1, prefill.dp)) / replicas,
        "transfer_s": 0.0,
    }


@dataclass(frozen=True)
class Predictable:
    """The rows of a table that can be predicted.

    Attributes
    ----------
    rows : of the table, numbered from 0
    cases, work : what they ran
    """

    rows: pd.DataFrame
    cases: tuple[Case, ...]
    work: Work

    @property
    def ttft(self) -> np.ndarray:
        """Measured mean TTFT [s]; NaN where unknown."""
        return self.rows["ttft_ms"].to_numpy(float) * 1e-3

    @property
    def tpot(self) -> np.ndarray:
        """Measured mean TPOT [s]; NaN where unknown."""
        return self.rows["tpot_ms"].to_numpy(float) * 1e-3

    def where(self, chosen) -> "Predictable":
        """Those of the chosen rows (true or false for each)."""
        chosen = np.asarray(chosen, dtype=bool)
        cases = tuple(case for case, keep in zip(self.cases, chosen, strict=True) if keep)
        rows = self.rows[chosen].reset_index(drop=True)
        return Predictable(rows, cases, part_of(self.work, chosen))


def predictable(rows: pd.DataFrame) -> Predictable:
    """The rows that can be predicted, with what they ran."""
    cases, _ = cases_of(rows)
    kept = tuple(case for case in cases if case is not None)
    chosen = [case is not None for case in cases]
    return Predictable(rows[chosen].reset_index(drop=True), kept, work_of(list(kept)))


def _refuse_what_does_not_fit(case: Case) -> None:
    room = case.decode.requests_that_fit(case.prompt + case.output)
    if room < 1:
        raise Unpredictable(
            f"the weights of {case.decode.llm.name} leave no room for the KV cache of a request on "
            f"{case.decode.gpus} × {case.decode.gpu.name}"
        )


def part_of(work: Work, chosen) -> Work:
    """The chosen cases of `work`."""
    parts = {}
    for field in fields(work):
        value = getattr(work, field.name)
        if isinstance(value, StepTimes):
            value = StepTimes(**{n: np.asarray(v)[chosen] for n, v in vars(value).items()})
        else:
            value = value[chosen]
        parts[field.name] = value
    return replace(work, **parts)
