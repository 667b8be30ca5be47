"""Predicted against measured times: how far the cost models can be believed."""

from dash import ClientsideFunction, Input, Output
from flask import Response, abort, request

from app.registry import PAGES
from simcore.errors import PdscopeError

NAME = "fidelity"


@PAGES.register(NAME)
class Fidelity:
    """How well is it predicted?"""

    path = "/fidelity"
    title = "Fidelity"
    order = 8
    hint = (
        "Each point is a time that others measured, with what a cost model predicts for it; point "
        "at one to see what it is and where it was published."
    )

    def layout(self, query):
        """The page with all points; of the address it uses nothing."""
        # Here rather than above: what predicts tables needs SciPy, which takes its time to start.
        from app.fidelity.layout import layout

        return layout()

    def callbacks(self, app):
        """The browser gathers what is chosen and asks for pictures and tables of it."""
        names = ("cost_model", "quantities", "gpus", "models", "engines", "by", "against")
        app.clientside_callback(
            ClientsideFunction(NAME, "offer"),
            Output(f"{NAME}-offered", "data"),
            *[Input(f"{NAME}-{name}", "value") for name in names],
            Input("scheme", "data"),
        )

        @app.server.post(f"/{NAME}/picture")
        def fidelity_picture():
            from app.fidelity.answer import answer_to

            return answer_to(request.get_json())

        @app.server.post(f"/{NAME}/csv")
        def fidelity_csv():
            from app.fidelity.answer import csv_of

            try:
                text = csv_of(request.get_json())
            except PdscopeError as error:
                abort(400, str(error))
            return Response(text, mimetype="text/csv")
