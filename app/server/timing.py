"""How long the server took, told to the browser with each answer: Server-Timing."""

import time

from flask import g


def tell_time(server) -> None:
    """Let the Flask app say with each response how many ms it took to make."""

    @server.before_request
    def begin():
        g.began = time.perf_counter()

    @server.after_request
    def end(response):
        # Where another guard refused first, nothing began.
        if "began" in g:
            took_ms = 1e3 * (time.perf_counter() - g.began)
            response.headers["Server-Timing"] = f"app;dur={took_ms:.2f}"
        return response
