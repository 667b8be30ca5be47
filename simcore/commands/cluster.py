"""`pdscope cluster`: a serving cluster, request by request."""

import json
import sys
from pathlib import Path

from simcore.commands.files import write_text
from simcore.errors import PdscopeError, one_line
from simcore.executors import executor_for

name = "cluster"
help = "simulate a serving cluster, request by request"

PARTIAL = 2
"""The exit status where an error ended the run before all requests had come."""

SHOWN = (
    *("factor", "seed", "rate_per_s", "ttft_mean_s", "ttft_p99_s", "tpot_mean_s", "tpot_p99_s"),
    *("throughput", "goodput", "attainment", "verdict", "reason"),
)
"""Columns of a sweep that a terminal has room for."""


def add_arguments(parser):
    parser.add_argument(
        "file", metavar="SCENARIO.yaml", help="pools, fabric, workload and policies: YAML or JSON"
    )
    parser.add_argument(
        "--trace", metavar="FILE", help="ask what this trace says, in place of the workload's laws"
    )
    parser.add_argument("--requests", type=int, metavar="N", help="the first N requests only")
    parser.add_argument(
        "--seeds", type=int, metavar="K", help="means over K seeds, with confidence intervals"
    )
    parser.add_argument(
        "--compare",
        action="store_true",
        help="also as one aggregated pool on the same GPUs, and what makes the difference",
    )
    parser.add_argument(
        "--rates",
        metavar="F,F,...",
        help="a table over rates instead: factors on the arrival rates, e.g. 0.5,1,1.5,2",
    )
    parser.add_argument("--jobs", type=int, metavar="J", help="processes for seeds and rates")
    parser.add_argument(
        "--dask", metavar="ADDRESS", help="run seeds and rates on the workers of this scheduler"
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="print the result as JSON")
    how.add_argument(
        "--out", metavar="DIR", help="write summary.json, requests and timelines to this folder"
    )


def execute(arguments) -> int:
    # Here rather than above: other commands need not wait for what it imports.
    from simcore.serving.scenario import ClusterScenario

    path = Path(arguments.file)
    scenario = ClusterScenario.load(path)
    folder = path.parent
    if arguments.trace is not None:
        # Named from where the command is run, not from where the scenario lies.
        trace = Path(arguments.trace)
        folder, scenario = trace.parent, scenario.asking(trace=trace.name)
    if arguments.requests is not None:
        scenario = scenario.asking(requests=arguments.requests)
    for flag in ("jobs", "dask"):
        several = arguments.seeds is not None or arguments.rates is not None
        if getattr(arguments, flag) is not None and not several:
            raise PdscopeError(f"--{flag} has no effect on one run; give --seeds or --rates")
    if arguments.rates is not None:
        return _sweep(arguments, scenario, folder)
    if arguments.seeds is not None and arguments.seeds != 1:
        return _seeds(arguments, scenario, folder)
    return _once(arguments, scenario, folder)


def _once(arguments, scenario, folder):
    from simcore.serving.replica import Role
    from simcore.serving.results import as_json, as_text, simulate
    from simcore.serving.results.explain import compared_sentence, differences
    from simcore.serving.results.files import REQUESTS, write_result
    from simcore.serving.scenario import aggregated

    if arguments.compare and all(pool.role is Role.BOTH for pool in scenario.pools):
        raise PdscopeError(
            "--compare: every pool does all of a request, so the cluster is aggregated already; "
            "give pools with role prefill and decode"
        )
    out = None if arguments.out is None else _folder(arguments.out)
    result = simulate(scenario, folder=folder, file=out and out / REQUESTS)
    found = as_json(result)
    sentence = ""
    if arguments.compare:
        other = simulate(aggregated(scenario), folder=folder)
        terms = differences(result, other)
        sentence = compared_sentence(terms)
        found["aggregated"] = as_json(other)
        found["difference_s"] = {each.name: each.more_s for each in terms}
        found["compared"] = sentence
    if out is not None:
        write_result(result, found, out)
    _print(arguments, found, "\n".join(filter(None, (as_text(found), sentence))))
    return _status(found)


def _seeds(arguments, scenario, folder):
    from simcore.serving.results import as_text, over_seeds

    if arguments.compare:
        raise PdscopeError("--compare and --seeds exclude each other; give one of them")
    out = None if arguments.out is None else _folder(arguments.out)
    with executor_for(jobs=arguments.jobs, dask=arguments.dask, on_waiting=_tell) as executor:
        found = over_seeds(scenario, arguments.seeds, folder=folder, executor=executor).plain()
    if out is not None:
        write_text(out / "summary.json", json.dumps(found, indent=2, allow_nan=False))
    _print(arguments, found, as_text(found))
    return _status(found)


def _sweep(arguments, scenario, folder):
    from simcore.serving.results import at_rates

    if arguments.compare:
        raise PdscopeError("--compare and --rates exclude each other; give one of them")
    try:
        factors = [float(part) for part in arguments.rates.split(",")]
    except ValueError:
        raise PdscopeError(
            f"--rates {arguments.rates!r} are no factors; write numbers with commas between"
        ) from None
    out = None if arguments.out is None else _folder(arguments.out)
    with executor_for(jobs=arguments.jobs, dask=arguments.dask, on_waiting=_tell) as executor:
        table = at_rates(
            scenario, factors, seeds=arguments.seeds or 1, folder=folder, executor=executor
        )
    if out is not None:
        write_text(out / "rates.csv", table.to_csv(index=False))
    if arguments.json:
        print(table.to_json(orient="records", indent=2))
    else:
        print(table[[column for column in SHOWN if column in table]].to_string(index=False))
    return 0


def _print(arguments, found, text):
    if arguments.json:
        print(json.dumps(found, indent=2, allow_nan=False))
    else:
        print(text)
    if found["partial"]:
        print(one_line(f"pdscope {name}: partial: {found['partial']}"), file=sys.stderr)


def _status(found):
    return PARTIAL if found["partial"] else 0


def _folder(path):
    """The folder for results, there and empty of what a run before has left."""
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PdscopeError(f"{path}: cannot be written: {error.strerror}") from None
    return folder


def _tell(message):
    print(one_line(f"pdscope {name}: {message}"), file=sys.stderr, flush=True)
