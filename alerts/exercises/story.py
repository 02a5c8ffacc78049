"""The story of an exercise: what the scripted officers do, and what has happened.

What has happened is read from the ledgers, whoever did it. The officers act only while
nobody else does: once a person has declared the incident or changed the message by
hand, the script leaves the rest to that person.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Max, Min

from alerts.checkins.models import CheckIn, Inbound
from alerts.dispatch.models import Channel, Message
from alerts.exercises.crew import Crew
from alerts.hazards.models import Hazard, Kind, Proposal, Source
from alerts.incidents import declaring
from alerts.incidents.approving import approval
from alerts.incidents.declaring import Declaration
from alerts.incidents.drafts import drafting, seeding
from alerts.incidents.models import Alert, Draft, Incident
from consular.modes import Mode

TITLE = "Earthquake near Managua"
PLACE = "Managua, Nicaragua"
LANGUAGES = ["en", "es"]
CHANNELS: list[str] = [Channel.SMS, Channel.EMAIL, Channel.SOCIAL]
# How long the officers take for each step, at normal speed.
PAUSES_S = {"declare": 10.0, "write": 12.0, "submit": 6.0, "approve": 10.0}
SCRIPTED = {Draft.State.DRAFT, Draft.State.SUBMITTED}
SAME_QUAKE = timedelta(seconds=90)
EXERCISE_FORMATS = {
    "exercise-usgs": ("USGS earthquakes (recorded)", "usgs", "/usgs/all_week.geojson"),
    "exercise-gdacs": ("GDACS (made for exercises)", "gdacs", "/gdacs/rss.xml"),
}


def set_sources(feeds_url: str, every_s: int, now: datetime) -> None:
    """Point the two exercise sources at the recorded feeds."""
    for slug, (name, format_, path) in EXERCISE_FORMATS.items():
        Source.objects.update_or_create(
            slug=slug,
            defaults={
                "name": name,
                "format": format_,
                "url": feeds_url + path,
                "mode": Mode.EXERCISE,
                "trust": Source.Trust.SUGGEST,
                "interval_s": every_s,
                "is_active": True,
                "next_poll_at": now,
                "etag": "",
                "last_modified": "",
                "failures": 0,
                "trouble": "",
                "advice": "",
            },
        )


@dataclass
class Story:
    """One run of the story, from the earthquake on."""

    quake_at: datetime
    speed: float
    crew: Crew
    hands_on: bool = False
    times: dict[str, datetime] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    hazard: Hazard | None = None
    incident: Incident | None = None
    alert: Alert | None = None
    _declared: int = 0
    _revision: int = 0

    def advance(self, now: datetime) -> None:
        """Note what has happened, and take the officers' next step if it is due."""
        self._look(now)
        if not self.hands_on:
            self._act(now)

    # What has happened

    def _look(self, now: datetime) -> None:
        self._mark("published", self.quake_at if now >= self.quake_at else None)
        if self.hazard is None:
            self.hazard = Hazard.objects.filter(
                mode=Mode.EXERCISE,
                kind=Kind.EARTHQUAKE,
                happened_at__range=(
                    self.quake_at - SAME_QUAKE,
                    self.quake_at + SAME_QUAKE,
                ),
                magnitude__gte=6,
            ).first()
        if self.hazard is not None:
            self._look_at(self.hazard)

    def _look_at(self, hazard: Hazard) -> None:
        self._mark("hazard", hazard.first_heard_at)
        proposal = Proposal.objects.filter(hazard=hazard).order_by("id").first()
        self._mark("proposal", proposal.counted_at if proposal else None)
        self.incident = Incident.objects.filter(hazard=hazard).order_by("id").first()
        if self.incident is None:
            return
        self._mark("declared", self.incident.opened_at)
        draft = self.incident.drafts.order_by("id").first()
        self._mark("submitted", draft.submitted_at if draft else None)
        self.alert = self.incident.alerts.order_by("id").first()
        if self.alert is not None:
            self._look_at_alert(self.incident, self.alert)

    def _look_at_alert(self, incident: Incident, alert: Alert) -> None:
        self._mark("approved", alert.approved_at)
        self._mark("settled", alert.settled_at)
        self._mark("released", alert.released_at)
        accepted = Message.objects.filter(cause__key=alert.cause_key).aggregate(
            first=Min("accepted_at"), last=Max("accepted_at")
        )
        if "released" in self.times:  # the alert was read a moment before its messages
            self._mark("first_accepted", accepted["first"])
        if accepted["last"]:
            self.times["last_accepted"] = accepted["last"]
        answers = [
            CheckIn.objects.filter(incident=incident).aggregate(at=Min("received_at")),
            Inbound.objects.filter(incident=incident).aggregate(at=Min("received_at")),
        ]
        self._mark(
            "first_answer", min((a["at"] for a in answers if a["at"]), default=None)
        )

    def _mark(self, stage: str, at: datetime | None) -> None:
        if at is not None and stage not in self.times:
            self.times[stage] = at
            self.said.append(stage)

    # What the officers do

    def _is_due(self, step: str, after: str, now: datetime) -> bool:
        pause = timedelta(seconds=PAUSES_S[step] / self.speed)
        return after in self.times and now >= self.times[after] + pause

    def _act(self, now: datetime) -> None:
        if self.incident is None:
            if self._is_due("declare", "proposal", now):
                self._declare(now)
        elif self.incident.pk != self._declared:
            self._step_aside("a person declared the incident")
        elif self.alert is None:
            self._act_on_draft(self.incident, now)

    def _act_on_draft(self, incident: Incident, now: datetime) -> None:
        draft = incident.drafts.order_by("-id").first()
        if draft is None:
            if self._is_due("write", "declared", now):
                self._write(incident, now)
        elif draft.revision != self._revision or draft.state not in SCRIPTED:
            self._step_aside("a person took the message over")
        elif draft.state == Draft.State.DRAFT:
            if self._is_due("submit", "written", now):
                approval.submit(draft, self.crew.officer, now)
        elif self._is_due("approve", "submitted", now):
            approval.approve(draft, self.crew.approver, now)

    def _step_aside(self, reason: str) -> None:
        self.hands_on = True
        self.said.append(f"{reason}; the scripted officers leave the rest to them")

    def _declare(self, now: datetime) -> None:
        if self.hazard is None:
            return
        incident = declaring.declare(
            Declaration(
                by=self.crew.officer,
                title=TITLE,
                place=PLACE,
                kind=self.hazard.kind,
                mode=Mode.EXERCISE,
                happened_at=self.hazard.happened_at,
                hazard=self.hazard,
                lead_mission=self.crew.mission,
            ),
            now,
        )
        self._declared = incident.pk

    def _write(self, incident: Incident, now: datetime) -> None:
        by = self.crew.officer
        next_word_at = seeding.next_word(now)
        texts = seeding.seed(incident, LANGUAGES, CHANNELS, next_word_at=next_word_at)
        content = drafting.Content(
            channels=tuple(CHANNELS), texts=tuple(texts), next_word_at=next_word_at
        )
        draft = drafting.save(drafting.begin(incident, by, now), content, by, now)
        self._revision = draft.revision
        self._mark("written", now)
