"""What a cost model costs beside the run it is for.

    python benchmarks/costs.py

Shortest of several, the cost models by turns in one process: the costs of every pass, and the whole
run. Each round has another prompt, so that the costs are new; the run then finds the kernels' times
known, as runs do that differ in PP, K or the engine alone.
"""

import time

from simcore import Scenario, run
from simcore.run import cost_model_of

MODELS = ("physical", "calibrated")
SCENARIOS = (
    ("default", Scenario(), 40),
    ("64 output tokens", Scenario(output_tokens=64), 40),
    ("experts", Scenario(llm="Mixtral-8x22B", pp=8), 40),
    ("PP 32, T 16384, M 32", Scenario(pp=32, prompt_tokens=16384, chunk_tokens=32), 8),
)


def main():
    print(f"{'ms':24}{'costs':>10}{'':>14}{'run':>10}")
    print(f"{'':24}" + "".join(f"{name:>12}" for name in (*MODELS, *MODELS)))
    for name, base, rounds in SCENARIOS:
        best = {}
        for round_ in range(rounds):
            for model in MODELS:
                tokens = base.prompt_tokens - round_
                scenario = base.replace(cost_model=model, prompt_tokens=tokens)
                for what in (_costs, run):
                    begin = time.perf_counter()
                    what(scenario)
                    took = time.perf_counter() - begin
                    best[what, model] = min(took, best.get((what, model), took))
        print(
            f"{name:24}"
            + "".join(f"{best[what, m] * 1e3:12.2f}" for what in (_costs, run) for m in MODELS)
        )


def _costs(scenario):
    costs = cost_model_of(scenario)
    for stage in range(scenario.pp):
        costs.prefill_passes(stage)
    for stage in range(scenario.decode_stages):
        costs.decode_passes(stage)


if __name__ == "__main__":
    main()
