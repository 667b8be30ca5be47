"""The Gantt page: six sliders, and the pipeline redrawn while they move."""

from dash import html

from app.controls import connect_sliders, control
from app.registry import PAGES
from simcore import Scenario
from simcore.parameters import parameters_of

NAME = "gantt6d"
SLIDERS = ("prefill_gpu", "decode_gpu", "pp", "batch_size", "prompt_tokens", "chunk_tokens")


@PAGES.register(NAME)
class Gantt6D:
    """Home."""

    path = "/"
    title = "Gantt6D"
    order = 1

    def layout(self, query):
        infos, scenario = parameters_of(Scenario), Scenario()
        return html.Div(
            [control(NAME, field, infos[field], getattr(scenario, field)) for field in SLIDERS]
        )

    def callbacks(self, app):
        connect_sliders(app, NAME, SLIDERS)
