"""Answer a public page: in one of eight languages, kept by no cache."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from consular import languages


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
