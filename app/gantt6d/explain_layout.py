"""The components of the Gantt page that say why: what the first token waited for, what bounds it,
and what a step would change. Their numbers are the browser's to fill (assets/pages/gantt6d)."""

from dash import html

from app.gantt6d.breakdown import PARTS, SHOWN
from app.gantt6d.explain import METRICS, step_key
from app.still import still
from simcore import Scenario
from simcore.explain.sensitivity import CONTROLS, step_name
from simcore.parameters import parameters_of

STEPS = {
    "down": "One step down (of a GPU, the previous in the list)",
    "up": "One step up (of a GPU, the next in the list)",
}


def breakdown(page: str):
    """A bar of the time to the first token by kind, and what its colours mean."""
    bar = html.Div(
        [
            html.Div(
                [
                    html.I(className=f"path-{kind.key}", **{"data-kind": kind.key})
                    for kind in SHOWN.values()
                ],
                className="breakdown-part",
                **{"data-part": part},
            )
            for part in PARTS
        ],
        className="breakdown-bar",
        **{"aria-hidden": "true"},
    )
    groups = [_breakdown_group(page, part, of) for part, of in PARTS.items()]
    whole = html.Div(
        [bar, html.Div(groups, className="breakdown-keys")],
        id=f"{page}-breakdown",
        className="breakdown",
        role="group",
        **{"aria-label": "What the first token waited for"},
    )
    return still(whole)


def _breakdown_group(page, part, of):
    """The colours of one part of the bar, under what their shares are shares of."""
    title = f"{page}-breakdown-{part}"
    keys = [
        html.Button(
            [
                html.I(className=f"swatch path-{kind.key}"),
                html.Span(kind.name, className="breakdown-name"),
                html.Span(className="breakdown-value"),
            ],
            type="button",
            className="breakdown-key",
            **{
                "data-explain": "kind",
                "data-kind": kind.key,
                "data-part": kind.part,
                "data-of": of,
                "data-meaning": kind.meaning,
                **({"data-seldom": True} if kind.seldom else {}),
            },
        )
        for kind in SHOWN.values()
        if kind.part == part
    ]
    return html.Div(
        [html.Div(f"of {of}", id=title, className="breakdown-of"), *keys],
        className=f"breakdown-group breakdown-{part}",
        role="group",
        **{"aria-labelledby": title},
    )


def said(page: str):
    """A few sentences: what bounds the configuration, what to try, and what its numbers amount to.

    What screen readers announce is written apart, once for each state.
    """
    return html.Div(
        [
            html.P(
                [
                    html.Span(id=f"{page}-bound", className="bound"),
                    html.Button(id=f"{page}-remedy", type="button", className="remedy-button"),
                    html.Span(id=f"{page}-said"),
                ],
                id=f"{page}-explain",
                className="said",
            ),
            html.Div(id=f"{page}-aloud", className="visually-hidden", role="status"),
        ]
    )


def why(page: str, metric: str, title: str, *more: str):
    """The button that shows how a number was computed, or the sum of several metrics."""
    return html.Button(
        "?",
        id=f"{page}-why-{metric}",
        type="button",
        className="why",
        **{
            "data-explain": "metric",
            "data-metrics": " ".join([metric, *more]),
            "aria-label": f"How {title} is computed",
        },
    )


def popover(page: str):
    """What is explained, beside what was pointed at."""
    return html.Div(id=f"{page}-popover", className="popover", role="tooltip")


def sensitivity(page: str):
    """What one step of each control, or a faster link, would change."""
    tables = [
        _table(caption, "Control", [_control_row(field, direction) for field in CONTROLS])
        for direction, caption in STEPS.items()
    ]
    tables.append(_table("Twice the bandwidth", "Link", [_link_row()]))
    head = html.Div(
        [
            html.H2("What a step would change", id=f"{page}-steps-title"),
            html.Div(
                [
                    html.Span([html.I(className=f"swatch swatch-{way}"), way])
                    for way in ("better", "worse")
                ],
                className="legend",
            ),
            html.Span("each found by running it; choose a step to take it", className="steps-hint"),
            html.Span(id=f"{page}-steps-state", className="steps-state"),
        ],
        className="steps-head",
    )
    section = html.Section(
        [head, html.Div(tables, className="steps-tables")],
        id=f"{page}-steps",
        className="panel steps",
        **{"aria-labelledby": f"{page}-steps-title"},
    )
    return still(section)


def _table(caption, subject, rows):
    head = html.Tr(
        [
            html.Th(subject, scope="col", colSpan=2),
            *[html.Th(title, scope="col") for title in METRICS.values()],
        ]
    )
    return html.Table(
        [
            html.Caption(caption),
            html.Colgroup(
                [html.Col(className=f"steps-{name}") for name in ("name", "step", *METRICS)]
            ),
            html.Thead(head),
            html.Tbody(rows),
        ],
        className="steps-table",
    )


def _link_row():
    """The browser makes one of it for each link of the topology."""
    name = html.Th(scope="row", colSpan=2)
    return _row([name], hidden=True, **{"data-link": "", "data-name": "Twice the bandwidth of "})


def _control_row(field, direction):
    info = parameters_of(Scenario)[field]
    called = f"{info.label} ({info.symbol})" if info.symbol else info.label
    name = f"{called}, {step_name(field, direction)}"
    # Named anew with the value that it leads to, once that is known.
    step = html.Button(type="button", className="step", **{"aria-label": name})
    names = [html.Th(info.symbol or info.label, scope="row", title=info.label), html.Td(step)]
    return _row(names, **{"data-step": step_key(field, direction), "data-name": name})


def _row(names, **facts):
    cells = [
        html.Td(
            [html.Span(className="step-text"), html.I(className="step-bar")],
            className="step-change",
        )
        for _ in METRICS
    ]
    return html.Tr([*names, *cells], **{"data-explain": "step", **facts})
