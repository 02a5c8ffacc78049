"""Why somebody was, or was not, warned by an alert: for an inquiry, years later too.

What was settled is in the audience's row. For everyone else the versions of the stays
tell what was known when the alert was settled, and the same rule decides again.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, QuerySet

from alerts.dispatch.models import Message
from alerts.incidents.audiences import matching, outlines, warned
from alerts.incidents.models import Alert, AlertKind, Audience
from alerts.incidents.zones import previewing
from alerts.incidents.zones.previewing import Window
from consular.people.models import Contact, Registration
from consular.people.stays import tracing
from consular.people.stays.tracing import Trace


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """What decided about one registration and one alert.

    Attributes
    ----------
    alert, registration : Alert, Registration
        Which.
    asked : Alert
        Whose audience decided: the alert itself, or the one that it corrects.
    row : Audience or None
        What was settled, or written when it joined; None for who was far away.
    reason : str
        A word of `Audience.Reason`, or `elsewhere`, `later` (registered only after),
        `moved` (a stay that was inside became known only after), `no_zone`,
        `not_warned` (an all-clear is for those who were), `told_before` (by the
        all-clear before), `warned_later` (came only then), `untold` (should be on the
        list and is not), `corrected` or `not_reached`
        (a correction is for those whom its alert may have reached), `reached_later`
        (what could be written to came only after the list was written), `came_back`
        (told that it is over, and inside again later), `settling`
        (the list is being written), `unwritten` (it was stopped before), `not_listed`
        (was inside, and nothing says why they are not on it).
    decided_by : str
        The same in a sentence.
    as_of : datetime
        The moment whose knowledge decided.
    days : Window
        The days that counted.
    traces : list of Trace
        The versions of the stays, the newest first.
    addresses : dict
        Kind of address → how many of the party's own.
    messages : list of Message
        What was written for the registration.
    """

    alert: Alert
    asked: Alert
    registration: Registration
    row: Audience | None
    reason: str
    decided_by: str
    as_of: datetime
    days: Window
    traces: list[Trace]
    addresses: dict[str, int]
    messages: list[Message]

    @property
    def is_included(self) -> bool:
        """Whether the alert was for them."""
        if self.alert.corrects_id:
            return bool(self.messages)
        return self.row is not None and self.row.is_included


def explain(alert: Alert, registration: Registration) -> Explanation:
    """Say what decided whether an alert was for a registration; nothing is written.

    A correction has no audience of its own: that of the alert which it takes back
    decided, and whether a message may have reached them.
    """
    asked = alert.corrects or alert
    row = asked.audience.filter(registration=registration).first()
    as_of = asked.settled_at or asked.approved_at
    if row is not None and row.joined_at is not None:
        as_of = row.joined_at
    days = matching.days_of(asked)
    traces = _traces(asked, registration, days, as_of)
    messages = list(_messages(row, alert)) if row is not None else []
    reason = row.reason if row is not None else _reason(asked, registration, traces)
    if alert.corrects_id and row is not None and row.is_included:
        reason = "corrected" if messages else "not_reached"
    elif row is not None and row.has_come_back:
        reason = "came_back"
    elif reason in warned.UNREACHED and messages:
        reason = "reached_later"
    own = registration.contacts.filter(role=Contact.Role.OWN).order_by("kind")
    return Explanation(
        alert=alert,
        asked=asked,
        registration=registration,
        row=row,
        reason=reason,
        decided_by=SENTENCES[reason],
        as_of=as_of,
        days=days,
        traces=traces,
        addresses=dict(own.values_list("kind").annotate(Count("pk"))),
        messages=messages,
    )


def _traces(
    alert: Alert, registration: Registration, days: Window, as_of: datetime
) -> list[Trace]:
    area = outlines.outline(alert)
    if area is None:
        return []
    question = previewing.question(area, alert.mode, days)
    return tracing.trace(registration, question, as_of)


def _messages(row: Audience, alert: Alert) -> QuerySet[Message]:
    """Return what was written by an alert; a correction's hang on its alert's rows."""
    served = Message.objects.filter(audiences__audience=row)
    if alert.corrects_id:
        served = served.filter(cause__key=alert.cause_key)
    else:
        others = [each.cause_key for each in alert.corrections.all()]
        served = served.exclude(cause__key__in=others)
    return served.order_by("channel", "pk")


def _reason(alert: Alert, registration: Registration, traces: list[Trace]) -> str:
    """Decide again, by what was known at the time; the first that holds is told."""
    if alert.settled_at is None:
        return "settling" if alert.state == Alert.State.SETTLING else "unwritten"
    if alert.kind in warned.CLEARS:
        return _why_no_clear(alert, registration)
    as_of = alert.settled_at
    known = [each for each in traces if each.was_known]
    inside = [each for each in known if each.is_inside]
    confirmed_at = registration.confirmed_at
    checks = {
        "no_zone": not alert.zones,
        "later": registration.created_at > as_of,
        "unconfirmed": bool(inside) and (confirmed_at is None or confirmed_at > as_of),
        "rule": bool(inside) and not alert.include.get(registration.kind, True),
        "dates": bool(inside) and not any(each.is_on_days for each in inside),
        "not_listed": bool(inside),
        "country_only": any(each.shares_area and each.is_on_days for each in known),
        "moved": any(each.is_inside for each in traces if not each.was_known),
    }
    return next((reason for reason, holds in checks.items() if holds), "elsewhere")


def _why_no_clear(clear: Alert, registration: Registration) -> str:
    """Say why somebody is not on the list of an all-clear."""
    number = [registration.pk]
    if warned.rows(clear.incident, clear, number, warned.CLEARS).exists():
        return "told_before"
    was = warned.rows(clear.incident, clear, number)
    if clear.kind == AlertKind.OUTSIDE and was.exists():
        later = was.filter(audience__joined_at__gte=clear.approved_at)
        return "warned_later" if later.exists() else "untold"
    return "untold" if was.exists() else "not_warned"


SENTENCES: dict[str, str] = {
    "inside": "Inside the zone on these days: the alert was for them.",
    "joined": "Came, changed or moved into the zone while the alert was in force.",
    "came_back": "Was told that it is over for them, came back into the zone while the "
    "alert was in force, and was warned again.",
    "nearby": "Outside the zone, at most 25 km from its edge.",
    "dates": "Has a stay inside, but not on the days of the alert.",
    "country_only": "Only the country or region of the stay is known.",
    "no_contact": "Inside the zone, but gave no address that the alert was sent to.",
    "opted_out": "Inside the zone, but opted out of messages, or the address is gone.",
    "rule": "Inside the zone, but the alert left out their kind of registration.",
    "unconfirmed": "Has a stay inside, but the registration was not confirmed then.",
    "later": "Registered only after the alert was settled, and did not join it.",
    "moved": "A stay inside became known only after the alert was settled.",
    "elsewhere": "Was known to be elsewhere: farther than 25 km from the zone.",
    "no_zone": "The alert had no zone.",
    "settling": "The list of this alert is being written. Ask again in a moment.",
    "unwritten": "The alert was stopped before its list was written up to them.",
    "not_listed": "Was inside by what was known then, and is not on the list. If it "
    "still says so in a minute, tell who runs Muster.",
    "reached_later": "Inside the zone; an address to write to was given, or opened "
    "again, only after the list was written.",
    "warned": "Was warned by an earlier alert of this incident.",
    "outside": "Was warned before; the zone as revised does not cover them any more.",
    "corrected": "The alert that this takes back may have reached them.",
    "not_reached": "The alert that this takes back had not reached them.",
    "still_inside": "Was warned before, and may still be inside the zone.",
    "shared": "Outside the zone, but shares an address with somebody inside it.",
    "told_before": "Was warned, and was told before that this is over for them.",
    "untold": "Was warned before, and is not on the list. If it still says so in a "
    "minute, tell who runs Muster.",
    "warned_later": "Was warned only after the list of this all-clear was written.",
    "not_warned": "An all-clear is for those who were warned, and they were not.",
}
