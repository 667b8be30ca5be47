"""`pdscope lab run`: a program on ranks, simulated or real processes."""

import json
import sys
from contextlib import nullcontext, redirect_stdout

from simcore.commands.files import check_folder, write_text
from simcore.commands.lab import flags
from simcore.commands.lab.programs import defines_program, loaded, names_torch
from simcore.commands.lab.shipped import is_name, shipped_program
from simcore.commands.lab.told import run_as_json, run_as_text
from simcore.errors import PdscopeError

name = "run"
help = "run a program on ranks, simulated or as real processes"

ONLY_SIMULATED = ("network", "topology", "network_profile", "eager", "timing", "gpu")
ONLY_DEPLOYED = ("backend", "timeout")


def add_arguments(parser):
    flags.add_program(parser)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--simulate", action="store_true", help="simulate it (the default)")
    how.add_argument(
        "--deploy", action="store_true", help="run it on real processes; this needs torch"
    )
    flags.add_network(parser)
    flags.add_collectives(parser)
    flags.add_timing(parser, "declared")
    flags.add_deployment(parser)
    parser.add_argument(
        "--trace", metavar="FILE", help="write what each rank did: .csv, .parquet, .perfetto.json"
    )
    parser.add_argument(
        "--record",
        metavar="FILE.csv",
        help="write how long each piece of computing took, for --timing recorded:FILE.csv",
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def execute(arguments) -> int:
    check_flags(arguments)
    if arguments.trace is not None:
        from simcore.distributed.trace.files import lab_format_of

        lab_format_of(arguments.trace)
        check_folder(arguments.trace)
    if arguments.record is not None:
        check_folder(arguments.record)
    # What a program prints is not part of the JSON.
    with redirect_stdout(sys.stderr) if arguments.json else nullcontext():
        run, told = deployed(arguments) if arguments.deploy else simulated(arguments)
    if not flags.is_first_process():
        return 0
    if arguments.trace is not None:
        from simcore.distributed.trace.files import write_lab_trace

        write_lab_trace(run.trace, arguments.trace)
    if arguments.record is not None:
        write_text(arguments.record, run.trace.compute_table().to_csv(index=False))
    if arguments.json:
        print(json.dumps(run_as_json(run, arguments, told), indent=2, allow_nan=False))
    else:
        print(run_as_text(run, arguments, told))
    return 0


def check_flags(arguments) -> None:
    """Raises PdscopeError for flags that have no effect beside each other."""
    idle, why = (ONLY_SIMULATED, "a deployed run") if arguments.deploy else (
        ONLY_DEPLOYED, "a simulated run")  # fmt: skip
    for flag in idle:
        if getattr(arguments, flag) is not None:
            raise PdscopeError(f"--{flag.replace('_', '-')} has no effect on {why}; leave it out")
    timing = arguments.timing or arguments.usual_timing
    if arguments.record is not None and not arguments.deploy and timing == "declared":
        raise PdscopeError(
            "--record writes what was measured, and computing takes what the program tells; add "
            "--timing measured"
        )


def simulated(arguments):
    """The simulated run of the program that the flags name, and how to tell where it ran."""
    from simcore.distributed.simulated.simulate import MOST_RANKS

    flags.check_ranks(arguments, MOST_RANKS)
    network, told = flags.network_of(arguments)
    options = {
        "network": network,
        "timing": flags.timing_of(arguments.timing or arguments.usual_timing, arguments.gpu),
        "profile": flags.profile_of_collectives(arguments.profile),
        "eager_bytes": flags.eager_bytes_of(arguments.eager),
    }
    program, arguments_of_it = program_of(arguments)
    if program is None:
        from simcore.distributed.shim import simulate_script
        from simcore.distributed.trace.recorder import SpanKind

        run = simulate_script(arguments.program, arguments.ranks, argv=arguments.rest, **options)
        communicated = run.trace.spans["kind"].eq(SpanKind.COMMUNICATION.value).any()
        if not communicated and not names_torch(arguments.program):
            raise PdscopeError(
                f"{arguments.program} defines no function program(comm, ...), and is no script of "
                "torch.distributed either: it was run, and communicated nothing"
            )
    else:
        from simcore.distributed import simulate

        run = simulate(program, arguments.ranks, args=arguments_of_it, **options)
    return run, told


def deployed(arguments):
    """The run on real processes, and how to tell where it ran."""
    flags.check_ranks(arguments, flags.MOST_PROCESSES)
    program, arguments_of_it = program_of(arguments)
    if program is None:
        raise PdscopeError(
            f"{arguments.program} defines no function program(comm, ...), so it is a script of "
            f"its own; run it as torchrun --nproc-per-node {arguments.ranks} does, or simulate it"
        )
    from simcore.distributed import deploy

    backend = arguments.backend or "gloo"
    run = deploy(
        program,
        arguments.ranks,
        args=arguments_of_it,
        backend=backend,
        profile=flags.profile_of_collectives(arguments.profile),
        timeout_s=flags.timeout_of(arguments.timeout),
    )
    return run, f"{backend} between processes"


def program_of(arguments):
    """The program that the flags name, and its arguments; None where it is a script of its own."""
    named, rest = arguments.program, tuple(arguments.rest)
    if is_name(named):
        gpu = arguments.gpu
        return shipped_program(named, ranks=arguments.ranks, given=rest, gpu=gpu), ()
    if not defines_program(named):
        return None, rest
    return loaded(named), rest
