"""Components of `dash.html` as the HTML that a browser would have made of them."""

import dash_mantine_components as dmc
import pytest
from dash import html

from app.still import html_of, still


def test_a_component_becomes_its_html():
    part = html.Section(
        [
            html.Label("N < 2 & more", htmlFor="n", className="name"),
            html.Tr([html.Th("T", colSpan=2, scope="col"), html.Td(3)], **{"data-step": 'a"b'}),
            html.Colgroup(html.Col(className="c")),
            html.Dialog(None, open=True, hidden=False, **{"aria-label": "Keys"}),
        ],
        id="part",
    )
    assert html_of(part) == (
        '<section id="part"><label class="name" for="n">N &lt; 2 &amp; more</label>'
        '<tr data-step="a&quot;b"><th colspan="2" scope="col">T</th><td>3</td></tr>'
        '<colgroup><col class="c"></colgroup><dialog aria-label="Keys" open></dialog></section>'
    )


def test_one_component_stands_for_all_of_it():
    place = still(html.P(["a", html.B("b")]))
    assert place.to_plotly_json()["props"] == {
        "children": None, "className": "still", "data-html": "<p>a<b>b</b></p>",
    }  # fmt: skip


@pytest.mark.parametrize(
    "part", [dmc.Button("x"), html.P(style={"color": "red"}), html.P([dmc.Switch()])]
)
def test_what_is_no_plain_html_is_refused(part):
    with pytest.raises(TypeError):
        html_of(part)
