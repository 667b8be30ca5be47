"""The Fabric page: the topology drawn, how busy its wires are, and what sharing them costs."""

from dash import ClientsideFunction, Input, Output
from flask import request

from app.controls import value_id
from app.fabric.answer import answer_to
from app.fabric.faster import Studies, faster_wires
from app.fabric.layout import FIELDS, NAME, layout
from app.fabric.on_wire import on_wire
from app.fabric.results import FabricRuns
from app.registry import PAGES
from app.share import read_query
from app.sweeps.address import OWN_KEYS


@PAGES.register(NAME)
class FabricPage:
    """Where is it crowded?"""

    path = "/fabric"
    title = "Fabric"
    order = 7
    hint = (
        "Press Play, or drag the time: wires take the colour of how busy they are. Choose one to "
        "see who is on it."
    )

    def __init__(self):
        self.runs = FabricRuns()
        self.studies = Studies(self.runs)

    def layout(self, query):
        """The page for the scenario of the address, which may be one of a sweep."""
        return layout(read_query(query, OWN_KEYS))

    def callbacks(self, app):
        """The browser gathers what the controls say and asks for it, one request at a time."""
        app.clientside_callback(
            ClientsideFunction(NAME, "offer"),
            Output(f"{NAME}-offered", "data"),
            *[Input(value_id(NAME, field), "value") for field in FIELDS],
        )
        app.clientside_callback(
            ClientsideFunction(NAME, "repaint"),
            Output(f"{NAME}-offered", "data", allow_duplicate=True),
            Input("scheme", "data"),
            prevent_initial_call=True,
        )

        @app.server.post(f"/{NAME}/picture")
        def fabric_picture():
            return answer_to(request.get_json(), self.runs)

        @app.server.post(f"/{NAME}/wire")
        def fabric_wire():
            return on_wire(request.get_json(), self.runs)

        @app.server.post(f"/{NAME}/faster")
        def fabric_faster():
            return faster_wires(request.get_json(), self.studies)
