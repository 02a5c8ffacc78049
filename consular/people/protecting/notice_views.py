"""The privacy notice, rendered from the table of what is held."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from consular import languages
from consular.people.protecting import holdings
from consular.people.registering.public import show


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """Say what is held of people, why, how long, and what they can do about it."""
    context = {
        "holdings": holdings.public(),
        "contact": settings.PRIVACY_CONTACT,
        "geocoder": settings.GEOCODER_HOST if settings.GEOCODER else "",
        "unconfirmed_days": settings.KEEP_UNCONFIRMED_DAYS,
        "language": languages.chosen(request),
    }
    return show(request, "privacy", context)
