"""The same application for an ASGI server; gunicorn with threads is measured faster."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consular.settings")
application = get_asgi_application()
