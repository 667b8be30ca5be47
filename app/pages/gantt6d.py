"""The Gantt page: six sliders, and the pipeline redrawn while they move."""

from dash import ClientsideFunction, Input, Output, html
from flask import request

from app.controls import connect_sliders, value_id
from app.gantt6d.answer import answer_to
from app.gantt6d.explain import Studies, explanation_of
from app.gantt6d.facts import facts_of
from app.gantt6d.layout import FIELDS, NAME, SLIDERS, layout
from app.gantt6d.results import Pictures
from app.gantt6d.share_routes import add_share_routes
from app.registry import PAGES
from app.share import read_query
from app.sweeps.address import OWN_KEYS


@PAGES.register(NAME)
class Gantt6D:
    """Home."""

    path = "/"
    title = "Gantt6D"
    order = 1
    hint = (
        html.Strong("Drag a slider"),
        ": the run is simulated anew at every step. Point at a bar or a number, or tap it, to see "
        "how it comes about; ",
        html.Kbd("?"),
        " lists the keys.",
    )

    def __init__(self):
        self.pictures = Pictures()
        self.studies = Studies(self.pictures)

    def layout(self, query):
        """The page for the scenario of the address, which may be one of a sweep."""
        return layout(read_query(query, OWN_KEYS))

    def callbacks(self, app):
        """The browser gathers what the controls say and asks for pictures, one at a time."""
        connect_sliders(app, NAME, SLIDERS)
        app.clientside_callback(
            ClientsideFunction(NAME, "offer"),
            Output(f"{NAME}-offered", "data"),
            *[Input(value_id(NAME, field), "value") for field in FIELDS],
        )
        app.clientside_callback(
            ClientsideFunction(NAME, "open"),
            *[Output(value_id(NAME, field), "value", allow_duplicate=True) for field in FIELDS],
            Input(f"{NAME}-opened", "data"),
            prevent_initial_call=True,
        )
        for event, source in {
            "repaint": Input("scheme", "data"),
            "ranged": Input(f"{NAME}-range", "value"),
            "emphasise": Input(f"{NAME}-path", "checked"),
            "locked": Input(f"{NAME}-lock", "checked"),
            "reset": Input(f"{NAME}-reset", "n_clicks"),
        }.items():
            app.clientside_callback(
                ClientsideFunction(NAME, event),
                Output(f"{NAME}-offered", "data", allow_duplicate=True),
                source,
                prevent_initial_call=True,
            )

        @app.server.post(f"/{NAME}/picture")
        def picture():
            return answer_to(request.get_json(), self.pictures)

        @app.server.post(f"/{NAME}/facts")
        def facts():
            return facts_of(request.get_json(), self.pictures)

        @app.server.post(f"/{NAME}/explain")
        def explain():
            return explanation_of(request.get_json(), self.studies)

        add_share_routes(app.server, NAME, self.pictures)
