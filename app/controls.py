"""Controls made from a scenario's parameters: what the field says of itself is all they know.

A page's control of a field keeps the value in the component `value_id(page, field)`, property
`value`: a number box or a select. Where there is a slider beside it, the browser keeps the two in
step (assets/controls.js), so that callbacks listen to the value alone.
"""

import dash_mantine_components as dmc
from dash import ClientsideFunction, Input, Output, State, dcc, html

from simcore.parameters import Choice, Number


def value_id(page: str, field: str) -> str:
    """Id of the component whose `value` is the field's; "" there stands for None."""
    return f"{page}-{field}"


def slider_id(page: str, field: str) -> str:
    """Id of the slider; of a choice, its value is the option's place in the list."""
    return f"{page}-{field}-slider"


def message_id(page: str, field: str) -> str:
    """Id of the element beside the control whose `children` say what is wrong with its value."""
    return f"{page}-{field}-message"


def control(page: str, field: str, info: Number | Choice, value, *, slider: bool = True):
    """The control of `field`, which is now `value`, with a label, help and room for a message.

    Parameters
    ----------
    slider : with a slider, or as a box or select alone
    """
    box = _select(page, field, info, value) if isinstance(info, Choice) else _number_box(
        page, field, info, value
    )  # fmt: skip
    parts = [html.Div([_label(page, field, info), box], className="control-head")]
    if slider:
        parts += [_slider(page, field, info, value), _facts(page, field, info)]
    parts.append(html.Div(id=message_id(page, field), className="control-message", role="alert"))
    return html.Div(
        parts,
        id=f"{page}-{field}-control",
        className=f"control control-{'choice' if isinstance(info, Choice) else 'number'}",
    )


def connect_sliders(app, page: str, fields) -> None:
    """Let the browser keep each field's slider and box in step; `fields` have both."""
    for field in fields:
        slider, box = slider_id(page, field), value_id(page, field)
        app.clientside_callback(
            ClientsideFunction("controls", "sync"),
            Output(slider, "value"),
            Output(box, "value"),
            Input(slider, "value"),
            Input(box, "value"),
            State(f"{page}-{field}-facts", "data"),
            prevent_initial_call=True,
        )


def _label(page, field, info):
    symbol = [html.Span(info.symbol, className="control-symbol")] if info.symbol else []
    return html.Label(
        [*symbol, html.Span(info.label)],
        htmlFor=value_id(page, field),
        title=info.help,
        className="control-label",
    )


def _number_box(page, field, info: Number, value):
    return dmc.NumberInput(
        id=value_id(page, field),
        value="" if value is None else value,
        min=info.least,
        max=info.most,
        step=info.step,
        allowDecimal=not info.whole,
        # What is out of range is refused with a reason, not silently changed.
        clampBehavior="none",
        thousandSeparator="\u202f",
        placeholder="auto" if info.optional else None,
        # As long as it takes to type the next digit: 8 on the way to 8192 is not asked for.
        debounce=250,
        hideControls=True,
        size="xs",
        className="control-box",
    )


def _select(page, field, info: Choice, value):
    return dmc.Select(
        id=value_id(page, field),
        value=value,
        data=list(info.options()),
        searchable=True,
        allowDeselect=False,
        size="xs",
        className="control-box",
        comboboxProps={"shadow": "md"},
    )


def _slider(page, field, info, value):
    if isinstance(info, Choice):
        options = info.options()
        bounds = {"min": 0, "max": len(options) - 1, "step": 1, "value": options.index(value)}
        bounds["marks"] = [{"value": i} for i in range(len(options))]
    else:
        bounds = {"min": info.low, "max": info.high, "step": info.step}
        bounds["value"] = info.low if value is None else min(max(value, info.low), info.high)
    return dmc.Slider(
        id=slider_id(page, field),
        updatemode="drag",
        label=None,
        size="xs",
        thumbSize=14,
        thumbLabel=f"{info.label} ({info.symbol})" if info.symbol else info.label,
        className="control-slider",
        **bounds,
    )


def _facts(page, field, info):
    """What the browser must know to keep slider and box in step."""
    if isinstance(info, Choice):
        facts = {"options": list(info.options())}
    else:
        facts = {"low": info.low, "high": info.high}
    return dcc.Store(id=f"{page}-{field}-facts", data=facts)
