"""What is under "More": every setting without a slider, by what it is about.

What one seldom changes is folded away, and open where a link has changed it.
"""

from dataclasses import dataclass

from dash import html

from app.controls import control, pair, value_id
from app.still import still
from simcore import Scenario
from simcore.parameters import Group, parameters_of


@dataclass(frozen=True)
class Pair:
    """A setting of both pools, in one line.

    Attributes
    ----------
    prefill, decode : the fields; the prefill pool's may have its control elsewhere
    """

    prefill: str
    decode: str


@dataclass(frozen=True, kw_only=True)
class Section:
    """Settings under one heading.

    Attributes
    ----------
    title : the heading
    fields : what is always there, fields or pairs of them
    folded : by what one opens, further ones
    """

    title: str
    fields: tuple[str | Pair, ...] = ()
    folded: tuple[tuple[str, tuple[str | Pair, ...]], ...] = ()


FIRST = ("llm", "output_tokens", "vram_limit_ratio", "cost_model", "engine")
PARALLELISM = Section(
    title=Group.PARALLELISM.value,
    fields=(Pair("tp", "decode_tp"), Pair("pp", "decode_pp"), "decode_microbatches"),
    folded=(
        (
            "Experts",
            (
                *(Pair("dp", "decode_dp"), Pair("ep", "decode_ep")),
                *("expert_placement", "routing", "seed"),
            ),
        ),
        ("Layers of the stages", ("layer_split", "decode_layer_split")),
    ),
)
FABRIC = Section(
    title=Group.FABRIC.value,
    fields=("topology", "placement", "prefill_nics"),
    folded=(
        ("NICs and network", ("nic_mapping", "oversubscription")),
        ("Background and failures", ("background", "failures")),
    ),
)
TRANSFERS = Section(
    title=Group.TRANSFERS.value,
    folded=(
        ("Collectives", ("collectives", "all_reduce")),
        ("KV handoff", ("handoff", "handoff_layers", "handoff_by")),
    ),
)
SECTIONS = (PARALLELISM, FABRIC, TRANSFERS)


def fields_of(parts) -> tuple[str, ...]:
    """The fields of some parts of a section, pairs among them."""
    found = []
    for part in parts:
        found += [part.prefill, part.decode] if isinstance(part, Pair) else [part]
    return tuple(found)


def more_fields(elsewhere) -> tuple[str, ...]:
    """All fields that have their control here; `elsewhere` are those that have it outside."""
    parts = [*FIRST]
    for section in SECTIONS:
        parts += section.fields
        for _, folded in section.folded:
            parts += folded
    return tuple(field for field in fields_of(parts) if field not in elsewhere)


def more(page: str, scenario: Scenario, elsewhere):
    """The settings, each with its control but for those that have it elsewhere."""
    fields = more_fields(elsewhere)
    return html.Details(
        [
            html.Summary("More"),
            *_controls(page, scenario, FIRST, elsewhere),
            *[_section(page, scenario, section, elsewhere) for section in SECTIONS],
        ],
        id=f"{page}-more",
        className="more",
        open=_changed(scenario, fields),
    )


def _section(page, scenario, section, elsewhere):
    controls = _controls(page, scenario, section.fields, elsewhere)
    if any(isinstance(part, Pair) for part in section.fields):
        controls.insert(0, _pools())
    folds = [_fold(page, scenario, name, parts, elsewhere) for name, parts in section.folded]
    return html.Div(
        [still(html.H3(section.title)), *controls, *folds],
        className="more-section",
        role="group",
        **{"aria-label": section.title},
    )


def _fold(page, scenario, name, parts, elsewhere):
    fields = fields_of(parts)
    pools = [_pools()] if any(isinstance(part, Pair) for part in parts) else []
    return html.Details(
        [
            html.Summary(name),
            # Filled by the browser where the fields have no effect: why.
            still(html.Div(className="fold-note", **{"data-fields": " ".join(fields)})),
            *pools,
            *_controls(page, scenario, parts, elsewhere),
        ],
        className="fold",
        open=_changed(scenario, fields),
    )


def _pools():
    """The heading of pairs."""
    return still(
        html.Div([html.Span(), html.Span("Prefill"), html.Span("Decode")], className="pair-head")
    )


def _controls(page, scenario, parts, elsewhere):
    infos = parameters_of(Scenario)
    controls = []
    for part in parts:
        if isinstance(part, Pair):
            values = [getattr(scenario, field) for field in (part.prefill, part.decode)]
            mirror = _mirror(page, part.prefill) if part.prefill in elsewhere else None
            controls.append(pair(page, (part.prefill, part.decode), infos, values, mirror=mirror))
        else:
            value = getattr(scenario, part)
            controls.append(control(page, part, infos[part], value, slider=False))
    return controls


def _mirror(page, field):
    """The value of a field whose control is elsewhere, for the browser to fill: it leads there."""
    return html.Label(
        htmlFor=value_id(page, field),
        className="pair-mirror",
        title="Set by the slider above",
        **{"data-mirrors": field},
    )


def _changed(scenario, fields):
    usual = Scenario()
    return any(getattr(scenario, field) != getattr(usual, field) for field in fields)
