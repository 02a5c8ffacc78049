"""The web application that gunicorn serves."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.utils.module_loading import import_string

from geo import gazetteer

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consular.settings")
application = get_wsgi_application()
# A worker takes no request before it knows the places: the crisis form needs them.
gazetteer.load()
for name in settings.AT_START:
    import_string(name)()
