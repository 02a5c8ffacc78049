"""What every page shows of the installation."""

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from consular import languages, modes
from consular.missions.access import verbs


def installation(request: HttpRequest) -> dict[str, object]:
    """Give templates the ministry's name, the mode, and the languages."""
    return {
        "ministry_name": settings.MINISTRY_NAME,
        "service_name": settings.SERVICE_NAME,
        "emergency_phone": settings.EMERGENCY_PHONE,
        "installation_mode": modes.installation().value,
        "languages": languages.LANGUAGES,
        # Asked for only by the frame of staff pages, which needs the database.
        "desk_verbs": SimpleLazyObject(lambda: _desk_verbs(request)),
    }


def _desk_verbs(request: HttpRequest) -> set[str]:
    """Return what the officer may do anywhere, so that the menu shows no more."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return set()
    return {verb.value for verb in verbs(user, timezone.now())}
