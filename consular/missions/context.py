"""What every page shows of the installation."""

from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from consular import languages, modes
from consular.missions.access import verbs
from consular.missions.sign_in import sessions


def installation(request: HttpRequest) -> dict[str, object]:
    """Give templates the ministry's name, the mode, and the languages."""
    return {
        "ministry_name": settings.MINISTRY_NAME,
        "service_name": settings.SERVICE_NAME,
        "emergency_phone": settings.EMERGENCY_PHONE,
        "installation_mode": modes.installation().value,
        "languages": languages.LANGUAGES,
        "ministry_zone": ZoneInfo(settings.MINISTRY_TIME_ZONE),
        # Asked for only by the frame of staff pages, which needs the database.
        "desk_verbs": SimpleLazyObject(lambda: _desk_verbs(request)),
        "desk_session": SimpleLazyObject(lambda: _desk_session(request)),
    }


def _desk_verbs(request: HttpRequest) -> set[str]:
    """Return what the officer may do anywhere, so that the menu shows no more."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return set()
    return {verb.value for verb in verbs(user, timezone.now())}


def _desk_session(request: HttpRequest) -> dict[str, object]:
    """Return how long the officer's session lasts yet."""
    left_s = sessions.left_s(request, timezone.now())
    return {
        "left_s": left_s,
        "minutes": -(-left_s // 60),
        "is_near": left_s <= sessions.NEAR_S,
    }
