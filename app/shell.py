"""The Dash app around the pages: header, navigation, light and dark."""

from pathlib import Path

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html

import assets
from app.help import help_button, help_dialog, hint
from app.registry import PAGES
from app.server.build import build
from app.server.carried import carry_catalog
from app.server.security import protect
from app.server.timing import tell_time

NAME = "pdscope"
THEME = {
    "fontFamily": "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif",
    "fontFamilyMonospace": "ui-monospace, 'SF Mono', 'DejaVu Sans Mono', monospace",
    "primaryColor": "indigo",
    # White on the usual shade 6 is too faint to read.
    "primaryShade": 8,
    "defaultRadius": "sm",
    "cursorType": "pointer",
    "respectReducedMotion": True,
}


def pages():
    """An instance of every page, in the order of the navigation."""
    known = [PAGES[name]() for name in PAGES.names()]
    return sorted(known, key=lambda page: (page.order is None, page.order or 0))


def create_app(hosts=()) -> Dash:
    """The Dash app with every page; its Flask server is `.server`.

    Parameters
    ----------
    hosts : names under which it may be reached, besides this machine's own
    """
    app = Dash(
        NAME,
        assets_folder=str(Path(assets.__file__).parent),
        # Only one page's components exist at a time.
        suppress_callback_exceptions=True,
        serve_locally=True,
        health_endpoint="health",
        enable_mcp=False,
        title=NAME,
        update_title=None,
        meta_tags=[
            {"name": "viewport", "content": "width=device-width, initial-scale=1"},
            {"name": "description", "content": "Disaggregated prefill and decode, simulated."},
            {"name": "pdscope-build", "content": build()},
        ],
    )
    app.index_string = app.index_string.replace("<html>", '<html lang="en">')
    known = pages()
    app.layout = lambda: _layout(known)
    for page in known:
        page.callbacks(app)
    _route(app, {page.path: page for page in known})
    app.clientside_callback(
        ClientsideFunction("shell", "theme"),
        Output("scheme", "data"),
        Input("theme-toggle", "n_clicks"),
        State("scheme", "data"),
    )
    tell_time(app.server)
    protect(app, hosts, [page.path for page in known])
    carry_catalog(app.server)
    _warm_up(app)
    return app


def _warm_up(app):
    """Serve one request, as the first one sets Dash up, and several at once must not."""
    with app.server.test_client() as client:
        answer = client.get("/", headers={"Host": "localhost"})
    if answer.status_code != 200:
        raise RuntimeError(f"the app does not start: its first page has status {answer.status}")


def _layout(known):
    links = [
        dcc.Link(page.title, href=page.path, className="nav-link", id=f"nav-{page.path.strip('/')}")
        for page in known
        if page.order is not None
    ]
    toggle = html.Button(
        "◐", id="theme-toggle", className="icon-button", title="Light or dark",
        **{"aria-label": "Switch between light and dark", "data-shortcut": "t"},
    )  # fmt: skip
    header = html.Header(
        [
            dcc.Link(NAME, href="/", className="brand"),
            html.Nav(links, className="nav", **{"aria-label": "Pages"}),
            help_button(),
            toggle,
        ],
        className="header",
    )
    return dmc.MantineProvider(
        [
            dcc.Location(id="address", refresh="callback-nav"),
            # "light" or "dark", as the page is now; figures are drawn for it.
            dcc.Store(id="scheme"),
            header,
            hint(known),
            html.Main(id="page", className="page"),
            help_dialog(),
        ],
        id="provider",
        theme=THEME,
        defaultColorScheme="auto",
    )


def _route(app, by_path):
    @app.callback(
        Output("page", "children"), Input("address", "pathname"), State("address", "search")
    )
    def show(path, search):
        page = by_path.get(path) if isinstance(path, str) else None
        if page is None:
            start = dcc.Link("To the start", href="/")
            return html.Div([html.H1("No such page"), start], className="no-page")
        query = search.removeprefix("?") if isinstance(search, str) else ""
        return page.layout(query)

    app.clientside_callback(
        ClientsideFunction("shell", "markCurrent"),
        Output("address", "hash"),
        Input("page", "children"),
        State("address", "pathname"),
    )
