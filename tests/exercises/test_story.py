"""The scripted officers play the story from feed to alert, and yield to a person."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from alerts.exercises import crew, population, story
from alerts.exercises.population import Population
from alerts.exercises.recording import Recording
from alerts.exercises.story import Story
from alerts.hazards import proposing
from alerts.hazards.listening import intake
from alerts.hazards.models import Hazard, Source
from alerts.incidents import declaring
from alerts.incidents.audiences import audience
from alerts.incidents.declaring import Declaration
from alerts.incidents.drafts import drafting
from alerts.incidents.models import Alert, Draft, Incident
from tests.factories import make_officer

A_MINUTE = timedelta(minutes=1)


@pytest.fixture
def told(db: None, now: datetime, settings, tmp_path: Path) -> Story:
    """A story whose earthquake has just been read."""
    settings.DATA_DIR = tmp_path
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    story.set_sources("http://127.0.0.1:1", 5, now)
    population.fill(Population(120, now.date()), now)
    source = Source.objects.get(format="gdacs")
    intake.take(source, Recording(now).gdacs(now), "", now)
    return Story(now, speed=1, crew=crew.muster(now))


def quake(story: Story) -> Hazard:
    return Hazard.objects.get(
        magnitude__gte=6, happened_at__gte=story.quake_at - A_MINUTE
    )


def declaration(story: Story) -> Declaration:
    hazard = quake(story)
    return Declaration(
        by=make_officer(),
        title="Earthquake",
        place="Managua",
        kind=hazard.kind,
        mode="exercise",
        happened_at=hazard.happened_at,
        hazard=hazard,
    )


def play(story: Story, start: datetime, minutes: float) -> datetime:
    """Let time pass in steps of five seconds; return when it has."""
    end = start + minutes * A_MINUTE
    while start < end:
        story.advance(start)
        start += timedelta(seconds=5)
    return end


def test_both_feeds_tell_of_one_earthquake(told: Story, now: datetime):
    source = Source.objects.get(format="usgs")
    intake.take(source, Recording(now).usgs(now), "", now)
    hazard = quake(told)
    assert {report.source.format for report in hazard.reports.all()} == {
        "usgs",
        "gdacs",
    }


def test_the_officers_declare_write_hand_over_and_approve(told: Story, now: datetime):
    proposing.propose(quake(told), now)
    play(told, now, 2)
    alert = Alert.objects.get()
    assert alert.approved_by == told.crew.approver
    assert alert.incident.commander == told.crew.officer
    assert {text["language"] for text in alert.texts} == {"en", "es"}
    assert alert.channels == ["sms", "email", "social"]
    stages = ["published", "hazard", "proposal", "declared", "submitted", "approved"]
    assert [told.times[stage] for stage in stages] == sorted(
        told.times[stage] for stage in stages
    )


def test_the_officers_take_their_time_and_speed_divides_it(told: Story, now: datetime):
    proposing.propose(quake(told), now)
    told.advance(now + timedelta(seconds=9))
    assert not Incident.objects.exists()
    told.speed = 10
    told.advance(now + timedelta(seconds=9))
    assert Incident.objects.exists()


def test_a_person_who_declares_has_the_story_to_themselves(told: Story, now: datetime):
    proposing.propose(quake(told), now)
    declaring.declare(declaration(told), now)
    play(told, now, 3)
    assert told.hands_on
    assert not Draft.objects.exists()


def test_a_person_who_edits_the_message_goes_on_alone(told: Story, now: datetime):
    proposing.propose(quake(told), now)
    later = play(told, now, 0.5)
    draft = Draft.objects.get()
    content = drafting.content_of(draft)
    drafting.save(draft, content, make_officer(), later)
    play(told, later, 2)
    assert told.hands_on
    assert not Alert.objects.exists()


def test_hands_on_leaves_everything_to_people(told: Story, now: datetime):
    told.hands_on = True
    proposing.propose(quake(told), now)
    play(told, now, 2)
    assert "proposal" in told.times
    assert not Incident.objects.exists()


def test_what_people_do_is_part_of_the_story(told: Story, now: datetime):
    told.hands_on = True
    proposing.propose(quake(told), now)
    play(told, now, 2)
    incident = declaring.declare(declaration(told), now)
    told.advance(now + A_MINUTE)
    assert told.incident == incident
    assert told.times["declared"] == now


def test_the_audience_of_the_story_is_settled(told: Story, now: datetime):
    proposing.propose(quake(told), now)
    later = play(told, now, 2)
    alert = Alert.objects.get()
    assert audience.settle(alert, later)
    told.advance(later)
    assert told.alert is not None
    assert told.alert.people > 20
