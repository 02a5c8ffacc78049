"""The figures of an exercise, from Muster's ledgers and from the provider's journal."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, Sum

from alerts.checkins.board import boards
from alerts.checkins.models import Basis, CheckIn, Inbound
from alerts.dispatch.models import Message, Publication, Receipt, State
from alerts.exercises.journal import Journal
from alerts.exercises.provider.people import NOTHING
from alerts.exercises.story import Story
from alerts.incidents.models import Incident

UNFINISHED = {State.QUEUED, State.CLAIMED, State.UNCLEAR}
# What the provider must have taken when Muster says so.
TAKEN = {State.ACCEPTED, State.DELIVERED, State.UNDELIVERED}
PARTS = ("needs_help", "safe", "not_here", "left", "silent", "unreachable")
CHANNELS = ("sms", "email")
BUTTON = ("message_id", "status")


@dataclass(kw_only=True)
class Figures:
    """What an exercise came to; persons unless the name says otherwise."""

    speed: float = 1.0
    people: dict[str, int] = field(default_factory=dict)
    registrations_inside: int = 0
    messages: dict[str, dict[str, int]] = field(default_factory=dict)
    notices: int = 0
    receipts: dict[str, int] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=dict)
    provider: dict[str, Any] = field(default_factory=dict)
    stages: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return them for JSON."""
        return asdict(self)


def message_states(incident: Incident) -> dict[str, dict[str, int]]:
    """Count an incident's messages and posts by channel and state."""
    found: dict[str, dict[str, int]] = {}
    for kind in (Message, Publication):
        rows = kind.objects.filter(cause__incident_key=incident.key)
        for channel, state, count in rows.values_list("channel", "state").annotate(
            n=Count("id")
        ):
            found.setdefault(channel, {})[state] = count
    return found


def answers(incident: Incident) -> dict[str, int]:
    """Count what people said: texts as they were understood, and links by button."""
    texts = Counter(
        Inbound.objects.filter(incident=incident).values_list("label", flat=True)
    )
    pressed = CheckIn.objects.filter(incident=incident, basis=Basis.SELF_LINK)
    # One press of a button writes a check-in for each person whom the link serves.
    links = Counter(status for _, status in set(pressed.values_list(*BUTTON)))
    return {
        "safe": texts["safe"] + links["safe"],
        "help": texts["help"] + links["needs_help"],
        "not_here": links["not_here"] + links["left"],
        "unclear": texts["unclear"] + texts[""],
        "stop": texts["stop"],
        "by_text": sum(texts.values()),
        "by_link": sum(links.values()),
    }


def measure(story: Story, journal: Journal, now: datetime) -> Figures:
    """Gather all figures of a story, and say what does not add up."""
    figures = Figures(speed=story.speed, stages=_stages(story, now))
    start = story.times.get("published", story.quake_at)
    figures.seconds = {
        stage: round((at - start).total_seconds(), 2)
        for stage, at in {**story.times, "end": now}.items()
    }
    incident = story.incident
    if incident is None or story.alert is None:
        figures.wrong.append("no alert was sent")
        return figures
    figures.people = boards.of(incident, now).totals
    figures.registrations_inside = story.alert.audience.filter(is_included=True).count()
    figures.messages = message_states(incident)
    figures.notices = Message.objects.filter(cause__incident_key="").count()
    figures.receipts = dict(Counter(Receipt.objects.values_list("word", flat=True)))
    figures.answers = answers(incident)
    figures.provider = _provider(incident, journal)
    figures.wrong = _wrong(figures)
    return figures


def _stages(story: Story, now: datetime) -> dict[str, str]:
    times = {**story.times, "end": now}
    return {stage: at.isoformat(timespec="milliseconds") for stage, at in times.items()}


def _provider(incident: Incident, journal: Journal) -> dict[str, Any]:
    """Return what the provider's own journal says, and what it lacks."""
    rows = Message.objects.filter(cause__incident_key=incident.key)
    lost = {
        channel: len(
            journal.lost(
                map(
                    str,
                    rows.filter(channel=channel, state__in=TAKEN).values_list(
                        "uid", flat=True
                    ),
                ),
                channel,
            )
        )
        for channel in CHANNELS
    }
    inbound = journal.of("inbound")
    return {
        "accepted": {
            name: len(journal.accepted(name)) for name in (*CHANNELS, "social")
        },
        "duplicates": {name: journal.duplicates(name) for name in CHANNELS},
        "sent_again": {
            channel: rows.filter(channel=channel).aggregate(n=Sum("repeats"))["n"] or 0
            for channel in CHANNELS
        },
        "lost": lost,
        "faults": dict(journal.faults()),
        "inbound": len(inbound),
        "inbound_refused": sum(row["status"] not in range(200, 300) for row in inbound),
        "people_answered": sum(row["what"] != NOTHING for row in journal.answers()),
        "answers_failed": sum(
            row["status"] not in range(200, 400) for row in journal.answers()
        ),
    }


def _wrong(figures: Figures) -> list[str]:
    wrong = []
    people = figures.people
    total = sum(people[part] for part in PARTS)
    if people["inside"] != total or not total:
        wrong.append(f"{people['inside']} inside, but the parts sum to {total}")
    if lost := sum(figures.provider["lost"].values()):
        wrong.append(f"{lost} messages never reached the provider")
    for channel in CHANNELS:
        doubled = figures.provider["duplicates"][channel]
        again = figures.provider["sent_again"][channel]
        if doubled > again:
            wrong.append(f"{doubled} duplicates by {channel}, {again} explained")
    unfinished = sum(
        count
        for states in figures.messages.values()
        for state, count in states.items()
        if state in UNFINISHED
    )
    if unfinished:
        wrong.append(f"{unfinished} messages are not finished")
    heard = figures.answers["by_text"] + figures.answers["by_link"]
    if heard < (said := figures.provider["people_answered"]):
        wrong.append(f"{said} people answered, {heard} answers are known")
    if failed := figures.provider["answers_failed"]:
        wrong.append(f"{failed} answers were not taken")
    return wrong
