"""The command line: `python -m simcore`, and `pdscope` with the page's commands added."""

import argparse
import os
import sys

from gpu_catalog import CatalogError
from simcore.commands import calibrate, catalog, cluster, flows, lab, predict, run
from simcore.commands.sweep import SweepCommand
from simcore.errors import PdscopeError, one_line

BAD_INPUT = 2
INTERRUPTED = 130


class _Parser(argparse.ArgumentParser):
    """One line on bad input, not the whole usage."""

    def error(self, message):
        self.exit(BAD_INPUT, f"{self.prog}: {one_line(message)}; see {self.prog} --help\n")


def main(argv=None, *, commands=(), sweep_writers=None) -> int:
    """Run one command and return the exit status: 0, or 2 for bad input.

    Parameters
    ----------
    commands : further commands, as `simcore.commands` describes them
    sweep_writers : further file formats of sweeps, by ending
    """
    parser = _Parser(
        prog="pdscope",
        description="Simulate disaggregated prefill and decode, exactly.",
        allow_abbrev=False,
    )
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    table = {}
    for command in (
        run,
        SweepCommand(sweep_writers),
        cluster,
        flows,
        predict,
        calibrate,
        catalog,
        lab,
        *commands,
    ):
        table[command.name] = command
        command.add_arguments(
            subparsers.add_parser(
                command.name, help=command.help, description=command.help, allow_abbrev=False
            )
        )
    arguments = parser.parse_args(argv)
    try:
        status = table[arguments.command].execute(arguments)
        sys.stdout.flush()
        return status
    except (PdscopeError, CatalogError) as error:
        # A file may be called anything.
        print(one_line(f"pdscope {arguments.command}: {error}"), file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader went away, as `head` does: leave quietly.
        _drop_output()
        return 0
    except OSError as error:
        _drop_output()
        print(f"pdscope {arguments.command}: cannot write: {error.strerror}", file=sys.stderr)
        return BAD_INPUT


def _drop_output():
    """Let what is still to be printed go nowhere, so that leaving cannot fail over it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
