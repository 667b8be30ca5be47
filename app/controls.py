"""Controls made from a scenario's parameters: what the field says of itself is all they know.

A page's control of a field keeps the value in the component `value_id(page, field)`, property
`value`: a number box, a text box or a select. Where there is a slider beside it, the browser keeps
the two in step (assets/controls.js), so that callbacks listen to the value alone.

A number box holds text, as people write numbers: 8192, 8 192, 8,192 or 8.192e3. It reports what is
a number once one pauses, and whatever is in it on Enter and when it is left; the browser's
`pdscope.controls.parse` makes a number of that.
"""

import dash_mantine_components as dmc
from dash import ClientsideFunction, Input, Output, State, dcc, html

from app import numbers
from app.still import still
from simcore.parameters import MOST_CHARACTERS, Choice, Number, Parameter, Text

# Known to files and flags alone: pages have no control of them.
WITHOUT = ("cp",)


def value_id(page: str, field: str) -> str:
    """Id of the component whose `value` is the field's; "" there stands for None."""
    return f"{page}-{field}"


def slider_id(page: str, field: str) -> str:
    """Id of the slider; of a choice, its value is the option's place in the list."""
    return f"{page}-{field}-slider"


def message_id(page: str, field: str) -> str:
    """Id of the element beside the control whose `children` say what is wrong with its value."""
    return f"{page}-{field}-message"


def control(page: str, field: str, info: Parameter, value, *, slider: bool = True):
    """The control of `field`, which is now `value`, with a label, help and room for a message.

    Parameters
    ----------
    slider : with a slider, or as a box or select alone; a text never has one
    """
    match info:
        case Choice():
            kind, box = "choice", _select(page, field, info, value)
        case Number():
            kind, box = "number", number_box(value_id(page, field), info, value)
        case Text():
            kind, box, slider = "text", _text_box(page, field, info, value), False
    parts = [html.Div([_label(page, field, info), box], className="control-head")]
    if slider:
        parts += [_slider(page, field, info, value), _facts(page, field, info)]
    parts.append(html.Div(id=message_id(page, field), className="control-message", role="alert"))
    return html.Div(
        parts,
        id=f"{page}-{field}-control",
        className=f"control control-{kind}",
    )


def pair(page: str, fields, infos, values, *, mirror=None):
    """The boxes of a setting of both pools side by side, under one label.

    Parameters
    ----------
    fields, values : of the prefill and of the decode pool, numbers both
    infos : descriptions by field
    mirror : what stands in the place of the prefill pool's box, whose control is elsewhere
    """
    cells = [
        _cell(page, field, infos[field], value) for field, value in zip(fields, values, strict=True)
    ]
    if mirror is not None:
        cells[0] = mirror
    return html.Div([_label(page, fields[0], infos[fields[0]]), *cells], className="pair")


def _cell(page, field, info: Number, value):
    pool = "decode" if info.optional else "prefill"
    name = {"aria-label": f"{info.label}, {pool} pool"}
    # Empty is what the prefill pool has.
    box = number_box(value_id(page, field), info, value, placeholder="same", **name)
    message = html.Div(id=message_id(page, field), className="control-message", role="alert")
    return html.Div(
        [box, message], id=f"{page}-{field}-control", className="control control-number pair-cell"
    )


def number_box(id: str, info: Number, value, **more):
    """A box with the number `value` in it; for None it is empty, and says "auto" where that counts.

    Arrow keys move it by the parameter's step; what is out of range or no number is reported as it
    is, for the server to refuse with a reason.

    Parameters
    ----------
    more : properties of the component that are to be others than those here
    """
    usual = {
        "placeholder": "auto" if info.optional else None,
        # On Enter, and when it is left; before that the browser reports what is a number.
        "debounce": True,
        "size": "xs",
        "className": "control-box number-box",
        "inputProps": {"inputMode": "numeric" if info.whole else "decimal"},
        "data-step": str(info.step),
        "data-least": str(info.least),
        "data-most": str(info.most),
    }
    return dmc.TextInput(id=id, value=_text(value), **(usual | more))


def _text_box(page, field, info: Text, value):
    return dmc.TextInput(
        id=value_id(page, field),
        value=value or "",
        placeholder=info.example,
        debounce=True,
        size="xs",
        className="control-box",
        inputProps={"maxLength": MOST_CHARACTERS, "spellCheck": "false"},
    )


def _text(value):
    if value is None:
        return ""
    return numbers.count(value) if isinstance(value, int) else f"{value:g}"


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
        )


def _label(page, field, info):
    symbol = [html.Span(info.symbol, className="control-symbol")] if info.symbol else []
    return still(
        html.Label(
            [*symbol, html.Span(info.label)],
            htmlFor=value_id(page, field),
            title=info.help,
            className="control-label",
        )
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
        # The list itself scrolls, not an area around it; what scrolls can have the focus.
        withScrollArea=False,
        attributes={"options": {"tabIndex": 0}},
        # The label beside it names the box; this names the list that opens.
        **{"aria-label": info.label},
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
        facts = {
            "low": info.low,
            "high": info.high,
            "step": info.step,
            "unit": info.unit,
            # Of counts; no other unit of a scenario ends like that.
            "one": info.unit.removesuffix("s"),
        }
    return dcc.Store(id=f"{page}-{field}-facts", data=facts)
