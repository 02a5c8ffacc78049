"""The eight languages of public pages and outgoing texts, each in its own script."""

import functools
from collections.abc import Callable
from typing import Any

from babel import Locale
from django.http import HttpRequest, HttpResponse
from django.utils import translation

LANGUAGES = {
    "en": "English",
    "ar": "العربية",
    "fr": "Français",
    "es": "Español",
    "de": "Deutsch",
    "pt": "Português",
    "ru": "Русский",
    "zh": "中文",
}
# Django's name of a language where it is not ours.
DJANGO_NAMES = {"zh": "zh-hans"}
RIGHT_TO_LEFT = {"ar"}


def known(code: str) -> str:
    """Return one of our eight codes for a tag such as `pt-BR`, or an empty text.

    Examples
    --------
    >>> known("pt-BR"), known("zh-hans"), known("tlh")
    ('pt', 'zh', '')
    """
    primary = code.lower().split("-")[0]
    return primary if primary in LANGUAGES else ""


def direction(code: str) -> str:
    """Return `rtl` or `ltr`.

    Examples
    --------
    >>> direction("ar"), direction("de")
    ('rtl', 'ltr')
    """
    return "rtl" if code in RIGHT_TO_LEFT else "ltr"


def english(code: str) -> str:
    """Return a language's name in English, as officers read it.

    Examples
    --------
    >>> english("zh"), english("tlh"), english("")
    ('Chinese', 'Klingon', '')
    """
    return str(Locale("en").languages.get(code, code))


def number_in(code: str, number: str) -> str:
    """Return a phone number as a text in a language can hold it.

    In a text from right to left the groups of a number are shown in the opposite order,
    and whoever reads them dials another one: there it is written without blanks.

    Examples
    --------
    >>> number_in("ar", "+353 1 555 0100"), number_in("fr", "+353 1 555 0100")
    ('+35315550100', '+353 1 555 0100')
    """
    if direction(code) != "rtl":
        return number
    return "".join(sign for sign in number if sign.isdigit() or sign == "+")


def chosen(request: HttpRequest, stored: str = "") -> str:
    """Choose a page's language: `?lang=`, else the stored one, else the browser's."""
    asked = known(request.GET.get("lang", "") or request.POST.get("lang", ""))
    if asked or stored:
        return asked or stored
    for part in request.headers.get("Accept-Language", "").split(","):
        if code := known(part.split(";")[0].strip()):
            return code
    return "en"


def speak(code: str) -> translation.override:
    """Return a context in which pages and texts are in one of our languages."""
    return translation.override(DJANGO_NAMES.get(code, code))


def spoken(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer a public page in the language of `?lang=` or of the browser."""

    @functools.wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        code = chosen(request)
        with speak(code):
            response = view(request, *args, **kwargs)
        response.headers["Content-Language"] = code
        return response

    return wrapped
