"""The message page: all languages side by side. Nothing is sent from it."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from alerts.dispatch import answering
from alerts.dispatch.models import WRITTEN, Channel
from alerts.incidents import framing
from alerts.incidents.approving import providers
from alerts.incidents.drafts import (
    drafting,
    message_forms,
    seeding,
    templating,
    trying,
    wording,
)
from alerts.incidents.drafts.drafting import Content
from alerts.incidents.errors import ConflictError, FieldsError, IncidentError
from alerts.incidents.framing import Frame
from alerts.incidents.models import Phase
from alerts.incidents.zones import previewing
from consular import languages
from consular.missions.access import Verb, officer_page
from geo import gazetteer


@officer_page(Verb.WATCH)
@require_http_methods(["GET", "HEAD", "POST"])
def message(request: HttpRequest, reference: str) -> HttpResponse:
    """Write what is sent, in each language and on each channel."""
    frame = framing.frame(request, reference)
    counts = _counts(frame)
    errors: dict[str, str] = {}
    if request.method != "POST":
        said, listed = _stored(frame, counts, request.GET.get("phase", ""))
        return _page(request, frame, counts, said, listed, errors)
    said = message_forms.content(request.POST, frame.incident)
    listed = message_forms.languages_of(request.POST)
    action = request.POST.get("action", "save")
    if action == "template" and said.phase in Phase.values:
        said = message_forms.from_template(said, frame.incident, listed, frame.now)
        return _page(request, frame, counts, said, listed, errors)
    if action == "add" or action.startswith("remove-"):
        said, listed = _relaid(request, frame, said, listed, action)
        return _page(request, frame, counts, said, listed, errors)
    try:
        if action.startswith("try-"):
            errors = _tried(request, frame, said, action.removeprefix("try-"))
            return _page(request, frame, counts, said, listed, errors)
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


def _stored(
    frame: Frame, counts: dict[str, Any], asked: str
) -> tuple[Content, list[str]]:
    said = drafting.content_of(frame.draft) if frame.draft else None
    if said is None or not said.texts:
        phase = asked if asked in Phase.values else ""
        phase = phase or seeding.phase_of(frame.incident, frame.now)
        said = message_forms.first_content(frame.incident, counts, phase, frame.now)
    said = drafting.prepared(said, frame.incident, frame.now)
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
            seeds = seeding.seed(
                frame.incident,
                [code],
                channels,
                phase=said.phase,
                next_word_at=said.next_word_at or seeding.next_word(frame.now),
            )
            more = replace(said, texts=(*said.texts, *seeds))
            return drafting.prepared(more, frame.incident, frame.now), [*listed, code]
        return said, listed
    kept = tuple(words for words in said.texts if words.language != code)
    standing = tuple(words for words in said.correction if words.language != code)
    kept_content = replace(said, texts=kept, correction=standing)
    return kept_content, [each for each in listed if each != code]


def _tried(
    request: HttpRequest, frame: Frame, said: Content, name: str
) -> dict[str, str]:
    """Send one text as it is typed to who types it; nothing is saved."""
    words = {each.name: each for each in said.texts}.get(name)
    if words is None:
        return {name: "Write the text first."}
    trying.send(frame.incident, words, framing.officer_of(request), frame.now)
    messages.success(request, "Sent to you alone. The link in it leads nowhere.")
    return {}


def _saved(
    request: HttpRequest, frame: Frame, said: Content, action: str
) -> HttpResponse:
    officer, now = framing.officer_of(request), frame.now
    number = request.POST.get("revision", "")
    revision = int(number) if number.isdecimal() and len(number) < 9 else None
    if frame.draft is None and revision is not None:
        raise ConflictError(
            "The message on this page was decided meanwhile, so nothing was saved. "
            "Open the page again to write another one."
        )
    draft = drafting.begin(frame.incident, officer, now)
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
    columns = message_forms.columns(said, listed, mode, counts, errors)
    message_forms.say_what_is_missing(columns, said, frame.incident)
    context = frame.context(request, "message") | {
        "said": said,
        "counts": counts,
        "columns": columns,
        "templates": templating.usable(frame.incident),
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
        "phases": Phase.choices,
        "says_next": said.phase not in templating.LAST_WORDS,
        "next_word_local": said.next_word_at
        and frame.incident.local(said.next_word_at).strftime("%Y-%m-%dT%H:%M"),
        "unanswered": _unanswered(mode),
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


def _unanswered(mode: str) -> list[str]:
    """Name the countries whose numbers get a text without the words about answering."""
    codes = answering.unanswered(Channel.SMS, mode)
    return sorted(gazetteer.country_name(code) for code in codes)
