"""What a browser session brings along with each of its requests: its own items of the catalog.

A request with the header X-Pdscope-Catalog: N has them as the last N bytes of its body; what is
before those is the body that the route knows. Nothing of it outlives the request.
"""

import io

from flask import abort, g, request

from app.catalog.session import MOST_BYTES, overlay_of
from app.server.security import MOST_BODY_BYTES
from gpu_catalog import CatalogError, overlay

HEADER = "HTTP_X_PDSCOPE_CATALOG"
CARRIED = "pdscope.carried"
LONGEST_LENGTH = 6
# The items are refused, and nothing else of the request: it may be sent without them.
REFUSED = 422


def carry_catalog(server) -> None:
    """Let the Flask `server` answer each request under what that carries.

    To be called when all guards are in place: theirs is the first word.
    """
    server.wsgi_app = Parted(server.wsgi_app)

    @server.before_request
    def enter():
        if HEADER not in request.environ:
            return
        carried = request.environ.get(CARRIED)
        if carried is None:
            abort(400, "X-Pdscope-Catalog is the length of what the body ends with.")
        try:
            added = overlay_of(carried)
        except CatalogError as error:
            abort(REFUSED, f"The items of this session cannot be used: {error}")
        g.carried = overlay(added)
        g.carried.__enter__()

    @server.teardown_request
    def leave(error):
        if "carried" in g:
            g.pop("carried").__exit__(None, None, None)


class Parted:
    """A WSGI application that sees a body without what it carries, which is in the environment."""

    def __init__(self, application):
        self.application = application

    def __call__(self, environ, start_response):
        if HEADER in environ:
            _part(environ)
        return self.application(environ, start_response)


def _part(environ):
    """Nothing is parted where the lengths make no sense; the guards see that body as it came."""
    carried, whole = _length(environ[HEADER]), _length(environ.get("CONTENT_LENGTH", ""))
    if not 0 < carried <= MOST_BYTES or not carried <= whole <= carried + MOST_BODY_BYTES:
        return
    body = environ["wsgi.input"].read(whole)
    own = body[: whole - carried]
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(own), str(len(own))
    if len(body) == whole:
        environ[CARRIED] = body[whole - carried :]


def _length(text):
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_LENGTH else 0
