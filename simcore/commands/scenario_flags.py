"""Flags for every scenario field, made from the fields themselves."""

import gpu_catalog
from simcore.parameters import Number, parameters_of
from simcore.scenario import Scenario


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


def scenario_from(arguments, default: Scenario | None = None) -> Scenario:
    """The scenario that FILE and the flags describe; raises ScenarioError.

    `--pp` sets both pools unless `--decode-pp` is given too, even where FILE has a decode_pp.
    `--llm` may also name the config.json of a model.
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
    if "pp" in flags:
        flags.setdefault("decode_pp", None)
    return Scenario.from_dict({**values, **flags})


def number_or_text(text):
    """`text` as a number where it is one; the field's own check says what is wrong otherwise."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
