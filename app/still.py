"""Parts of a page that no Dash callback reads or writes: plain HTML instead of components.

Dash tells each of its components of each change of any: every hundred of them cost a slider some
ten milliseconds a step. What the page's own scripts fill needs none.
"""

from html import escape

from dash import html

ATTRIBUTES = {"className": "class", "htmlFor": "for"}
VOID = {"br", "col", "hr", "img", "input"}


def still(component):
    """`component`, of `dash.html` alone, as one component; assets/still.js puts it in place."""
    return html.Div(className="still", **{"data-html": html_of(component)})


def html_of(part) -> str:
    """A component of `dash.html`, a text, several of them, or nothing, as HTML.

    Raises TypeError for anything else, and for a style, which the page's CSS is there for.
    """
    if part is None:
        return ""
    if isinstance(part, str | int | float):
        return escape(str(part))
    if isinstance(part, list | tuple):
        return "".join(map(html_of, part))
    told = part.to_plotly_json()
    if told["namespace"] != "dash_html_components":
        raise TypeError(f"{told['type']} is no plain HTML")
    props = dict(told["props"])
    inside, tag = props.pop("children", None), told["type"].lower()
    opening = f"<{tag}{''.join(map(_attribute, sorted(props.items())))}>"
    return opening if tag in VOID else f"{opening}{html_of(inside)}</{tag}>"


def _attribute(pair):
    name, value = pair
    if value is None or value is False:
        return ""
    name = ATTRIBUTES.get(name, name.lower())
    if value is True:
        return f" {name}"
    if not isinstance(value, str | int | float):
        raise TypeError(f"{name} is {value!r}, not a text")
    return f' {name}="{escape(str(value))}"'
