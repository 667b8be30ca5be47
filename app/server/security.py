"""Who may ask for what: guards before each request, headers after it.

The pages hold no secrets, but a page of another site must neither read them through a name that it
points at this machine (DNS rebinding) nor make this machine work.
"""

import ipaddress
import os
from urllib.parse import urlsplit

from dash.exceptions import DependencyException
from flask import Response, abort, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from app.server.build import build
from app.server.dash_bodies import check_body

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
WILDCARDS = ("0.0.0.0", "::")
MOST_BODY_BYTES = 64 * 1024
DASH_UPDATE = "/_dash-update-component"
# Whatever path has no route of its own gets the app's shell from Dash.
DASH_ANY_PATH = "/<path:path>"
# The folder of assets is a package, so that there is code in it, too.
ASSET_KINDS = (".css", ".js", ".ico", ".svg", ".png", ".woff2")
YEAR_S, DAY_S = 31_536_000, 86_400

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def allowed_hosts() -> list[str]:
    """The names in PDSCOPE_ALLOWED_HOSTS, with commas between them."""
    names = os.environ.get("PDSCOPE_ALLOWED_HOSTS", "").split(",")
    return [name.strip() for name in names if name.strip()]


def protect(app, hosts=(), pages=("/",)) -> None:
    """Guard the server of a Dash app whose callbacks are all registered.

    Parameters
    ----------
    hosts : names under which it may be reached, besides this machine's own; one that stands for
        every address allows every address, but no further name
    pages : paths of pages; what is shown at any other is "not found" in its status, too
    """
    server = app.server
    server.config["MAX_CONTENT_LENGTH"] = MOST_BODY_BYTES
    allowed = {*LOCAL_NAMES, *(host.strip("[]").lower() for host in hosts)}
    policy = _content_security_policy(app)

    @server.before_request
    def guard():
        _check_host(allowed)
        _check_origin()
        _check_asset()
        if request.method == "POST":
            _check_body(app)

    @server.after_request
    def complete(response: Response):
        if request.endpoint == DASH_ANY_PATH and response.status_code == 200:
            response.status_code = 200 if request.path in pages else 404
        response.headers.update(HEADERS)
        response.headers["Content-Security-Policy"] = policy
        response.headers["X-Pdscope-Build"] = build()
        response.headers["Cache-Control"] = _cache_control(response.status_code)
        return response

    @server.errorhandler(DependencyException)
    def no_such_file(error):
        # A component suite's path that names none of its files.
        return Response("not found\n", 404, mimetype="text/plain")

    @server.errorhandler(HTTPException)
    def refuse(error):
        answer = Response(f"{error.description}\n", error.code, mimetype="text/plain")
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            answer.headers["Allow"] = ", ".join(sorted(error.valid_methods))
        return answer


def _check_host(allowed):
    name = _host_name(request.host)
    if name not in allowed and not (allowed.intersection(WILDCARDS) and _is_address(name)):
        abort(421, "This server does not answer to that name.")


def _check_origin():
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc.lower() != request.host.lower():
        abort(403, "Requests of other sites are refused.")
    # Following a link from elsewhere to a page is no attack; all else that is foreign is refused.
    foreign = request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin")
    visit = request.method == "GET" and request.headers.get("Sec-Fetch-Mode") == "navigate"
    if foreign and not visit:
        abort(403, "Requests of other sites are refused.")


def _check_asset():
    if request.path.startswith("/assets/") and not request.path.endswith(ASSET_KINDS):
        abort(404)


def _check_body(app):
    if request.mimetype != "application/json":
        abort(415, "The body has to be application/json.")
    # Of a body that does not say its length, no more than the limit is read, and no error raised.
    if len(request.get_data()) >= MOST_BODY_BYTES and request.content_length is None:
        abort(413)
    try:
        body = request.get_json()
    except RecursionError:
        abort(400, "The body is nested too deeply.")
    if request.path == DASH_UPDATE:
        check_body(body, app.callback_map)


def _host_name(host):
    """The name or address in a Host header, without the port and without brackets."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _is_address(name):
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _content_security_policy(app):
    return "; ".join(
        [
            "default-src 'self'",
            " ".join(["script-src 'self'", *app.csp_hashes()]),
            # Plotly and Mantine set styles on elements.
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    )


def _cache_control(status):
    if request.method not in ("GET", "HEAD") or status not in (200, 304):
        return "no-store"
    static = request.path.startswith(("/_dash-component-suites/", "/assets/"))
    if not static:
        return "no-cache"
    # Dash puts the version into the path, or the time of the last change behind the "?".
    versioned = ".v" in request.path or "m" in request.args
    return f"public, max-age={YEAR_S}, immutable" if versioned else f"public, max-age={DAY_S}"
