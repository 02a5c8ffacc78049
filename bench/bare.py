"""A bare Django view that inserts one row: what a webhook is measured beside.

Served by gunicorn as Muster is, on the same database, with no middleware, no signature
and no encryption: `gunicorn bench.bare:application`.
"""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consular.settings")

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.db import connection  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402


def insert(request: HttpRequest) -> HttpResponse:
    """Write one row."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bare (body) VALUES (%s)", [request.POST["Body"]])
    return HttpResponse("ok")


urlpatterns = [path("insert", insert)]
settings.ROOT_URLCONF = __name__
settings.MIDDLEWARE = []
application = WSGIHandler()
