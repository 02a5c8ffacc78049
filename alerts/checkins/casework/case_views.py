"""Pages of cases: the list of an incident, one case with its history, and its acts."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from alerts.checkins.board import boards, counting
from alerts.checkins.casework import case_facts, cases, concluding, letters, opening
from alerts.checkins.models import Case, CaseEvent, SamePerson, Status
from alerts.checkins.relatives import enquiring
from alerts.incidents import framing
from alerts.incidents.models import AudiencePerson, Incident
from consular import words
from consular.missions import audit
from consular.missions.access import Verb, may, officer_of, officer_page
from consular.missions.models import Officer
from consular.people.models import Person

A_PAGE = 50
LONGEST = 1000
FOLLOW_UPS = {"15": "15 min", "60": "1 h", "240": "4 h", "720": "12 h", "": "Never"}
CALLS = {
    "reached": "Reached",
    "no_answer": "No answer",
    "voicemail": "Left a message",
    "wrong": "Wrong number",
}
VIEWS = {
    "open": "Open",
    "urgent": "Urgent",
    "free": "Not taken",
    "mine": "Mine",
    "due": "To be looked at again",
    "closed": "Closed",
}
Act = Callable[[Case, QueryDict, Officer, datetime], str]


def _frame(incident: Incident, now: datetime, **more: Any) -> dict[str, Any]:
    return {
        "incident": incident,
        "now": now,
        "place_zone": ZoneInfo(incident.time_zone),
        "ministry_zone": ZoneInfo(settings.MINISTRY_TIME_ZONE),
        "tab": "cases",
        **more,
    }


@officer_page(Verb.ANSWER)
@require_safe
def listing(request: HttpRequest, reference: str) -> HttpResponse:
    """List the cases of an incident; what is chosen stands in the address."""
    incident = framing.incident_of(request, reference, Verb.ANSWER)
    now, officer = timezone.now(), officer_of(request)
    chosen = request.GET.get("show", "open")
    numbers = case_facts.numbers(incident, chosen, officer, now)
    page = Paginator(numbers, A_PAGE).get_page(request.GET.get("page"))
    audit.record("view_cases", officer, incident.key, now, cases=len(page))
    context = _frame(
        incident,
        now,
        page=page,
        rows=case_facts.rows_of(list(page), now),
        views=VIEWS,
        chosen=chosen,
        counts=case_facts.counts(incident, officer, now),
        may_answer=may(officer, Verb.ANSWER, now, incident.territory),
        may_close=may(officer, Verb.DECLARE, now, incident.territory),
        totals=boards.totals_of(counting.current(incident, now)),
    )
    return render(request, "checkins/cases.html", context)


def case_of(request: HttpRequest, pk: int, verb: Verb) -> Case:
    """Return a case of an incident where the officer has a verb; else not found."""
    rows = Case.objects.select_related("incident", "person__registration", "owner")
    case = get_object_or_404(rows, pk=pk)
    framing.incident_of(request, case.incident.reference, verb)
    return case


@officer_page(Verb.ANSWER)
@require_safe
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a case: who, where, why it is urgent, all that was said and done."""
    case = case_of(request, pk, Verb.ANSWER)
    now, officer = timezone.now(), officer_of(request)
    incident = case.incident
    others = case_facts.also_here(case, officer, now)
    audit.record("view_case", officer, f"case {case.pk}", now)
    language = case.person.registration.language
    context = _frame(
        incident,
        now,
        case=case,
        row=case_facts.rows([case], now)[0],
        party=list(case.person.registration.persons.all()),
        contacts=list(case.person.registration.contacts.order_by("role", "pk")),
        stays=list(case.person.registration.stays.current()),
        said=case_facts.said(case),
        seen=cases.calls(case),
        events=case_facts.history(case),
        merged=case_facts.merged(case),
        look_alikes=case_facts.look_alikes(case),
        enquiries=enquiring.beside(case_facts.entries(case)),
        others=others,
        colleagues=case_facts.colleagues(case, now),
        ready=_ready(language),
        language=framing.language_name(language),
        language_code=language,
        contact=letters.contact_of(case),
        outcomes=[each for each in Status.choices if each[0] != Status.NEEDS_HELP],
        follow_ups=FOLLOW_UPS,
        calls=CALLS,
        may_answer=may(officer, Verb.ANSWER, now, incident.territory),
    )
    return render(request, "checkins/case.html", context)


def _ready(language: str) -> list[tuple[str, str, str]]:
    """Return the ready sentences: their name, in a language, in English."""
    return [
        (name, letters.ready(name, language), letters.ready(name, "en"))
        for name in letters.READY
    ]


def _text(form: QueryDict, name: str = "body") -> str:
    return form.get(name, "").strip()[:LONGEST]


def _needed(form: QueryDict, words: str, name: str = "body") -> str:
    text = _text(form, name)
    if not text:
        raise cases.CaseError(words)
    return text


def _take(case: Case, form: QueryDict, officer: Officer, now: datetime) -> str:
    if not cases.take(case, officer, now):
        raise cases.CaseError("The case is closed, or another officer has it already.")
    return f"The case is yours. {_told(case)}"


def _told(case: Case) -> str:
    if not case.was_asked_for:
        return (
            "They have not called for help, so nothing was written to them. Write to "
            "them from the case."
        )
    if cases.was_told(case):
        return "The person is told so."
    return (
        "The person could not be told: no number or address would be reached, or ten "
        "messages went there within an hour. Call."
    )


