"""The page behind a personal link: one question, three answers, details after.

Opening it changes nothing; a POST from a button does. The views are exempt from the
CSRF check, because they use no cookie: the token in the address is all the authority
there is, and nothing that another site could borrow.
"""

import uuid
import zlib
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.html import format_html, format_html_join
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from alerts.checkins.answers import checking, linked
from alerts.checkins.answers.linked import Known, Opened
from alerts.checkins.casework import cases
from alerts.checkins.models import Basis, CheckIn, Standing, Status, Word
from alerts.checkins.relatives import enquiring
from alerts.dispatch import answering, links
from alerts.dispatch import text as texts
from consular import languages, words
from consular.people.managing import locating
from consular.people.models import Person
from consular.people.registering.addresses import AddressError, normalise_phone
from geo import gazetteer

ANSWERS = {
    "safe": Status.SAFE.value,
    "help": Status.NEEDS_HELP.value,
    "away": Status.NOT_HERE.value,
}
_HELP = Status.NEEDS_HELP.value
LONGEST_KEPT = timedelta(hours=72)
LONGEST = {"place": 200, "note": 1000}
HEADERS = {
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}


@cache
def _language_links(code: str) -> str:
    """Return the page's other languages as links, made once a process."""
    return format_html_join(
        "",
        "{}",
        (
            (format_html('<b lang="{}">{}</b>', value, name),)
            if value == code
            else (
                format_html(
                    '<a href="?lang={0}" lang="{0}" hreflang="{0}">{1}</a>', value, name
                ),
            )
            for value, name in languages.LANGUAGES.items()
        ),
    )


