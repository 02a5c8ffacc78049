"""The message page: all languages side by side. Nothing is sent from it."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from alerts.dispatch.models import WRITTEN
from alerts.incidents import (
    drafting,
    framing,
    message_forms,
    previewing,
    providers,
    seeding,
    wording,
)
from alerts.incidents.drafting import Content
from alerts.incidents.errors import FieldsError, IncidentError
from alerts.incidents.framing import Frame
from consular import languages
from consular.missions.access import Verb, officer_page


@officer_page(Verb.WATCH)
@require_http_methods(["GET", "HEAD", "POST"])
def message(request: HttpRequest, reference: str) -> HttpResponse:
    """Write what is sent, in each language and on each channel."""
    frame = framing.frame(request, reference)
    counts = _counts(frame)
    errors: dict[str, str] = {}
    if request.method != "POST":
        said, listed = _stored(frame, counts)
        return _page(request, frame, counts, said, listed, errors)
    said = message_forms.content(request.POST)
    listed = message_forms.languages_of(request.POST)
    action = request.POST.get("action", "save")
    if action == "add" or action.startswith("remove-"):
        said, listed = _relaid(request, frame, said, listed, action)
        return _page(request, frame, counts, said, listed, errors)
    try:
        return _saved(request, frame, said, action)
    except FieldsError as error:
        errors = error.errors
    except IncidentError as error:
        errors = {"texts": str(error)}
    return _page(request, frame, counts, said, listed, errors)


def _counts(frame: Frame) -> dict[str, Any]:
    if frame.draft:
        return previewing.of_draft(frame.draft, frame.now)
    return previewing.count(frame.incident, frame.now)


def _stored(frame: Frame, counts: dict[str, Any]) -> tuple[Content, list[str]]:
    said = drafting.content_of(frame.draft) if frame.draft else None
    if said is None or not said.texts:
        said = message_forms.first_content(frame.incident, counts)
    return said, message_forms.languages_in(said)


def _relaid(
    request: HttpRequest, frame: Frame, said: Content, listed: list[str], action: str
) -> tuple[Content, list[str]]:
    """Add a language with its first texts, or take one away; nothing is saved."""
    code = action.removeprefix("remove-")
    if action == "add":
        code = request.POST.get("language", "")
        if code in languages.LANGUAGES and code not in listed:
            channels = [name for name in said.channels if name in WRITTEN]
            seeds = seeding.seed(frame.incident, [code], channels)
            return replace(said, texts=(*said.texts, *seeds)), [*listed, code]
        return said, listed
    kept = tuple(words for words in said.texts if words.language != code)
    return replace(said, texts=kept), [each for each in listed if each != code]


def _saved(
    request: HttpRequest, frame: Frame, said: Content, action: str
) -> HttpResponse:
    officer, now = framing.officer_of(request), frame.now
    draft = drafting.begin(frame.incident, officer, now)
    number = request.POST.get("revision", "")
    revision = int(number) if number.isdecimal() and len(number) < 9 else None
    if frame.draft is None or drafting.content_of(draft) != said:
        drafting.save(draft, said, officer, now, revision=revision)
    if action == "continue":
        return redirect("incidents:check", frame.incident.reference)
    messages.success(request, "Message saved. Nothing has been sent.")
    where = "incidents:page" if action == "leave" else "incidents:message"
    return redirect(where, frame.incident.reference)


def _page(
    request: HttpRequest,
    frame: Frame,
    counts: dict[str, Any],
    said: Content,
    listed: list[str],
    errors: dict[str, str],
) -> HttpResponse:
    mode = frame.incident.mode
    missing = {
        channel: providers.missing_for(mode, channel) for channel in wording.CHANNELS
    }
    context = frame.context(request, "message") | {
        "said": said,
        "counts": counts,
        "columns": message_forms.columns(said, listed, mode, counts, errors),
        "errors": errors,
        "channels": [
            (channel, name, channel in said.channels, missing[channel])
            for channel, name in wording.CHANNELS.items()
        ],
        "more_languages": [
            (code, name, framing.language_name(code))
            for code, name in languages.LANGUAGES.items()
            if code not in listed
        ],
        "listed": [(code, languages.LANGUAGES[code]) for code in listed],
        "sample_link": wording.sample_link(),
        "sample_code": wording.SAMPLE_CODE,
        "marks": {
            code: wording.exercise_mark(code) if mode == "exercise" else ""
            for code in listed
        },
        "revision": request.POST.get("revision")
        or (frame.draft.revision if frame.draft else ""),
    }
    return render(request, "incidents/message.html", context)
