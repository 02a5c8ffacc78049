"""First texts for an incident, from its phase's words, in any of our languages."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings

from alerts.dispatch.models import Channel
from alerts.hazards.models import Kind
from alerts.incidents.drafts import phrasing
from alerts.incidents.drafts.phrasing import Facts
from alerts.incidents.drafts.wording import Words
from alerts.incidents.models import AlertKind, Incident, Phase

NEXT_WORD_H = 3  # when a first message promises the next one
QUARTER_S = 15 * 60
WHEN = "%Y-%m-%d %H:%M"  # the same in every language
# What is known before it is there: people are warned, not asked.
FORESEEN = {Kind.CYCLONE, Kind.FLOOD, Kind.TSUNAMI, Kind.WEATHER, Kind.VOLCANO}
BOTH = (Channel.SMS, Channel.EMAIL)


def phase_of(incident: Incident, now: datetime) -> Phase:
    """Return which phase a new message most likely is about."""
    earlier = incident.alerts.exclude(released_at=None)
    if earlier.filter(kind__in=[AlertKind.ALERT, AlertKind.UPDATE]).exists():
        return Phase.UPDATE
    if incident.kind in FORESEEN and incident.happened_at > now:
        return Phase.WARNING
    return Phase.CHECK_IN


def next_word(now: datetime) -> datetime:
    """Return when to promise the next message: in some hours, on the quarter."""
    late = now + timedelta(hours=NEXT_WORD_H)
    past = late.timestamp() % QUARTER_S
    return late + timedelta(seconds=(QUARTER_S - past) % QUARTER_S)


def facts(incident: Incident, language: str, next_word_at: datetime) -> Facts:
    """Return what an incident's messages have to say, in a language."""
    return Facts(
        what=phrasing.event(incident.kind, language),
        where=incident.place,
        when=written(incident, incident.happened_at),
        who=settings.MINISTRY_NAME,
        todo=phrasing.advice(incident.kind, language),
        next=written(incident, next_word_at),
        phone=settings.EMERGENCY_PHONE,
    )


def seed(
    incident: Incident,
    languages: Iterable[str],
    channels: Iterable[str] = BOTH,
    *,
    phase: str = Phase.CHECK_IN,
    next_word_at: datetime,
) -> list[Words]:
    """Write the first texts of a phase: what, where, when, what to do, who says so."""
    wanted = [each for each in channels if each in phrasing.channels_of(phase)]
    return [
        phrasing.compose(
            phase, channel, language, facts(incident, language, next_word_at)
        )
        for language in languages
        for channel in wanted
    ]


def correction(
    alike: Iterable[Words], incident: Incident, now: datetime
) -> list[Words]:
    """Write the correction that stands by for some texts, in the same languages."""
    return [
        phrasing.compose(
            Phase.CORRECTION,
            words.channel,
            words.language,
            facts(incident, words.language, now),
        )
        for words in alike
    ]


def written(incident: Incident, at: datetime) -> str:
    """Write a moment in the place's own time, as the texts do."""
    return incident.local(at).strftime(WHEN)
