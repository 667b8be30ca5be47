"""`pdscope lab compare`: a program simulated against the same program on real processes."""

import json

from simcore.commands.lab import flags
from simcore.commands.lab.run import deployed, simulated
from simcore.commands.lab.told import comparison_as_json, comparison_as_text

name = "compare"
help = "simulated against deployed, operation by operation"


def add_arguments(parser):
    flags.add_program(parser)
    flags.add_network(parser)
    flags.add_collectives(parser)
    flags.add_timing(parser, "measured")
    flags.add_deployment(parser)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def execute(arguments) -> int:
    from simcore.distributed.measuring.compare import compared

    flags.check_ranks(arguments, flags.MOST_PROCESSES)
    # What is wrong with a program shows sooner where nothing has to be started for it.
    simulation, where = simulated(arguments)
    reality, _ = deployed(arguments)
    if not flags.is_first_process():
        return 0
    table = compared(simulation.trace, reality.trace)
    runs = simulation, reality
    if arguments.json:
        found = comparison_as_json(table, runs, arguments, where)
        print(json.dumps(found, indent=2, allow_nan=False))
    else:
        print(comparison_as_text(table, runs, arguments, where))
        if not flags.names_network(arguments):
            print(
                "\nNo network was named, so this is not one of these processes: measure it with "
                "`pdscope lab profile --out net.json`, and give --network-profile net.json"
            )
    return 0