def _page(
    request: HttpRequest, name: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """Answer in the person's language, with nothing for a cache or another host."""
    code = languages.chosen(request, context.pop("language", ""))
    context |= {
        "page_language": code,
        "page_direction": languages.direction(code),
        "language_links": _language_links(code),
    }
    with languages.speak(code):
        response = render(request, f"checkins/{name}.html", context, status=status)
    for header, value in HEADERS.items():
        response.headers[header] = value
    response.headers["Content-Language"] = code
    return response


def _lost(request: HttpRequest) -> HttpResponse:
    return _page(request, "answer_lost", {}, status=404)


def _context(opened: Opened, now: datetime) -> dict[str, Any]:
    incident, message = opened.incident, opened.message
    can_answer = answering.can_answer(message.account, message.address.country)
    said = texts.for_reader(message.text.body, can_answer)
    body = texts.filled(said, links.url(message), message.code)
    by_person = linked.known(opened)
    lead = opened.persons[0] if opened.persons else None
    country, hazard = "", incident.hazard
    if hazard and hazard.lon is not None and hazard.lat is not None:
        country = gazetteer.country_at(hazard.lon, hazard.lat)
    return {
        "opened": opened,
        "token": links.token(message.uid),
        "incident": incident,
        "country": gazetteer.country_name(country) if country else "",
        "lead": lead,
        "companions": max(len(opened.persons) - 1, 0),
        "parties": len({person.registration_id for person in opened.persons}),
        "people": [(p, by_person.get(p.pk)) for p in opened.persons],
        "standing": _shown(opened, by_person),
        "mine": by_person.get(lead.pk) if lead else None,
        "has_officer": SimpleLazyObject(lambda: _has_officer(opened, by_person)),
        "are_asked": SimpleLazyObject(lambda: linked.are_asked(opened, by_person)),
        "needs": SimpleLazyObject(lambda: _needs(opened, by_person)),
        "said": body.strip(),
        "said_at": message.created_at,
        "code": message.code,
        "reply_to": answering.number_to_text(settings.MODE),
        "place_zone": ZoneInfo(incident.time_zone),
        "mission": incident.lead_mission,
        "key": uuid.uuid4().hex,
        "now": now,
        "language": opened.language,
    }


def _shown(opened: Opened, by_person: dict[int, Known]) -> Known | None:
    """Return what the page says at its top: help of anybody, else the first known."""
    found = [by_person[p.pk] for p in opened.persons if p.pk in by_person]
    calls = (each for each in found if each.status == _HELP)
    return next(calls, found[0] if found else None)


def _needs(opened: Opened, by_person: dict[int, Known]) -> list[str]:
    """Return what who needs help ticked last, so that they see that we have it."""
    calling = [who for who, each in by_person.items() if each.status == _HELP]
    told = CheckIn.objects.filter(
        incident=opened.incident,
        person__in=calling,
        status=Status.NEEDS_HELP,
        basis=Basis.SELF_LINK,
    )
    given = told.order_by("-stated_at", "-pk").values_list("needs", flat=True)
    return next((needs for needs in given if needs), [])


def _has_officer(opened: Opened, by_person: dict[int, Known]) -> bool:
    """Tell whether an officer has what they call for; never said before one has."""
    calling = {who for who, each in by_person.items() if each.status == _HELP}
    return cases.are_taken(opened.incident, calling)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether they are safe; the first tap saves."""
    opened = linked.of_token(token)
    if opened is None:
        return _lost(request)
    now = timezone.now()
    if request.method != "POST":
        context = _context(opened, now)
        if context["standing"] and "again" not in request.GET:
            return _page(request, "answer_saved", context)
        # With the script, what was refused is asked again here.
        is_asked = "asked" in request.GET and context["parties"] > 1
        return _page(request, "answer", context | {"nobody": is_asked})
    status = ANSWERS.get(request.POST.get("status", ""))
    if status is None:
        context = _context(opened, now) | {"missing": True}
        return _page(request, "answer", context, status=400)
    persons = _chosen(request, opened, status)
    if not persons:
        context = _context(opened, now) | {"nobody": True}
        return _page(request, "answer", context, status=400)
    key = request.POST.get("key", "")[:32] or uuid.uuid4().hex
    said_at = _said_at(request, opened, now)
    # Who taps "safe" and then "help" before the next page has come means both.
    once = f"link:{key}:{status[:2]}"
    _state(_said(opened, status, persons, once, said_at), now)
    return _page(request, "answer_saved", _context(opened, now))


def _state(said: checking.Said, now: datetime) -> None:
    """Write what was said; a call under a used key counts where it is a new one.

    Without the script a browser shows the old page again on "Back", and with it a key
    under which they have called before. Who has stood as something else since then
    does not repeat that call.
    """
    written = checking.state(said, now)
    if said.status != _HELP or len(written) == len(said.persons):
        return
    since = Standing.objects.filter(
        incident=said.incident, person__in=said.persons, since__lt=said.stated_at
    )
    others = set(since.exclude(status=_HELP).values_list("person", flat=True))
    again = [person for person in said.persons if person.pk in others]
    fresh = f"again:{uuid.uuid4().hex}"
    checking.state(replace(said, persons=again, request_key=fresh), now)


def _said_at(request: HttpRequest, opened: Opened, now: datetime) -> datetime:
    """Return when an answer was given: a phone may have kept it while it was offline.

    It says how long for, so that its clock does not matter. Else "safe" from before a
    call for help would take that back.
    """
    try:
        kept = timedelta(seconds=float(request.POST.get("ago", "0")))
    except (ValueError, OverflowError):
        return now
    said_at = now - min(max(kept, timedelta(0)), LONGEST_KEPT)
    return min(max(said_at, opened.message.created_at), now)


def _chosen(request: HttpRequest, opened: Opened, status: str) -> list[Person]:
    """Return the persons that were ticked; all of them where none was asked for.

    Where several parties share a phone they are asked for: a call without any tick is
    of all of them, another answer of nobody.
    """
    ticked = set(request.POST.getlist("person"))
    chosen = [person for person in opened.persons if str(person.pk) in ticked]
    parties = {person.registration_id for person in opened.persons}
    return chosen or (opened.persons if len(parties) == 1 or status == _HELP else [])


def _said(
    opened: Opened,
    status: str,
    persons: list[Person],
    key: str,
    said_at: datetime,
    **details: Any,
) -> checking.Said:
    return checking.Said(
        incident=opened.incident,
        persons=persons,
        status=status,
        basis=Basis.SELF_LINK.value,
        stated_at=said_at,
        request_key=key,
        message=opened.message,
        **details,
    )


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def details(request: HttpRequest, token: str) -> HttpResponse:
    """Take what helps to find and to help: all optional, saved as given."""
    opened = linked.of_token(token)
    if opened is None:
        return _lost(request)
    now = timezone.now()
    if request.method == "POST":
        key = request.POST.get("key", "")[:32] or uuid.uuid4().hex
        _save_details(request, opened, key, now)
    saved = request.method == "POST" or "saved" in request.GET
    context = _context(opened, now) | {"details_saved": saved}
    return _page(request, "answer_saved", context)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def tell(request: HttpRequest, token: str) -> HttpResponse:
    """Agree to have one's words told to those who ask, or take that back."""
    opened = linked.of_token(token)
    if opened is None:
        return _lost(request)
    now = timezone.now()
    if request.method == "POST" and opened.persons:
        told = words.plain(request.POST.get("words", ""))[:200]
        lead = opened.persons[0]
        if told:
            word = Word(
                incident=opened.incident, person=lead, words=told, agreed_at=now
            )
            enquiring.agree(word)
        else:
            enquiring.withdraw(opened.incident.pk, lead.pk, now)
    return _page(request, "answer_saved", _context(opened, now))


def _save_details(
    request: HttpRequest, opened: Opened, key: str, now: datetime
) -> None:
    """Write an answer for each person, and the details beside the calls for help."""
    given, said_at = _details(request), _said_at(request, opened, now)
    adds = any(given.values())
    known = linked.known(opened)
    current = {person_id: standing.status for person_id, standing in known.items()}
    groups: dict[str, list[Person]] = {}
    for person in opened.persons:
        status = _meant(request, person, current.get(person.pk), adds)
        if status is not None:
            groups.setdefault(status, []).append(person)
    for status, persons in groups.items():
        changed = [p for p in persons if current.get(p.pk) != status]
        more = given if status == Status.NEEDS_HELP else {}
        if changed or any(more.values()):
            speaking = persons if any(more.values()) else changed
            once = f"more:{key}:{status[:2]}:{_mark(more)}"
            said = _said(opened, status, speaking, once, said_at)
            _state(replace(said, **more), now)
    _share(groups.get(_HELP, opened.persons[:1]), given, now)


def _mark(given: dict[str, Any]) -> str:
    """Tell details that were sent once more from those that something was added to."""
    return f"{zlib.crc32(repr(sorted(given.items())).encode()):08x}"


def _meant(
    request: HttpRequest, person: Person, current: str | None, adds: bool
) -> str | None:
    """Return a person's status as the form means it.

    What stands in it as the page showed it says nothing: somebody else of the party may
    have called for help since. Only who adds to a call that they saw means that call.
    """
    word = request.POST.get(f"person-{person.pk}", "")
    shown = request.POST.get(f"was-{person.pk}", "")
    if word and word != shown:
        return ANSWERS.get(word) or current
    return Status.NEEDS_HELP.value if shown == "help" and adds else current


def _share(persons: list[Person], given: dict[str, Any], now: datetime) -> None:
    """Take the location they gave as where they are: an alert may be about it."""
    if "lon" in given:
        where = given["lon"], given["lat"], given["accuracy_m"]
        for party in {person.registration for person in persons}:
            locating.share(party, *where, now)


def _details(request: HttpRequest) -> dict[str, Any]:
    text = {
        name: words.lines(request.POST.get(name, ""))[:most]
        for name, most in LONGEST.items()
    }
    needs = tuple(n for n in request.POST.getlist("need") if n in checking.REASONS)
    try:
        callback = normalise_phone(
            request.POST.get("callback", ""), settings.MINISTRY_COUNTRY
        )
    except AddressError:
        callback = ""
    return text | {"needs": needs, "callback": callback} | _where(request)


def _where(request: HttpRequest) -> dict[str, float]:
    """Read `lat,lon,accuracy` as the button fills it in; anything else is nothing."""
    parts = request.POST.get("ll", "").split(",")
    try:
        lat, lon, accuracy_m = (float(part) for part in parts)
    except ValueError:
        return {}
    if not (-90 <= lat <= 90 and -180 <= lon <= 180 and 0 <= accuracy_m < 1e7):
        return {}
    return {"lat": lat, "lon": lon, "accuracy_m": accuracy_m}
