"""A serving cluster, request by request: workload and pools on the left, what becomes of it."""

from dash import ClientsideFunction, Input, Output
from flask import Response, abort, request, stream_with_context

from app.controls import connect_sliders, value_id
from app.registry import PAGES
from app.serving.answer import answer_to, compared
from app.serving.downloads import file_for
from app.serving.layout import NAME, SLID, layout
from app.serving.runs import ServingRuns
from app.serving.settings import FIELDS
from app.serving.studies import bands, full, point
from simcore.errors import PdscopeError


@PAGES.register(NAME)
class ServingPage:
    """How is it, under load?"""

    path = "/serving"
    title = "Serving"
    order = 9
    hint = (
        "Drag the arrival rate: latencies, goodput and queues follow. Press Aggregated against "
        "disaggregated to see what the pools change, and why."
    )

    def __init__(self):
        self.runs = ServingRuns()

    def layout(self, query):
        """The page with its own cluster; of the address it uses nothing."""
        return layout()

    def callbacks(self, app):
        """The browser gathers what the controls say and asks for it, one request at a time."""
        connect_sliders(app, NAME, SLID)
        app.clientside_callback(
            ClientsideFunction(NAME, "offer"),
            Output(f"{NAME}-offered", "data"),
            *[Input(value_id(NAME, field), "value") for field in FIELDS],
            Input("scheme", "data"),
        )

        @app.server.post(f"/{NAME}/picture")
        def serving_picture():
            return answer_to(request.get_json(), self.runs)

        @app.server.post(f"/{NAME}/compare")
        def serving_compare():
            return compared(request.get_json(), self.runs)

        @app.server.post(f"/{NAME}/point")
        def serving_point():
            return point(request.get_json(), self.runs)

        @app.server.post(f"/{NAME}/bands")
        def serving_bands():
            return bands(request.get_json())

        @app.server.post(f"/{NAME}/full")
        def serving_full():
            lines = stream_with_context(full(request.get_json()))
            return Response(lines, mimetype="application/x-ndjson")

        @app.server.post(f"/{NAME}/file")
        def serving_file():
            try:
                file, content = file_for(request.get_json(), self.runs)
            except PdscopeError as error:
                abort(400, str(error))
            return Response(
                content,
                mimetype=file.media_type,
                headers={"Content-Disposition": f'attachment; filename="{file.name}"'},
            )
