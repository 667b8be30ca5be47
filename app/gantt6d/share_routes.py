"""The routes behind comparing, sharing and opening scenarios."""

from flask import Response, request

from app.gantt6d.compare import comparison
from app.gantt6d.downloads import wanted_file
from app.gantt6d.opened import opened
from app.gantt6d.results import Pictures
from simcore import PdscopeError


def add_share_routes(server, name: str, pictures: Pictures) -> None:
    """Let the Flask `server` answer the page `name`, whose simulations `pictures` keeps."""

    @server.post(f"/{name}/compare")
    def compare():
        return comparison(request.get_json(), pictures)

    @server.post(f"/{name}/open")
    def open_file():
        return opened(request.get_json())

    @server.post(f"/{name}/file")
    def download():
        # A refusal that its reader can act on is an answer like any other.
        try:
            file, content = wanted_file(request.get_json(), pictures)
        except PdscopeError as error:
            return {"error": str(error)}
        headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
        return Response(content, mimetype=file.media_type, headers=headers)
