"""An exercise has a stage of its own; its crew and its clearing leave no trace."""

import json
import socket
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import pytest
from django_otp.oath import TOTP

from alerts.exercises import clearing, crew, population, staging, story
from alerts.exercises.play import Play
from alerts.exercises.population import Population
from alerts.exercises.staging import StageError
from alerts.hazards.models import Document, Source
from alerts.incidents.approving import breaking
from consular.missions.access import Verb, may
from consular.missions.models import AuditEntry, Duty, Officer
from consular.modes import ModeError
from consular.people.models import Registration
from tests import factories
from tests.incidents import path


def test_the_next_free_port_is_taken():
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        assert staging.free_port(port) > port


def _python(program: str) -> int:
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return int(ended.stdout)


def test_a_port_is_claimed_long_before_anything_listens_on_it():
    port = staging.free_port(0)
    program = f"""
from alerts.exercises import staging
print(staging.free_port({port}))
"""
    assert _python(program) > port


def test_a_claim_lasts_when_a_command_becomes_itself_again():
    program = """
import os, sys
from alerts.exercises import staging
first = staging.free_port(0)
then = f"print(staging.free_port({first}) - {first})"
again = f"from alerts.exercises import staging; {then}"
os.execv(sys.executable, [sys.executable, "-c", again])
"""
    assert _python(program) > 0


def test_any_port_is_asked_for_again_when_the_system_gives_one_that_is_taken(
    monkeypatch: pytest.MonkeyPatch,
):
    claimed = staging.free_port(0)
    with socket.socket() as probe:
        probe.bind((staging.HOST, 0))
        free = probe.getsockname()[1]
    handed_out = iter([claimed, claimed, free])

    class Probe(socket.socket):
        def getsockname(self) -> tuple[str, int]:
            return (staging.HOST, next(handed_out))

    monkeypatch.setattr(socket, "socket", Probe)
    assert staging.free_port(0) == free


def test_a_stage_listens_on_this_machine_only_and_divides_by_its_speed(tmp_path: Path):
    stage = staging.build(tmp_path, 20, (0, 0, 0, 0))
    environment = stage.environment()
    assert environment["MUSTER_MODE"] == "exercise"
    assert environment["MUSTER_HOLD_S"] == "1.5"
    assert stage.poll_every_s == 1
    for name in ("MUSTER_PUBLIC_URL", "MUSTER_SIMULATED_PROVIDER_URL"):
        assert environment[name].startswith("http://127.0.0.1:")
    assert len({stage.web_port, stage.provider_port, stage.feeds_port}) == 3


def test_a_stage_is_entered_once_and_never_in_a_live_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings
):
    stage = staging.build(tmp_path, 1, (0, 0, 0, 0))
    monkeypatch.setenv(staging.VARIABLE, stage.environment()[staging.VARIABLE])
    assert staging.entered() == stage
    assert staging.entered() is None
    monkeypatch.setenv(staging.VARIABLE, json.dumps({}))
    settings.MODE = "live"
    with pytest.raises(StageError, match="live"):
        staging.entered()


@pytest.fixture
def made_crew(db: None, now: datetime, settings, tmp_path: Path) -> crew.Crew:
    settings.DATA_DIR = tmp_path
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return crew.muster(now)


def test_everybody_can_sign_in_with_what_is_printed(made_crew, now: datetime):
    assert may(made_crew.officer, Verb.DECLARE, now)
    assert may(made_crew.approver, Verb.APPROVE, now)
    assert Duty.objects.get().officer.username == "duty@example.org"
    for sign_in in made_crew.sign_ins.values():
        assert sign_in.officer.check_password(sign_in.password)
        totp = TOTP(sign_in.device.bin_key)
        totp.time = now.timestamp()
        assert totp.verify(int(sign_in.code(now)))


def test_the_officer_may_send_alone_and_the_auditor_reviews_it(
    made_crew, now: datetime
):
    incident = path.declared(made_crew.officer, now)
    near = path.Outline(shape="circle", given=path.CIRCLE.given | {"radius_m": 20_000})
    path.zoned(incident, made_crew.officer, now, outline=near)
    draft = path.drafted(incident, made_crew.officer, now)
    assert breaking.why_not(draft, made_crew.officer, now) == ""
    auditor = made_crew.sign_ins[crew.Role.AUDITOR].officer
    assert may(auditor, Verb.AUDIT, now, incident.territory)


def test_the_crew_is_found_again_with_the_same_passwords(made_crew, now: datetime):
    again = crew.muster(now)
    assert Officer.objects.count() == len(crew.PEOPLE)
    assert [each.password for each in again.sign_ins.values()] == [
        each.password for each in made_crew.sign_ins.values()
    ]


def test_clearing_leaves_people_officers_and_the_audit_trail(made_crew, now: datetime):
    population.fill(Population(40, now.date()), now)
    story.set_sources("http://127.0.0.1:1", 5, now)
    Document.objects.create(
        source=Source.objects.first(), sha256="0" * 64, body=b"", fetched_at=now
    )
    audits = AuditEntry.objects.count()
    assert clearing.clear_events() > 0
    assert not Document.objects.exists()
    assert not Source.objects.exists()
    assert Registration.objects.count() == 40
    assert Officer.objects.count() == len(crew.PEOPLE)
    assert AuditEntry.objects.count() == audits


def test_whoever_registers_during_an_exercise_is_there_for_the_next_run(
    db, now: datetime
):
    assert not population.is_others_place()
    population.fill(Population(40, now.date()), now)
    joined = factories.make_registration(phone="+12025550198")
    assert not population.is_others_place()
    clearing.clear_events()
    clearing.clear_invented(but_of=date(2026, 3, 3))
    assert list(Registration.objects.all()) == [joined]


def test_a_database_that_others_have_filled_is_no_stage(db, tmp_path: Path):
    factories.make_registration(phone="+12025550198")
    stage = staging.build(tmp_path, 1, (0, 0, 0, 0))
    play = Play(stage, hands_on=True, say=str)
    with pytest.raises(StageError, match="DATABASE_URL"):
        play.prepare(40, lambda done, of: None)
    assert Registration.objects.count() == 1


def test_people_who_were_made_up_for_another_day_are_cleared(db, now: datetime):
    population.fill(Population(40, now.date()), now)
    assert clearing.clear_invented(but_of=now.date()) == 0
    assert clearing.clear_invented(but_of=date(2026, 3, 3)) == 40
    assert not Registration.objects.exists()


def test_a_live_installation_is_never_cleared(db, settings):
    settings.MODE = "live"
    with pytest.raises(ModeError):
        clearing.clear_events()
    with pytest.raises(ModeError):
        clearing.clear_invented(but_of=date(2026, 3, 3))
