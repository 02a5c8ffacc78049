"""Break the glass: a lone officer sends without a second person, in sight of others.

It is capped in people, kept to the countries of the officer's own mission, goes to
persons only and never to the public, is held for longer, and needs a reason and a fresh
second factor. At least two others are told at once; either can stop it. It stays on the
auditors' page until somebody else has looked at it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse

from alerts.dispatch import outbox, routing
from alerts.dispatch.models import Channel
from alerts.incidents import logbook
from alerts.incidents.approving import approval, release
from alerts.incidents.errors import ConflictError, FieldsError, ForbiddenError
from alerts.incidents.models import Alert, BreakGlass, Draft, Incident
from alerts.incidents.zones import previewing
from consular import modes
from consular.missions import audit
from consular.missions.access import MAY, Verb, may, verbs
from consular.missions.models import Officer, Posting
from consular.missions.staff import rota
from geo import gazetteer

FEWEST_TOLD = 2
MOST_TOLD = 6
SHORTEST_REASON, LONGEST_REASON = 20, 1000


@dataclass(frozen=True)
class Way:
    """One way to tell one other officer."""

    officer: Officer
    channel: str
    address: str


def why_not(draft: Draft, by: Officer, now: datetime) -> str:
    """Say why an officer may not break the glass for a draft; empty when they may."""
    if settings.BREAK_GLASS_PEOPLE <= 0:
        return "This ministry lets nobody send alone. Call an approver."
    incident = draft.incident
    if not may(by, Verb.DECLARE, now, incident.territory):
        return "You may not send alone. A consular officer of the mission can."
    outside = _outside(incident, by, now)
    if outside is None:
        return "You have no mission of your own, so you cannot send alone."
    if outside:
        return (
            f"The zone reaches into {', '.join(outside)}, which your mission does not "
            "look after. Make it smaller, or ask an approver."
        )
    if Channel.SOCIAL in draft.channels:
        return "Nobody posts to the public alone. Take social media away, then try."
    if len({way.officer.pk for way in others(incident, by, now)}) < FEWEST_TOLD:
        return (
            "Muster cannot tell two others about it: nobody on the rota or among the "
            "approvers has a phone or e-mail. An administrator can add them."
        )
    return ""


def _outside(incident: Incident, by: Officer, now: datetime) -> list[str] | None:
    """Return the countries of the zone that the officer's own missions do not serve."""
    postings = Posting.objects.in_force(now).filter(officer=by).exclude(mission=None)
    missions = [
        posting.mission
        for posting in postings.select_related("mission")
        if Verb.DECLARE in MAY[posting.role] and posting.mission is not None
    ]
    if not missions:
        return None
    own = {code for mission in missions for code in mission.serves}
    area = previewing.outline(incident)
    found = set(gazetteer.countries_in(area)) if area is not None else set()
    return sorted((found | {incident.country}) - own - {""})


def others(incident: Incident, by: Officer, now: datetime) -> list[Way]:
    """Return how to tell others: who is on duty first, then approvers, then the rest.

    An officer on the rota is told as the rota says, the others by all they have.
    """
    ways: list[Way] = []
    told: set[int] = set()
    for way in _all_ways(incident, by, now):
        if way.officer.pk not in told and len(told) >= MOST_TOLD:
            break
        told.add(way.officer.pk)
        ways.append(way)
    return ways


def _all_ways(incident: Incident, by: Officer, now: datetime) -> Iterator[Way]:
    where = incident.territory
    on_duty = set()
    for duty in rota.on_duty(now):
        is_near = duty.officer_id != by.pk and where.is_of(duty.mission)
        if is_near and _can_reach(duty.channel):
            on_duty.add(duty.officer_id)
            yield Way(duty.officer, duty.channel, duty.address)
    for officer in _who_could_stop(by, on_duty, now):
        if Verb.STOP in verbs(officer, now, where):
            yield from _own_ways(officer)


def _who_could_stop(
    by: Officer, known: set[int], now: datetime
) -> "QuerySet[Officer, Officer]":
    roles = [role for role, may_do in MAY.items() if Verb.STOP in may_do]
    postings = Posting.objects.in_force(now).filter(role__in=roles)
    found = Officer.objects.filter(
        Q(pk__in=postings.values("officer")) | Q(is_superuser=True), is_active=True
    )
    return found.exclude(pk__in={by.pk, *known}).order_by("pk")[:50]


def _own_ways(officer: Officer) -> Iterator[Way]:
    if officer.phone and _can_reach(Channel.SMS):
        yield Way(officer, Channel.SMS, officer.phone)
    if officer.email and _can_reach(Channel.EMAIL):
        yield Way(officer, Channel.EMAIL, officer.email)


def _can_reach(channel: str) -> bool:
    return bool(routing.accounts(channel, modes.installation()))


