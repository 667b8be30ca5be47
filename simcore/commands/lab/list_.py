"""`pdscope lab list`: the algorithms that ship."""

from simcore.commands.text import table_text

name = "list"
help = "list the algorithms that ship"


def add_arguments(parser):
    """It takes none."""


def execute(arguments) -> int:
    from simcore.distributed.algorithms import ALGORITHMS

    rows = [[name, ALGORITHMS[name].label] for name in ALGORITHMS.names()]
    print(table_text(["algorithm", "what it is"], rows))
    return 0
