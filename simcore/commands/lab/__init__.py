"""`pdscope lab`: distributed programs, simulated and on real processes."""

import sys

from simcore.commands.lab import compare, list_, profile, run
from simcore.commands.lab.flags import taking_rest
from simcore.errors import PdscopeError, one_line

name = "lab"
help = "run distributed programs, simulated or on real processes"

BAD_INPUT = 2

ACTIONS = {action.name: action for action in (run, compare, profile, list_)}


def add_arguments(parser):
    actions = parser.add_subparsers(
        dest="action", metavar="ACTION", required=True, parser_class=taking_rest(type(parser))
    )
    for action in ACTIONS.values():
        action.add_arguments(
            actions.add_parser(
                action.name, help=action.help, description=action.help, allow_abbrev=False
            )
        )


def execute(arguments) -> int:
    try:
        if arguments.rest and not hasattr(arguments, "program"):
            raise PdscopeError(
                f"{arguments.action} has no program to give {arguments.rest[0]!r} to"
            )
        return ACTIONS[arguments.action].execute(arguments)
    except PdscopeError as error:
        # What went wrong in a program takes a line for each rank.
        first, *others = str(error).splitlines() or [type(error).__name__]
        print(one_line(f"pdscope {name}: {first}"), file=sys.stderr)
        for line in others:
            print(one_line(line), file=sys.stderr)
        return BAD_INPUT
