"""Auditors read who knew what when; nobody else does, and they do nothing else."""

import csv
import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from alerts.checkins import audit_reading
from alerts.checkins.audit_reading import Question
from alerts.checkins.board import choosing
from alerts.checkins.reports import exporting, reporting
from alerts.incidents.audiences import audience
from alerts.incidents.models import Incident
from consular.missions import audit
from consular.missions.models import AuditEntry, Officer, Posting, Role
from consular.missions.sign_in import stepping
from consular.people.models import Registration
from tests import factories
from tests.incidents import path

pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor(db: None) -> Officer:
    return factories.make_officer(role=Role.AUDITOR)


@pytest.fixture
def party(db: None, now: datetime) -> Registration:
    return path.enrolled(now, phone="+12025550101")


def actions(auditor: Officer, now: datetime, **asked: Any) -> list[str]:
    answer = audit_reading.ask(Question(**asked), auditor, now)
    return list(answer.entries.values_list("action", flat=True))


def test_who_looked_at_a_person_is_found_by_their_reference(
    auditor: Officer, officer: Officer, party: Registration, now: datetime
) -> None:
    other = path.enrolled(now, phone="+12025550102")
    audit.record("view_registration", officer, f"registration {party.pk}", now)
    audit.record("view_registration", officer, f"registration {other.pk}", now)
    found = actions(auditor, now, registration=party.reference)
    assert found == ["view_registration"]


def test_looks_at_a_list_count_for_who_stood_on_it(
    auditor: Officer, officer: Officer, party: Registration, now: datetime
) -> None:
    approver = factories.make_officer(role=Role.APPROVER)
    alert = path.approved(officer, approver, now)
    audience.settle(alert, now)
    audit.record("view_people", officer, alert.incident.key, now, people=1)
    later = path.enrolled(now, lon=20, lat=50, country="PL", place="Kraków")
    assert "view_people" in actions(auditor, now, registration=party.reference)
    assert actions(auditor, now, registration=later.reference) == []


def test_a_list_that_was_taken_out_is_found_by_who_stood_on_it(
    auditor: Officer, officer: Officer, party: Registration, now: datetime
) -> None:
    approver = factories.make_officer(role=Role.APPROVER)
    alert = path.approved(officer, approver, now)
    audience.settle(alert, now)
    form = {"purpose": "Bus list", "format": "csv", "with_names": "1"}
    export = exporting.ask(alert.incident, form, choosing.Chosen(), officer, now)
    exporting.write(export, officer, now)
    reporting.make(alert.incident, officer, now)
    done = {"ask_export", "take_export", "make_report"}
    assert done <= set(actions(auditor, now, registration=party.reference))
    assert done <= set(actions(auditor, now, incident=alert.incident.reference))


def test_the_trail_is_narrowed_by_officer_incident_action_and_time(
    auditor: Officer, officer: Officer, now: datetime
) -> None:
    incident = path.declared(officer, now)
    path.zoned(incident, officer, now + timedelta(hours=1))
    audit.record("sign_in", auditor, f"officer {auditor.pk}", now)
    asked = actions(auditor, now, incident=incident.reference, action="zone")
    assert asked == ["zone"]
    assert actions(auditor, now, officer=auditor.pk) == ["sign_in"]
    half = now + timedelta(minutes=30)
    assert actions(auditor, now, officer=officer.pk, since=half) == ["zone"]
    assert actions(auditor, now, officer=officer.pk, until=half) == ["declare"]


def test_an_auditor_of_one_mission_reads_of_that_mission_only(
    officer: Officer, party: Registration, now: datetime
) -> None:
    suva = factories.make_mission(country="FJ", serves=["FJ"])
    far = factories.make_officer(role=Role.AUDITOR)
    Posting.objects.filter(officer=far).update(mission=suva)
    incident = path.declared(officer, now)
    audit.record("view_registration", officer, f"registration {party.pk}", now)
    assert actions(far, now) == []
    for asked in ({"registration": party.reference}, {"incident": incident.reference}):
        assert audit_reading.ask(Question(**asked), far, now).is_unknown
    audit.record("sign_in", far, f"officer {far.pk}", now)
    assert actions(far, now) == ["sign_in"]


