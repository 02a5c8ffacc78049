"""Answer a public page: in one of eight languages, kept by no cache."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from consular import languages
from consular.missions import faults


def show(
    request: HttpRequest, name: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """Answer in the language that was asked for, with nothing for a cache."""
    code = context.pop("language", "") or languages.chosen(request)
    context |= {"page_language": code, "page_direction": languages.direction(code)}
    with languages.speak(code):
        response = render(request, f"people/{name}.html", context, status=status)
    response.headers["Content-Language"] = code
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    if "token" in context:
        response.headers["X-Robots-Tag"] = "noindex"
    return response


def nothing_here(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404: a way back for officers, a number to call for everybody else."""
    if request.path.startswith("/desk/"):
        return faults.answer(request, "404.html", 404)
    return show(request, "lost", {}, 404)


def too_many(request: HttpRequest) -> HttpResponse:
    """Say that a network has asked too often, and what to do."""
    return show(request, "too_many", {}, status=429)


def lost(request: HttpRequest) -> HttpResponse:
    """Say that a link does not work, and whom to call."""
    return show(request, "lost", {}, status=404)
