"""Let few sign-ins reach the hash of a password, which is made to be slow.

Tries that were wrong are counted before the next one is hashed: from one place, for one
name, and from strangers all together, so that neither one machine nor thousands keep
the processors busy or get through many passwords. A browser that somebody has signed in
with before is no stranger: it has a limit of its own, so that honest officers get in
while others try. Passkeys are not counted; there is nothing to guess.
"""

from datetime import datetime, timedelta

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import signing
from django.http import HttpRequest, HttpResponse

from consular import sealing
from consular.missions.models import Officer, SignInTry

WINDOW = timedelta(minutes=15)
MOST_A_PLACE = 20
MOST_A_NAME = 20
MOST_STRANGERS = 120
MOST_A_BROWSER = 10
COOKIE = "muster_browser"
COOKIE_S = 365 * 24 * 3600
SALT = "missions.browser"


def place_of(request: HttpRequest) -> str:
    """Return the address that a request comes from, as the nearest proxy saw it."""
    direct = str(request.META.get("REMOTE_ADDR", ""))
    passed = str(request.META.get("HTTP_X_FORWARDED_FOR", ""))
    behind_proxy = getattr(settings, "SECURE_PROXY_SSL_HEADER", None) is not None
    return passed.split(",")[-1].strip() if behind_proxy and passed else direct


def _key(kind: str, text: str) -> str:
    return sealing.blind_index(f"sign-in {kind}", text)


def _browser_key(request: HttpRequest, username: str) -> str:
    """Return the key of a browser that this name has signed in with before."""
    try:
        said = signing.loads(
            request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=COOKIE_S
        )
    except signing.BadSignature:
        return ""
    is_theirs = isinstance(said, list) and said[:1] == [_key("name", username)]
    return _key("browser", str(said)) if is_theirs else ""


def admit(request: HttpRequest, username: str, now: datetime) -> SignInTry | None:
    """Count a try, and let it go on to the hash; nothing when there were too many.

    The try is written first, so that a hundred at once count as a hundred.
    """
    recent = SignInTry.objects.filter(at__gt=now - WINDOW)
    browser = _browser_key(request, username)
    name, place = _key("name", username), _key("place", place_of(request))
    if browser:
        if recent.filter(browser_key=browser).count() >= MOST_A_BROWSER:
            return None
    elif (
        recent.filter(browser_key="").count() >= MOST_STRANGERS
        or recent.filter(browser_key="", place_key=place).count() >= MOST_A_PLACE
        or recent.filter(browser_key="", name_key=name).count() >= MOST_A_NAME
    ):
        return None
    return SignInTry.objects.create(
        at=now, name_key=name, place_key=place, browser_key=browser
    )


def forgive(tried: SignInTry) -> None:
    """Take back what the same name got wrong at this place before it was right."""
    SignInTry.objects.filter(
        name_key=tried.name_key,
        place_key=tried.place_key,
        browser_key=tried.browser_key,
    ).delete()


def remember(response: HttpResponse, officer: Officer, now: datetime) -> None:
    """Give a browser what shows, the next time, that it is no stranger."""
    said = signing.dumps([_key("name", officer.username), now.timestamp()], salt=SALT)
    response.set_cookie(
        COOKIE,
        said,
        max_age=COOKIE_S,
        httponly=True,
        secure=bool(settings.SESSION_COOKIE_SECURE),
        samesite="Lax",
        path="/desk/",
    )


def forget(now: datetime) -> None:
    """Delete the tries that count no more, and the sessions that are over."""
    SignInTry.objects.filter(at__lte=now - WINDOW).delete()
    over = now - settings.AXES_COOLOFF_TIME
    AccessAttempt.objects.filter(attempt_time__lte=over).delete()
    Session.objects.filter(expire_date__lte=now).delete()
