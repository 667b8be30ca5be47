"""The WSGI application, for a server of your own: `gunicorn app.wsgi:server`.

PDSCOPE_ALLOWED_HOSTS lists the names, with commas, under which it may be reached besides localhost.
"""

from app.server.security import allowed_hosts
from app.shell import create_app

server = create_app(allowed_hosts()).server
