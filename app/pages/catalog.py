"""The Catalog page: what is known of GPUs, models and links, and items of one's own."""

from dash import ClientsideFunction, Input, Output, html
from flask import Response, request

from app.catalog.items import archive, check, item_for
from app.catalog.layout import layout
from app.catalog.roofline import roofline_for
from app.catalog.tables import NAME, tables
from app.registry import PAGES
from app.share import read_query
from app.sweeps.address import OWN_KEYS


@PAGES.register(NAME)
class Catalog:
    """Where the numbers come from."""

    path = "/catalog"
    title = "Catalog"
    order = 6
    hint = (
        html.Strong("Open a row"),
        " for its source and all its numbers; “Edit a copy” makes it yours, and puts it into the "
        "lists of all pages of this tab.",
    )

    def layout(self, query):
        """The page for the scenario of the address, which may be one of a sweep."""
        return layout(read_query(query, OWN_KEYS))

    def callbacks(self, app):
        """The browser learns that the page is there, and of light and dark."""
        app.clientside_callback(
            ClientsideFunction(NAME, "begin"),
            Output(f"{NAME}-begun", "data"),
            Input(f"{NAME}-page", "id"),
            Input("scheme", "data"),
        )

        @app.server.post(f"/{NAME}/tables")
        def all_tables():
            return tables()

        @app.server.post(f"/{NAME}/item")
        def one_item():
            return item_for(request.get_json())

        @app.server.post(f"/{NAME}/check")
        def check_item():
            return check(request.get_json())

        @app.server.post(f"/{NAME}/zip")
        def own_items():
            headers = {"Content-Disposition": 'attachment; filename="pdscope-catalog.zip"'}
            return Response(archive(), mimetype="application/zip", headers=headers)

        @app.server.post(f"/{NAME}/roofline")
        def plot():
            return roofline_for(request.get_json())
