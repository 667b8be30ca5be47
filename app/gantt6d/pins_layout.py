"""The pinned scenarios of the Gantt page: their tray, the baseline's Gantt and the table.

The browser fills them: assets/pages/gantt6d/pins.js, baseline.js and compare.js.
"""

import json

from dash import html

from app.share import Link
from app.still import still


def tray(page: str, link: Link):
    """The pins in a row, and what pins the current scenario.

    Parameters
    ----------
    page : what ids start with
    link : whose pins are shown first
    """
    pinned = {"pins": [pin.to_dict() for pin in link.pins], "base": link.base}
    row = html.Div(
        [
            html.Button(
                "Pin",
                id=f"{page}-pin",
                className="text-button",
                title="Pin this scenario to compare others with it",
                **{"data-shortcut": "p"},
            ),
            html.Div(
                id=f"{page}-pins",
                className="pins",
                role="list",
                **{"aria-label": "Pinned scenarios", "data-pinned": json.dumps(pinned)},
            ),
        ],
        className="tray",
    )
    return still(row)


def baseline(page: str):
    """Room for the baseline's Gantt, under the current one and on its time axis."""
    room = html.Div(
        [
            html.Div(id=f"{page}-baseline-name", className="baseline-name"),
            html.Canvas(
                id=f"{page}-baseline-bars", className="baseline-bars", **{"aria-hidden": "true"}
            ),
        ],
        id=f"{page}-baseline",
        className="baseline",
        role="img",
        hidden=True,
    )
    return still(room)


def differences(page: str):
    """The table of what differs between the current scenario and its pins."""
    table = html.Details(
        [
            html.Summary("Compare"),
            html.Div(
                html.Table(id=f"{page}-compare-table", className="compare-table"),
                className="compare-scroll",
                tabIndex=0,
                role="region",
                **{"aria-label": "What differs between the pinned scenarios"},
            ),
        ],
        id=f"{page}-compare",
        className="compare panel",
        hidden=True,
    )
    return still(table)