def test_the_page_shows_the_trail_and_that_it_was_read(
    client: Any, auditor: Officer, officer: Officer, party: Registration, now: datetime
) -> None:
    audit.record("view_registration", officer, f"registration {party.pk}", now)
    factories.sign_in(client, auditor)
    assert client.get(reverse("missions:home")).url == reverse("checkins:audit")
    page = client.get(reverse("checkins:audit"), {"registration": party.reference})
    assert "view_registration" in page.content.decode()
    assert officer.full_name in page.content.decode()
    entry = AuditEntry.objects.get(action="read_audit")
    assert entry.facts == {"asked": {"registration": party.reference}}


def test_what_cannot_be_read_as_a_time_is_said(client: Any, auditor: Officer) -> None:
    factories.sign_in(client, auditor)
    page = client.get(reverse("checkins:audit"), {"since": "soon", "officer": "x\x00"})
    assert set(page.context["errors"]) == {"since"}


def test_an_export_needs_a_fresh_factor_and_leaves_its_hash_in_the_trail(
    client: Any, auditor: Officer, officer: Officer, now: datetime
) -> None:
    path.declared(officer, now)
    factories.sign_in(client, auditor)
    session = client.session
    session[stepping.KEY] = 0
    session.save()
    where = reverse("checkins:export_audit")
    assert client.get(where).url.startswith(reverse("missions:confirm"))
    factories.sign_in(client, auditor)
    file = client.get(where, {"action": "declare"})
    lines = file.content.decode().splitlines()
    assert lines[0].startswith("sequence,at,officer,action")
    assert len(lines) == 2
    entry = AuditEntry.objects.get(action="export_audit")
    assert (entry.facts["entries"], len(entry.facts["sha256"])) == (1, 64)


def test_an_export_says_what_was_an_exercise_and_holds_no_formula(
    settings: Any, auditor: Officer, officer: Officer, now: datetime
) -> None:
    settings.MODE = "live"
    drill, real = path.declared(officer, now), path.declared(officer, now)
    Incident.objects.filter(pk=real.pk).update(mode="live")
    for subject in (drill.key, real.key, "=HYPERLINK(1)", "registration 99999"):
        audit.record("view_board", officer, subject, now)
    rows = AuditEntry.objects.filter(action="view_board").order_by("id")
    body, count, _ = audit_reading.as_csv(rows)
    told = list(csv.DictReader(io.StringIO(body.decode())))
    assert [(row["subject"], row["mode"]) for row in told] == [
        (drill.key, "EXERCISE"),
        (real.key, "live"),
        ("'=HYPERLINK(1)", "live"),
        ("registration 99999", "live"),
    ]
    settings.MODE = "exercise"
    body, _, _ = audit_reading.as_csv(rows)
    assert body.decode().count("EXERCISE") == count == 4


def test_the_page_names_incidents_by_their_reference(
    client: Any, auditor: Officer, officer: Officer, now: datetime
) -> None:
    incident = path.declared(officer, now)
    factories.sign_in(client, auditor)
    asked = {"incident": incident.reference, "action": "declare"}
    html = client.get(reverse("checkins:audit"), asked).content.decode()
    assert f'data-label="With">{incident.reference}<' in html


def test_facts_are_said_in_a_line_without_what_is_empty() -> None:
    facts = {"asked": {}, "people": 1892, "by": "", "where": {"officer": "3"}}
    assert audit_reading.said(facts) == "people 1,892, where (officer 3)"


@pytest.mark.parametrize("role", [r for r in Role.values if r != Role.AUDITOR])
def test_no_other_role_learns_of_it(client: Any, role: str, db: None) -> None:
    factories.sign_in(client, factories.make_officer(role=Role(role)))
    assert client.get(reverse("checkins:audit")).status_code == 403
    page = client.get(reverse("hazards:list")).content.decode()
    assert reverse("checkins:audit") not in page


def test_the_page_says_when_nothing_is_sealed(
    client: Any, auditor: Officer, now: datetime
) -> None:
    audit.record("sign_in", auditor, f"officer {auditor.pk}", now)
    factories.sign_in(client, auditor)
    page = client.get(reverse("checkins:audit"))
    assert page.context["unsealed"] == 1
    audit.tick(now)
    assert client.get(reverse("checkins:audit")).context["unsealed"] == 0
