"""Runs of programs, and comparisons, as text for people and as JSON."""

import math

from simcore.commands.text import table_text
from simcore.units import MS

MOST_ROWS = 40
"""Of a table on a terminal."""


def run_as_text(run, arguments, where: str) -> str:
    """The run for people: when it ended, each rank, each operation, and the critical path."""
    per_rank = run.trace.per_rank
    # Few programs have time in which they do nothing on purpose.
    idles = bool((per_rank["idle_s"] > 0).any())
    ranks = [
        [
            row.rank,
            _ms(row.end_s),
            _ms(row.compute_s),
            *([_ms(row.idle_s)] if idles else []),
            _ms(row.exposed_s),
            _ms(row.hidden_s),
            f"{row.sent_bytes:,}",
            f"{peak:,}",
        ]
        for row, peak in zip(per_rank.itertuples(), run.peak_bytes, strict=True)
    ]
    operations = [
        [row.operation, row.count, f"{row.bytes:,}", _ms(row.median_s), _ms(row.total_s)]
        for row in run.trace.per_operation.itertuples()
    ]
    path = [
        [row.kind, row.operation, row.count, _ms(row.seconds)]
        for row in run.trace.critical_path().by_operation.itertuples()
    ]
    tables = (
        (
            [
                *("rank", "ends ms", "computes ms"),
                *(["idle ms"] if idles else []),
                *("exposed ms", "hidden ms", "sent B", "peak B"),
            ],
            ranks,
        ),
        (["operation", "calls", "bytes", "median ms", "total ms"], operations),
        (["critical path", "of", "times", "ms"], path),
    )
    lines = [
        f"{arguments.program} on {run.ranks} ranks, {_mode(arguments)}: {where}; collectives "
        f"{arguments.profile}",
        f"ended after {_ms(run.seconds)} ms",
    ]
    for header, rows in tables:
        if rows:
            lines += ["", _bounded(header, rows)]
    return "\n".join(lines)


def run_as_json(run, arguments, where: str) -> dict:
    """The run in seconds and bytes."""
    per_rank = run.trace.per_rank.assign(peak_bytes=run.peak_bytes)
    return {
        "program": arguments.program,
        "ranks": run.ranks,
        "mode": _mode(arguments),
        "network": where,
        "collectives": arguments.profile,
        "seconds": run.seconds,
        "per_rank": per_rank.to_dict("records"),
        "operations": run.trace.per_operation.to_dict("records"),
        "critical_path": run.trace.critical_path().by_operation.to_dict("records"),
    }


def comparison_as_text(table, runs, arguments, where: str) -> str:
    """Simulated against deployed: the whole run, then each operation."""
    simulated, deployed = runs
    rows = [
        [
            row.operation,
            f"{row.bytes:,}",
            f"{row.simulated:,}",
            f"{row.deployed:,}",
            _ms(row.simulated_s),
            _ms(row.deployed_s),
            _number(row.ratio),
            _number(row.repeatability),
        ]
        for row in table.itertuples()
    ]
    header = ["operation", "bytes", "simulated", "deployed", "simulated ms", "deployed ms"]
    return "\n".join(
        [
            f"{arguments.program} on {simulated.ranks} ranks; simulated: {where}",
            f"whole run: simulated {_ms(simulated.seconds)} ms, deployed "
            f"{_ms(deployed.seconds)} ms, ratio {_number(simulated.seconds / deployed.seconds)}",
            "",
            _bounded([*header, "ratio", "repeats to"], rows),
        ]
    )


def comparison_as_json(table, runs, arguments, where: str) -> dict:
    """The same in seconds; what there is nothing to tell by is null."""
    simulated, deployed = runs
    return {
        "program": arguments.program,
        "ranks": simulated.ranks,
        "network": where,
        "collectives": arguments.profile,
        "simulated_s": simulated.seconds,
        "deployed_s": deployed.seconds,
        "operations": [
            {key: None if _unknown(value) else value for key, value in row.items()}
            for row in table.to_dict("records")
        ],
    }


def _bounded(header, rows):
    text = table_text(header, rows[:MOST_ROWS])
    left = len(rows) - MOST_ROWS
    return f"{text}\n... {left:,} more, which --json has" if left > 0 else text


def _mode(arguments):
    return "deployed" if arguments.deploy else "simulated"


def _ms(seconds):
    return "-" if _unknown(seconds) else f"{seconds / MS:.3f}"


def _number(value):
    return "-" if _unknown(value) else f"{value:.3f}"


def _unknown(value):
    return isinstance(value, float) and math.isnan(value)
