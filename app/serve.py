"""Serve the app with gunicorn."""

from gunicorn.app.base import BaseApplication


class _Server(BaseApplication):
    """gunicorn with settings of our own, and none from files or the environment's flags."""

    def __init__(self, settings):
        self.settings = settings
        super().__init__()

    def load_config(self):
        for name, value in self.settings.items():
            self.cfg.set(name, value)

    def load(self):
        from app.wsgi import server

        return server


def serve(host: str = "127.0.0.1", port: int = 8050, workers: int = 2) -> None:
    """Serve until interrupted."""
    print(f"pdscope is at http://{host}:{port}/", flush=True)
    _Server({"bind": f"{host}:{port}", "workers": workers, "accesslog": None}).run()
