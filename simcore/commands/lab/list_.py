"""`pdscope lab list`: the algorithms that ship."""

from simcore.commands.lab.shipped import settings_shown
from simcore.commands.text import table_text

name = "list"
help = "list the algorithms that ship"


def add_arguments(parser):
    """It takes none."""


def execute(arguments) -> int:
    from simcore.distributed.algorithms import ALGORITHMS

    rows = [
        [name, algorithm.label, settings_shown(algorithm)]
        for name, algorithm in ALGORITHMS.registered.items()
    ]
    print(table_text(["algorithm", "what it is", "settings"], sorted(rows)))
    return 0
