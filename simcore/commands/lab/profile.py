"""`pdscope lab profile`: the network between real processes."""

from functools import partial

from simcore.commands.files import check_folder, write_text
from simcore.commands.lab import flags
from simcore.commands.lab.quantities import size_of
from simcore.commands.text import table_text
from simcore.errors import PdscopeError
from simcore.explain.numbers import percent

name = "profile"
help = "measure and fit the network between real processes; this needs torch"

QUICK = {"max_bytes": "1MiB", "rounds": 4, "factor": 4}
USUAL = {"max_bytes": "64MiB", "rounds": 10, "factor": 2}
TIMEOUT_S = 1800.0


def add_arguments(parser):
    parser.add_argument(
        "--ranks",
        default="2",
        metavar="N[,N...]",
        help="how many processes, one run for each number (default: 2)",
    )
    parser.add_argument(
        "--operations",
        metavar="NAME[,NAME...]",
        help="of send, broadcast, all_gather and all_reduce (default: all)",
    )
    parser.add_argument(
        "--max-bytes", metavar="SIZE", help=f"the largest size (default: {USUAL['max_bytes']})"
    )
    parser.add_argument(
        "--rounds",
        type=int,
        metavar="R",
        help=f"how often to measure each size (default: {USUAL['rounds']})",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"fewer sizes, up to {QUICK['max_bytes']}, in {QUICK['rounds']} rounds",
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="S", help="of the order of sizes in each round"
    )
    flags.add_collectives(parser)
    parser.add_argument("--backend", choices=("gloo", "nccl"), default="gloo")
    parser.add_argument(
        "--timeout", metavar="TIME", help="give up after this for each number of ranks (1800s)"
    )
    parser.add_argument("--out", metavar="FILE.json", help="write the profile to this file")
    parser.add_argument("--json", action="store_true", help="print the profile as JSON")


def execute(arguments) -> int:
    # Here rather than above: other commands need not wait for pandas and SciPy.
    from simcore.distributed.measuring.network_profile import fit_profile, profile_text
    from simcore.distributed.measuring.program import (
        check_extent,
        measure_network,
        sizes_up_to,
    )
    from simcore.distributed.measuring.shapes import OPERATIONS, shape_of

    usual = QUICK if arguments.quick else USUAL
    extent = {
        "ranks": _ranks(arguments.ranks),
        "operations": _operations(arguments.operations) or OPERATIONS,
        "sizes": sizes_up_to(
            size_of(arguments.max_bytes or usual["max_bytes"], "--max-bytes"),
            factor=usual["factor"],
        ),
        "rounds": usual["rounds"] if arguments.rounds is None else arguments.rounds,
    }
    check_extent(**extent)
    for operation in extent["operations"]:
        shape_of(arguments.profile, operation)
    if arguments.out is not None:
        check_folder(arguments.out)
    timeout_s = flags.timeout_of(arguments.timeout, TIMEOUT_S)
    from simcore.distributed import deploy

    runner = partial(
        deploy, backend=arguments.backend, profile=arguments.profile, timeout_s=timeout_s
    )
    samples = measure_network(runner, seed=arguments.seed, **extent)
    if not flags.is_first_process():
        return 0
    profile = fit_profile(
        samples, backend=arguments.backend, collectives=arguments.profile, seed=arguments.seed
    )
    text = profile_text(profile)
    if arguments.out is not None:
        write_text(arguments.out, text)
    print(text if arguments.json else _told(profile), end="" if arguments.json else "\n")
    return 0


def _ranks(text):
    try:
        found = tuple(int(part) for part in text.split(","))
    except ValueError:
        raise PdscopeError(
            f"--ranks {text[:60]!r} is no list of whole numbers, such as 2 or 2,4"
        ) from None
    if len(set(found)) != len(found):
        raise PdscopeError(f"--ranks {text[:60]}: a number stands twice; keep one of them")
    return found


def _operations(text):
    if text is None:
        return None
    found = tuple(part.strip() for part in text.split(","))
    if len(set(found)) != len(found):
        raise PdscopeError(f"--operations {text[:60]}: a name stands twice; keep one of them")
    return found


def _told(profile):
    """The profile for people."""
    lines = []
    for fit in profile.operations:
        for number, line in enumerate(fit.lines):
            lines.append(
                [
                    fit.operation,
                    _upper(line.up_to_bytes),
                    f"{line.latency_s * 1e6:.3f}",
                    _rate(line.seconds_per_byte),
                    *([f"{fit.r2:.4f}", percent(fit.mape), percent(fit.held_out_mape),
                       percent(fit.repeatability)] if number == 0 else ["-"] * 4),
                ]
            )  # fmt: skip
    header = ["operation", "up to B", "latency us", "GB/s", "R2", "MAPE", "held out", "repeats to"]
    buckets = [
        [
            fit.operation,
            f"{_upper(bucket.from_bytes)} to {_upper(bucket.to_bytes)}",
            percent(bucket.mape),
            percent(bucket.repeatability),
        ]
        for fit in profile.operations
        for bucket in fit.buckets
    ]
    told = table_text(header, lines)
    return f"{told}\n\n{table_text(['operation', 'sizes B', 'MAPE', 'repeats to'], buckets)}"


def _upper(size):
    return f"{size:,.0f}"


def _rate(seconds_per_byte):
    return f"{1e-9 / seconds_per_byte:.4g}" if seconds_per_byte > 0 else "-"
