"""Flags for every scenario field, made from the fields themselves."""

import gpu_catalog
from simcore.costs import COST_MODELS
from simcore.costs.serving_engines import add_constants_file
from simcore.errors import PdscopeError
from simcore.parameters import Number, parameters_of
from simcore.scenario import Scenario
from simcore.topologies import load_topology


def add_scenario_arguments(parser, *, without=()):
    """Add FILE and a flag for each scenario field but those in `without`."""
    parser.add_argument("file", nargs="?", metavar="FILE", help="a scenario in JSON or YAML")
    group = parser.add_argument_group("scenario", "each flag overrides the value in FILE")
    for name, info in parameters_of(Scenario).items():
        if name in without:
            continue
        metavar = (info.symbol or "X").split()[-1] if isinstance(info, Number) else "NAME"
        group.add_argument(
            "--" + name.replace("_", "-"),
            dest=name,
            metavar=metavar,
            type=number_or_text if isinstance(info, Number) else str,
            help=info.help.replace("%", "%%"),
        )
    group.add_argument(
        "--constants",
        metavar="FILE.toml",
        help="a serving engine of your own: what `pdscope calibrate` wrote, in place of --engine",
    )


def scenario_from(arguments, default: Scenario | None = None) -> Scenario:
    """The scenario that FILE and the flags describe; raises ScenarioError.

    `--pp` sets both pools unless `--decode-pp` is given too, even where FILE has a decode_pp.
    `--llm` may also name the config.json of a model, `--topology` the file of one, and
    `--constants` those of an engine.
    """
    if arguments.file is not None:
        values = Scenario.load(arguments.file).to_dict()
    else:
        values = (default or Scenario()).to_dict()
    flags = {
        name: value
        for name in parameters_of(Scenario)
        if (value := getattr(arguments, name, None)) is not None
    }
    if str(flags.get("llm", "")).endswith(".json"):
        flags["llm"] = gpu_catalog.add_model_file(flags["llm"])
    if str(flags.get("topology", "")).endswith(".toml"):
        flags["topology"] = load_topology(flags["topology"])
    if "pp" in flags:
        flags.setdefault("decode_pp", None)
    if arguments.constants is None:
        return Scenario.from_dict({**values, **flags})
    if "engine" in flags:
        raise PdscopeError("--engine and --constants exclude each other; give one of them")
    flags["engine"] = add_constants_file(arguments.constants)
    scenario = Scenario.from_dict({**values, **flags})
    if not COST_MODELS[scenario.cost_model].knows_engines:
        raise PdscopeError(
            f"--constants has no effect on {scenario.cost_model} costs; use --cost-model calibrated"
        )
    return scenario


def number_or_text(text):
    """`text` as a number where it is one; the field's own check says what is wrong otherwise."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