def _hand_over(case: Case, form: QueryDict, officer: Officer, now: datetime) -> str:
    number = words.row_number(form.get("to", ""))
    to = Officer.objects.filter(pk=number, is_active=True).first()
    if to is None:
        raise cases.CaseError("Choose who gets the case.")
    cases.hand_over(case, to, _text(form), officer, now)
    return f"The case is with {to.full_name} now."


def _call(case: Case, form: QueryDict, officer: Officer, now: datetime) -> str:
    went = form.get("went", "")
    if went not in CALLS:
        raise cases.CaseError("Say how the call went.")
    kind = CaseEvent.Kind.CALLED
    cases.log(case, kind, _text(form), officer, now, went=went)
    return "The call is logged."


def _note(case: Case, form: QueryDict, officer: Officer, now: datetime) -> str:
    text = _needed(form, "Write what was seen or decided.")
    cases.log(case, CaseEvent.Kind.NOTE, text, officer, now)
    return "The note is in the history."


def _write(case: Case, form: QueryDict, officer: Officer, now: datetime) -> str:
    language = case.person.registration.language
    text = letters.ready(form.get("ready", ""), language)
    text = text or _needed(form, "Write a message, or choose a ready one.")
    cases.write_to(case, letters.subject(case), text, officer, now)
    return "The message is on its way to this one person."


def _follow_up(case: Case, form: QueryDict, officer: Officer, now: datetime) -> str:
    minutes = form.get("in", "")
    if minutes not in FOLLOW_UPS:
        raise cases.CaseError("Choose when to look again.")
    at = now + timedelta(minutes=int(minutes)) if minutes else None
    cases.follow_up(case, at, officer, now)
    return "It comes back to the top of the list then." if at else "Nothing is planned."


def _close(case: Case, form: QueryDict, officer: Officer, now: datetime) -> str:
    why = _needed(form, "Say how we know, then close the case.", "note")
    seen = form.get("seen", "")
    known = int(seen) if seen.isdecimal() and len(seen) < 10 else None
    if not cases.close(case, officer, form.get("outcome", ""), why, now, known):
        raise cases.CaseError("The case was closed already, or has no outcome.")
    return "The case is closed."


def _merge(case: Case, form: QueryDict, officer: Officer, now: datetime) -> str:
    inside = AudiencePerson.objects.filter(audience__alert__incident=case.incident)
    known = Person.objects.filter(pk__in=inside.values("person"))
    person = known.filter(pk=words.row_number(form.get("person", ""))).first()
    if person is None:
        raise cases.CaseError("Choose an entry of this incident.")
    cases.merge(case, person, officer, now)
    return "They count as one person now. It can be undone."


def _unmerge(case: Case, form: QueryDict, officer: Officer, now: datetime) -> str:
    number = words.row_number(form.get("merge", ""))
    row = SamePerson.objects.filter(pk=number).first()
    if row is None or row not in case_facts.merged(case):
        raise cases.CaseError("These two entries were parted already.")
    cases.unmerge(case, row, officer, now)
    return "They are two persons again, each with what it had."


ACTS: dict[str, Act] = {
    "take": _take,
    "hand_over": _hand_over,
    "call": _call,
    "note": _note,
    "write": _write,
    "follow_up": _follow_up,
    "close": _close,
    "merge": _merge,
    "unmerge": _unmerge,
}


@officer_page(Verb.ANSWER)
@require_POST
def act(request: HttpRequest, pk: int) -> HttpResponse:
    """Do one thing with a case, and say what came of it."""
    case = case_of(request, pk, Verb.ANSWER)
    verb = ACTS.get(request.POST.get("do", ""))
    try:
        if verb is None:
            raise cases.CaseError("Choose what to do.")
        done = verb(case, request.POST, officer_of(request), timezone.now())
        messages.success(request, done)
    except cases.CaseError as error:
        messages.error(request, str(error))
    return _back(request, case)


def _back(request: HttpRequest, case: Case) -> HttpResponse:
    """Return to the board's list or to the case's own page."""
    if request.POST.get("back") != "board":
        return redirect("checkins:case", case.pk)
    response = redirect("checkins:board", case.incident.reference)
    response["Location"] += f"#case-{case.pk}"
    return response


@officer_page(Verb.ANSWER)
@require_POST
def open_case(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """Open a case for somebody inside who has not asked for one."""
    incident = framing.incident_of(request, reference, Verb.ANSWER)
    inside = AudiencePerson.objects.filter(audience__alert__incident=incident)
    who = get_object_or_404(
        Person.objects.filter(pk__in=inside.values("person")), pk=pk
    )
    why = _text(request.POST)
    if not why:
        messages.error(request, "Say why this person needs an officer.")
        return redirect("checkins:people", incident.reference)
    case = opening.by_officer(incident, who, why, officer_of(request), timezone.now())
    return redirect("checkins:case", case.pk)


@officer_page(Verb.DECLARE)
@require_POST
def conclude(request: HttpRequest, reference: str) -> HttpResponse:
    """Close the incident, unless an urgent case is open."""
    incident = framing.incident_of(request, reference, Verb.DECLARE)
    why, officer = _text(request.POST), officer_of(request)
    try:
        if not why:
            messages.error(request, "Say why the incident is over.")
        elif concluding.conclude(incident, why, officer, timezone.now()):
            messages.success(
                request, "The incident is closed. People can still call for help."
            )
        else:
            messages.error(request, "The incident was closed already.")
    except concluding.StillOpenError as error:
        messages.error(request, str(error))
    return redirect("checkins:cases", incident.reference)
