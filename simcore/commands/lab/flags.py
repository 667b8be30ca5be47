"""Flags that several actions share, and what they stand for."""

import os
from io import StringIO

from simcore.commands.lab.quantities import rate_of, size_of, time_of
from simcore.errors import PdscopeError
from simcore.reading import text_of

MOST_PROCESSES = 64
MOST_SLOWDOWN = 1e6
MOST_RECORDED_BYTES = 100_000_000


def taking_rest(parser_class):
    """A class of parsers that keep what stands after "--" for the program, as `rest`."""

    class Parser(parser_class):
        def parse_known_args(self, args=None, namespace=None):
            rest = []
            if "--" in args:
                place = args.index("--")
                args, rest = args[:place], args[place + 1 :]
            namespace, unknown = super().parse_known_args(args, namespace)
            namespace.rest = rest
            return namespace, unknown

    return Parser


def add_program(parser):
    parser.add_argument(
        "program",
        metavar="PROGRAM.py|NAME",
        help="a file with a function program(comm, ...), a script of torch.distributed, or an "
        "algorithm of `pdscope lab list`; what stands after -- is given to it",
    )
    parser.add_argument(
        "--ranks", type=int, default=2, metavar="N", help="how many ranks (default: 2)"
    )


def add_network(parser):
    parser.add_argument(
        "--network",
        metavar="star:RATE,LATENCY",
        help="each rank's NIC on one switch, such as star:100Mbit/s,10ms "
        "(default: star:100Gbit/s,10us); with ,half it sends or receives, not both at once",
    )
    parser.add_argument(
        "--topology", metavar="NAME", help="a topology of the catalog, or a TOML file of one's own"
    )
    parser.add_argument(
        "--gpu",
        metavar="NAME",
        help="what each rank is, on the topology and for compute(flops=, bytes=)",
    )
    parser.add_argument(
        "--network-profile",
        metavar="FILE.json",
        help="the star that `pdscope lab profile` has measured",
    )
    parser.add_argument(
        "--eager", metavar="SIZE", help="sends up to this size do not wait to be received"
    )


def add_collectives(parser):
    parser.add_argument(
        "--profile",
        default="portable",
        metavar="NAME",
        help="algorithms of the collectives: portable, gloo or nccl-ring (default: portable)",
    )


def add_timing(parser, usual: str):
    parser.set_defaults(usual_timing=usual)
    parser.add_argument(
        "--timing",
        metavar="HOW",
        help="how long computing takes, simulated: declared (as compute() tells), measured or "
        f"measured:SLOWDOWN, recorded:FILE.csv (default: {usual})",
    )


def add_deployment(parser):
    parser.add_argument("--backend", choices=("gloo", "nccl"), help="default: gloo")
    parser.add_argument(
        "--timeout", metavar="TIME", help="give up on real processes after this (default: 60s)"
    )


def check_ranks(arguments, most: int):
    """Raises PdscopeError unless there is a rank, and not more than `most`."""
    if not 1 <= arguments.ranks <= most:
        raise PdscopeError(f"--ranks {arguments.ranks} is out of range; use 1 to {most}")


def is_first_process() -> bool:
    """Whether this process is to tell what came out: of those that torchrun starts, the first."""
    return os.environ.get("RANK", "0") == "0"


def profile_of_collectives(name: str) -> str:
    """`name`, where there is such a profile; raises ScenarioError with the nearest one."""
    from simcore.distributed.collectives import PROFILES

    return PROFILES[name].name


def timeout_of(text: str | None, default: float = 60.0) -> float:
    """How long to wait for real processes [s]; raises PdscopeError for no time."""
    if text is None:
        return default
    seconds = time_of(text, "--timeout")
    if seconds <= 0:
        raise PdscopeError(f"--timeout {text} is no time to wait; use more than 0s, such as 60s")
    return seconds


def eager_bytes_of(text: str | None) -> int:
    """The most bytes of a send that does not wait to be received."""
    return 0 if text is None else size_of(text, "--eager")


def names_network(arguments) -> list[str]:
    """The flags by which a network was named."""
    return [
        f"--{name.replace('_', '-')}"
        for name in ("network", "topology", "network_profile")
        if getattr(arguments, name) is not None
    ]


def network_of(arguments):
    """The network that the flags describe, and how to call it; raises PdscopeError."""
    from simcore.distributed import on_topology, star

    given = names_network(arguments)
    if len(given) > 1:
        raise PdscopeError(f"{' and '.join(given)} exclude each other; give one of them")
    if arguments.topology is not None:
        name = arguments.topology
        if name.endswith(".toml"):
            from simcore.topologies import load_topology

            name = load_topology(name)
        options = {} if arguments.gpu is None else {"gpu": arguments.gpu}
        return on_topology(name, **options), f"topology {name}"
    if arguments.network_profile is not None:
        from simcore.distributed.measuring.network_profile import read_profile
        from simcore.distributed.measuring.stars import star_of

        rate, latency = star_of(read_profile(arguments.network_profile))
        told = f"star of {rate * 8 / 1e6:.4g} Mbit/s, {latency * 1e6:.4g} us, as measured in "
        return star(rate, latency), told + arguments.network_profile
    return _star(arguments.network or "star:100Gbit/s,10us")


def _star(text):
    from simcore.distributed import star

    kind, _, rest = text.partition(":")
    parts = rest.split(",")
    half = len(parts) == 3 and parts[2] == "half"
    if kind != "star" or not (len(parts) == 2 or half):
        raise PdscopeError(
            f"--network {text[:60]!r} is not star:RATE,LATENCY, such as star:100Mbit/s,10ms"
        )
    rate, latency = rate_of(parts[0], "--network"), time_of(parts[1], "--network")
    return star(rate, latency, full_duplex=not half), text


def timing_of(text: str, gpu: str | None):
    """What --timing stands for; raises PdscopeError."""
    from simcore.distributed import Declared, Measured

    kind, _, rest = text.partition(":")
    match kind:
        case "declared" if not rest:
            return Declared(gpu)
        case "measured":
            return Measured(_slowdown(rest)) if rest else Measured()
        case "recorded" if rest:
            return _recorded(rest)
    raise PdscopeError(
        f"--timing {text[:60]!r} is none of declared, measured, measured:SLOWDOWN, "
        "recorded:FILE.csv"
    )


def _slowdown(text):
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not 0 < factor <= MOST_SLOWDOWN:
        raise PdscopeError(
            f"--timing measured:{text[:60]}: use a factor above 0, up to {MOST_SLOWDOWN:,.0f}"
        )
    return factor


def _recorded(path):
    import pandas as pd

    from simcore.distributed import Recorded

    try:
        return Recorded(pd.read_csv(StringIO(text_of(path, MOST_RECORDED_BYTES))))
    except PdscopeError as error:
        raise PdscopeError(f"{path}: {error}") from None
    except ValueError as error:
        raise PdscopeError(f"{path}: is no CSV: {error}") from None
