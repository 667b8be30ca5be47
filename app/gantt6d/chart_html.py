"""A Gantt as one HTML file that needs nothing else, and no network."""

from app.single_file import PLACE, blank_page, json_of

CONFIG = {
    "responsive": True,
    "displaylogo": False,
    "showSendToCloud": False,
    "toImageButtonOptions": {"filename": "pdscope-gantt", "scale": 2},
}
STYLE = "main > div { height: 100vh; min-height: 420px; }"


def gantt_page(title: str, figures: dict[str, dict]) -> str:
    """The file.

    Parameters
    ----------
    figures : the figure in each colour scheme, as `app.figures.gantt.gantt` makes it
    """
    page = blank_page(title, style=STYLE, config=CONFIG)
    return page.replace(PLACE, json_of({scheme: [figure] for scheme, figure in figures.items()}))
