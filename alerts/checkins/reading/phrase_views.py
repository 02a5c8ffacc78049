"""Show the replies that were not understood, and let officers add what they mean."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from alerts.checkins.answers import inboxes
from alerts.checkins.models import Label
from alerts.checkins.reading import own_phrases, understanding
from alerts.checkins.reading.own_phrases import PhraseError
from alerts.checkins.reading.phrases import Phrases
from consular.missions import audit
from consular.missions.access import Verb, officer_of, officer_page

A_PAGE = 50
# The carriers' own words, and how they must be read when they reach us.
RESERVED = (
    ("STOP", ("stop", "stopall", "unsubscribe", "cancel", "end", "quit"), Label.STOP),
    ("HELP", ("help",), Label.HELP),
    ("Digits", ("1",), Label.SAFE),
    ("Digits", ("2",), Label.HELP),
)


@officer_page(Verb.ANSWER)
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """List replies that nobody understood, the newest first, and our own phrases."""
    now = timezone.now()
    officer = officer_of(request)
    seen = inboxes.seen_by(officer, now).filter(label=Label.UNCLEAR)
    unclear = list(seen.order_by("-id")[:A_PAGE])
    audit.record("view_unclear", officer, "phrases", now, replies=len(unclear))
    context = {
        "section": "incidents",
        "now": now,
        "ministry_zone": ZoneInfo(settings.MINISTRY_TIME_ZONE),
        "unclear": unclear,
        "own": own_phrases.rows(),
        "senses": own_phrases.SENSES.items(),
        "reserved": [
            (title, word, label, understanding.read(word).label == label)
            for title, words, label in RESERVED
            for word in words
        ],
    }
    return render(request, "checkins/phrases.html", context)


@officer_page(Verb.ANSWER)
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Add a phrase, unless it would hide a call for help."""
    sense = request.POST.get("sense", "")
    try:
        own_phrases.add(sense, request.POST.get("text", ""), _label)
    except PhraseError as error:
        messages.error(request, f"The phrase was not added. {error}")
    else:
        _record(request, "add_phrase", sense, timezone.now())
        messages.success(request, "Added. The next reply is read with it.")
    return redirect("checkins:phrases")


@officer_page(Verb.ANSWER)
@require_POST
def drop(request: HttpRequest) -> HttpResponse:
    """Take a phrase back."""
    sense = request.POST.get("sense", "")
    if own_phrases.drop(sense, request.POST.get("text", "")):
        _record(request, "drop_phrase", sense, timezone.now())
        messages.success(request, "Taken back.")
    return redirect("checkins:phrases")


def _record(request: HttpRequest, action: str, sense: str, now: datetime) -> None:
    total = len(own_phrases.rows())
    audit.record(action, officer_of(request), "phrases", now, sense=sense, total=total)


def _label(text: str, phrases: Phrases) -> str:
    return understanding.read(text, phrases).label