def break_glass(
    draft: Draft, by: Officer, reason: str, now: datetime, *, revision: int
) -> Alert:
    """Approve one's own draft alone, and tell others in the same transaction.

    Parameters
    ----------
    revision : int
        The one the officer had on screen.

    Raises
    ------
    ForbiddenError, FieldsError, ConflictError
        When this may not be sent alone, with what to do instead.
    """
    if words := why_not(draft, by, now):
        raise ForbiddenError(words)
    reason = _checked(reason)
    draft.revision = revision
    if draft.state != Draft.State.SUBMITTED:
        approval.submit(draft, by, now)
    with transaction.atomic():
        preview = previewing.of_draft(draft, now)
        if not draft.move(
            Draft.State.APPROVED, decided_by=by, decided_at=now, preview=preview
        ):
            raise ConflictError("This message was decided or changed meanwhile.")
        draft.refresh_from_db()
        glass = _written(draft, by, reason, int(preview["people"]), now)
        alert = approval.write(draft, by, now, glass)
        told = _tell(alert, by, now)
        glass.told.set(told)
        _log(alert, by, len(told), now)
    return alert


def _checked(reason: str) -> str:
    words = reason.strip()
    if len(words) < SHORTEST_REASON:
        least = f"in {SHORTEST_REASON} characters or more"
        raise FieldsError({"reason": f"Say why nobody else can approve, {least}."})
    if len(words) > LONGEST_REASON:
        raise FieldsError({"reason": f"Keep it to {LONGEST_REASON:,} characters."})
    return words


def _written(
    draft: Draft, by: Officer, reason: str, people: int, now: datetime
) -> BreakGlass:
    most = settings.BREAK_GLASS_PEOPLE
    if people > most:
        raise ForbiddenError(
            f"One officer may warn {most:,} people alone; this is {people:,}. Make the "
            "zone smaller, or ask an approver."
        )
    return BreakGlass.objects.create(
        incident=draft.incident,
        draft=draft,
        officer=by,
        at=now,
        reason=reason,
        people=people,
        most=most,
    )


def _tell(alert: Alert, by: Officer, now: datetime) -> set[Officer]:
    """Write to the others now; when nobody can be told, nothing is sent either."""
    incident = alert.incident
    where = reverse("incidents:sending", args=[incident.reference])
    exercise = modes.mark(incident.mode)
    words = f"{exercise}ALARM: sent alone in {incident.reference}"
    body = (
        f"{exercise}An officer is sending without a second person in "
        f"{incident.reference}. It leaves in {release.longest_hold_s():.0f} seconds. "
        f"Look, and stop it if it is wrong:\n\n{settings.PUBLIC_URL}{where}"
        f"?alert={alert.pk}"
    )
    told = set()
    for way in others(incident, by, now):
        try:
            outbox.send_notice(
                f"glass:{alert.pk}:{way.officer.pk}:{way.channel}",
                purpose="break-glass",
                channel=way.channel,
                address=way.address,
                language="en",
                subject=words,
                body=body,
                now=now,
            )
        except outbox.CappedError:
            continue
        told.add(way.officer)
    if len(told) < FEWEST_TOLD:
        raise ForbiddenError(
            "The others were told so often within an hour that no notice is sent any "
            "more, so this cannot go either. Call an approver."
        )
    return told


def _log(alert: Alert, by: Officer, told: int, now: datetime) -> None:
    glass = alert.glass
    assert glass is not None
    audit.record(
        "break_glass",
        by,
        alert.incident.key,
        now,
        alert=alert.pk,
        people=glass.people,
        most=glass.most,
        told=told,
    )
    words = (
        f"Broke the glass: sends alone to {glass.people:,} people. {told} were told."
    )
    logbook.write(alert.incident, by, f"{words} Why: {glass.reason}", now)


def seen_by(by: Officer, now: datetime) -> QuerySet[BreakGlass]:
    """Return what was sent alone where an auditor's missions reach."""
    seen = Incident.objects.seen_by(by, now, Verb.AUDIT)
    return BreakGlass.objects.filter(incident__in=seen)


def unreviewed(by: Officer, now: datetime) -> QuerySet[BreakGlass]:
    """Return what was sent alone and no auditor has looked at."""
    return seen_by(by, now).filter(reviewed_by=None)


def review(glass: BreakGlass, by: Officer, finding: str, now: datetime) -> None:
    """Say that another person has looked at it, and what came of that.

    Raises
    ------
    ForbiddenError, FieldsError, ConflictError
        When it is one's own, nothing was written, or somebody was first.
    """
    if not may(by, Verb.AUDIT, now, glass.incident.territory):
        raise ForbiddenError("Only an auditor reviews what was sent alone.")
    if glass.officer_id == by.pk:
        raise ForbiddenError("Somebody else must review what you sent alone.")
    words = finding.strip()
    if not 3 <= len(words) <= LONGEST_REASON:
        raise FieldsError({"finding": "Say what you found, in 3 to 1,000 characters."})
    with transaction.atomic():
        row = BreakGlass.objects.filter(pk=glass.pk, reviewed_by=None)
        if not row.update(reviewed_by=by, reviewed_at=now, finding=words):
            raise ConflictError("Somebody has reviewed this already.")
        audit.record("review_break_glass", by, glass.incident.key, now, glass=glass.pk)
