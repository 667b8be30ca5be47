"""The "Share" menu, opening of files, and what the page has to say of both.

The browser does the rest: assets/pages/gantt6d/share.js, files.js and open.js.
"""

from dash import dcc, html

from app import numbers
from app.gantt6d.downloads import FILES
from app.still import still


def share_bar(page: str):
    """Buttons to compare, to open a scenario file and to share; `page` is what ids start with."""
    bar = html.Div(
        [
            html.Button(
                "Compare",
                id=f"{page}-compare-open",
                className="text-button",
                title="What differs between this scenario and the pinned ones",
                hidden=True,
            ),
            html.A(
                "Fabric",
                id=f"{page}-fabric",
                href="/fabric",
                className="text-button",
                title="The wires of this run: who shares which, and what that costs",
            ),
            html.Button(
                "Open file",
                id=f"{page}-open",
                className="text-button",
                title="Open a scenario file, JSON or YAML; it can be dropped on the page, too",
            ),
            html.Details(
                [
                    html.Summary("Share", className="text-button"),
                    html.Div(
                        [
                            html.Button("Copy link", id=f"{page}-copy", className="menu-item"),
                            *[_item(page, name, label) for name, label in _items()],
                        ],
                        className="menu",
                    ),
                ],
                id=f"{page}-share",
                className="share-menu",
            ),
        ],
        className="share-bar",
    )
    return still(bar)


def messages(page: str):
    """What is said of opening and sharing, and what shows where a file may be dropped."""
    return html.Div(
        [
            html.Div(id=f"{page}-shared", className="visually-hidden", role="status"),
            html.Div(
                [
                    html.Span(id=f"{page}-problem-text"),
                    _close(f"{page}-problem-close"),
                ],
                id=f"{page}-problem",
                className="notice",
                role="alert",
                hidden=True,
            ),
            html.Div(
                html.Div("Drop a scenario file, JSON or YAML, to open it"),
                id=f"{page}-drop",
                className="drop",
                hidden=True,
            ),
            # Written by the browser, and read by one callback that sets all controls at once.
            dcc.Store(id=f"{page}-opened"),
        ]
    )


def notice(page: str, text: str | None):
    """What the visitor should know first, which they can take away; None if there is nothing."""
    if text is None:
        return None
    return html.Div(
        [html.Span(numbers.spaced(text)), _close(f"{page}-notice-close")],
        id=f"{page}-notice",
        className="notice",
        role="status",
    )


def _close(name):
    return html.Button(
        "✕", id=name, className="notice-close", title="Dismiss", **{"aria-label": "Dismiss"}
    )


def _items():
    images = [("chart-png", "Chart, PNG"), ("chart-svg", "Chart, SVG")]
    files = [(name, file.label) for name, file in FILES.items() if file.label]
    return files + images


def _item(page, name, label):
    return html.Button(
        label, id=f"{page}-save-{name}", className="menu-item", **{"data-file": name}
    )
