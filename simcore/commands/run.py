"""`pdscope run`: one scenario."""

import dataclasses
import json

from simcore.commands.explained import (
    critical_path_as_json,
    critical_path_as_text,
    explained_as_json,
    explained_as_text,
)
from simcore.commands.files import check_folder
from simcore.commands.scenario_flags import add_scenario_arguments, scenario_from
from simcore.explain.numbers import gib, percent, quantity
from simcore.exports import FORMATS, format_of, write_trace
from simcore.run import Result, expected_errors_of, run
from simcore.units import MS

TIMES = (
    ("TTDS", "ttds_s", "time to decode start"),
    ("TPOT", "tpot_s", "time per output token"),
    ("TTFT", "ttft_s", "time to first token"),
)

FIGURES = (
    *("ttds_s", "tpot_s", "ttft_s", "bubble", "handoff_hidden_s", "handoff_exposed_s"),
    *("prefill_tokens_per_s", "decode_tokens_per_s"),
    *("prefill_tokens_per_s_per_gpu", "decode_tokens_per_s_per_gpu"),
)

name = "run"
help = "simulate one scenario"


def add_arguments(parser):
    add_scenario_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument(
        "--explain",
        action="store_true",
        help="say what bounds the run and what a step of each control would change",
    )
    endings = ", ".join(entry.endings[0] for entry in FORMATS.values())
    parser.add_argument("--trace", metavar="FILE", help=f"write the trace, to one of {endings}")


def execute(arguments) -> int:
    if arguments.trace is not None:
        # Refuse what cannot be written before the work.
        format_of(arguments.trace)
        check_folder(arguments.trace)
    result = run(scenario_from(arguments))
    if arguments.trace is not None:
        write_trace(result, arguments.trace)
    if arguments.json:
        found = as_json(result)
        if arguments.explain:
            found |= explained_as_json(result)
        print(json.dumps(found, indent=2))
    else:
        print(as_text(result))
        if arguments.explain:
            print(f"\n{explained_as_text(result)}")
    return 0


def as_json(result: Result) -> dict:
    """The result as JSON has it: seconds and bytes, shares from 0 to 1."""
    metrics = result.metrics
    expected = expected_errors_of(result.scenario)
    used = result.plan.collectives
    return {
        "scenario": result.scenario.to_dict(),
        **{name: getattr(metrics, name) for name in FIGURES},
        "expected_error": {
            name: {"share": one.share, "bound": one.bound.value, "reason": one.reason}
            for name, one in expected.items()
        },
        "events": metrics.events,
        "collectives": {
            "form": used.form.value,
            "why": used.text,
            "algorithms": [
                {"pool": pool, "kind": kind, "algorithm": algorithm}
                for pool, kind, algorithm in used.algorithms
            ],
            "merged": used.merged,
            "one_by_one": used.one_by_one,
            "shared_channel": used.shared,
        }
        if used
        else None,
        "memory": {
            pool.pool: {
                **{k: v for k, v in dataclasses.asdict(pool).items() if k != "pool"},
                "need": pool.need,
            }
            for pool in result.memory
        },
        "device_busy": metrics.device_busy.to_dict("records"),
        "channel_use": metrics.channel_use.to_dict("records"),
        "critical_path": critical_path_as_json(result),
    }


def as_text(result: Result) -> str:
    """The result for people."""
    s, m = result.scenario, result.metrics
    expected = expected_errors_of(s)
    lines = [
        f"{s.llm}, {s.prefill_gpu} to {s.decode_gpu}, {_degrees(s)}, N {s.batch_size}, "
        f"T {s.prompt_tokens}, M {s.chunk_tokens}, O {s.output_tokens}, {s.costs_told}",
        "",
        *(
            f"{name}  {getattr(m, field) / MS:10.3f} ms {expected[field].short:8} {meaning}"
            for name, field, meaning in TIMES
        ),
        # What is said of the first token covers all before it.
        expected["ttft_s"].reason,
        "",
        f"pipeline bubble {percent(m.bubble)}; KV handoff {m.handoff_hidden_s / MS:.3f} ms hidden "
        f"behind prefill, {m.handoff_exposed_s / MS:.3f} ms exposed",
        f"prefill {quantity(m.prefill_tokens_per_s, 'tokens/s')}, decode "
        f"{quantity(m.decode_tokens_per_s, 'tokens/s')}; per GPU "
        f"{quantity(m.prefill_tokens_per_s_per_gpu, 'tokens/s')} and "
        f"{quantity(m.decode_tokens_per_s_per_gpu, 'tokens/s')}",
    ]
    if result.plan.collectives:
        lines.append(result.plan.collectives.text)
    lines.append(critical_path_as_text(result))
    for pool in result.memory:
        parts = " + ".join(f"{gib(size)} {name}" for name, size in pool.parts.items())
        lines.append(
            f"{pool.pool} memory {gib(pool.need)} of {gib(pool.limit)} allowed ({parts}, stage "
            f"{pool.stage})"
        )
    return "\n".join(lines)


def _degrees(scenario):
    """The degrees of parallelism of the pools, those that are 1 left out but PP."""
    prefill, decode = scenario.prefill_pool, scenario.decode_pool
    told = []
    for symbol in ("pp", "tp", "dp", "ep"):
        ours, theirs = getattr(prefill, symbol), getattr(decode, symbol)
        if symbol == "pp" or max(ours, theirs) > 1:
            told.append(
                f"{symbol.upper()} {ours}" + (f" (decode {theirs})" if ours != theirs else "")
            )
    if scenario.decode_microbatches > 1:
        told.append(f"{scenario.decode_microbatches} micro-batches")
    return ", ".join(told)
