"""The WSGI application, for gunicorn and its like: `gunicorn app.wsgi:server`."""

from app.shell import create_app

server = create_app().server
