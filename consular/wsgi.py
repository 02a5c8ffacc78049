"""The web application that gunicorn serves."""

import gc
import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.utils.module_loading import import_string

from geo import gazetteer

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consular.settings")
application = get_wsgi_application()
# A worker takes no request before it knows the pages, and the places: the crisis form
# needs them.
import_module(settings.ROOT_URLCONF)
gazetteer.load()
for name in settings.AT_START:
    import_string(name)()
# What is there now stays: workers share its memory, and need not look through it again.
gc.collect()
gc.freeze()
