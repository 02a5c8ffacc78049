"""An officer of one mission sees and does what its countries give, and no more."""

from datetime import date, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from alerts.incidents.errors import ForbiddenError
from alerts.incidents.models import SavedArea
from alerts.incidents.zones import saving
from consular.missions.models import Mission, Officer, Posting, Role
from consular.people.lists import grouping, taking
from consular.people.models import Group, Registration, Resemblance, Upload
from tests import factories
from tests.incidents import path
from tests.people.test_intake import SAID

pytestmark = pytest.mark.django_db
LIST = b"given_name,phone,country\nAda,+353209100000,NI\nBen,+353209100001,FJ\n"


@pytest.fixture
def home() -> Mission:
    return factories.make_mission(country="NI", serves=["NI"])


@pytest.fixture
def elsewhere() -> Mission:
    return factories.make_mission(name="Elsewhere", country="FJ", serves=["FJ"])


def officer_of(mission: Mission) -> Officer:
    officer = factories.make_officer(role=Role.CONSULAR_OFFICER)
    Posting.objects.filter(officer=officer).update(mission=mission)
    return officer


def desk_of(officer: Officer) -> Client:
    client = Client()
    factories.sign_in(client, officer)
    return client


def test_a_group_is_seen_and_ended_by_its_mission_alone(
    home: Mission, elsewhere: Mission, officer: Officer
) -> None:
    here, there = desk_of(officer_of(home)), desk_of(officer_of(elsewhere))
    said = {"name": "Example School", "email": "c@example.org", "language": "en"}
    assert there.post("/desk/groups/", said | {"mission": home.pk}).status_code == 200
    assert not Group.objects.exists()
    assert here.post("/desk/groups/", said | {"mission": home.pk}).status_code == 302
    group = Group.objects.get()
    close = f"/desk/groups/{group.pk}/close/"
    assert "Example School" in here.get("/desk/groups/").content.decode()
    assert "Example School" not in there.get("/desk/groups/").content.decode()
    assert there.post(close).status_code == 404
    assert "Example School" in desk_of(officer).get("/desk/groups/").content.decode()
    assert here.post(close).status_code == 302
    group.refresh_from_db()
    assert group.closed_at


def test_a_group_of_the_whole_ministry_is_no_mission_s(
    home: Mission, officer: Officer, now: datetime
) -> None:
    group = grouping.open_group("Example Tours", "c@example.org", "en", officer, now)
    here = desk_of(officer_of(home))
    assert "Example Tours" not in here.get("/desk/groups/").content.decode()
    assert here.post(f"/desk/groups/{group.pk}/close/").status_code == 404


def test_a_list_brings_in_people_of_the_mission_s_countries_alone(
    home: Mission, now: datetime
) -> None:
    here = desk_of(officer_of(home))
    sent = SimpleUploadedFile("people.csv", LIST)
    page = here.get(here.post("/desk/lists/", {"list": sent}).headers["Location"])
    assert taking.ELSEWHERE in page.content.decode()
    upload = Upload.objects.get()
    taking.want(upload, now)
    taking.run(now)
    assert [row.stays.get().country for row in Registration.objects.all()] == ["NI"]
    upload.refresh_from_db()
    assert upload.refused == [3]


def test_a_list_is_seen_by_who_uploaded_it_and_by_the_ministry(
    home: Mission, officer: Officer, now: datetime
) -> None:
    uploader = officer_of(home)
    upload = taking.keep(LIST, now, officer=uploader)
    address = f"/desk/lists/{upload.pk}/"
    colleague, ministry = desk_of(officer_of(home)), desk_of(officer)
    assert ministry.get(address).status_code == 404  # names, not taken in yet
    taking.want(upload, now)
    assert colleague.get(address).status_code == 404
    assert address not in colleague.get("/desk/lists/").content.decode()
    assert ministry.get(address).status_code == 200
    assert address in ministry.get("/desk/lists/").content.decode()


def test_a_caller_from_another_country_is_taken_in_and_not_shown(
    elsewhere: Mission,
) -> None:
    there = desk_of(officer_of(elsewhere))
    said = SAID | {"key": "0" * 32}
    answer = there.post("/desk/registrations/by-phone/", said, follow=True)
    row = Registration.objects.get()
    assert "country of another mission" in answer.content.decode()
    assert there.get(f"/desk/registrations/{row.reference}/").status_code == 404


def test_a_pair_that_is_half_elsewhere_is_not_shown_nor_decided(
    home: Mission, elsewhere: Mission, now: datetime
) -> None:
    fiji = factories.make_stay_entry(
        country="FJ", lon=178.4, lat=-18.1, arrives_on=date(2026, 3, 1)
    )
    rows = [factories.make_registration(), factories.make_registration(stays=[fiji])]
    one, two = (row.persons.get() for row in rows)
    pair = Resemblance.objects.create(
        one=one, two=two, score=1, reasons=[], found_at=now
    )
    for mission in (home, elsewhere):
        desk = desk_of(officer_of(mission))
        assert not desk.get("/desk/same/").context["rows"]
        answer = desk.post(f"/desk/same/{pair.pk}/", {"state": "same"})
        assert answer.status_code == 404


def test_a_kept_area_is_offered_where_its_mission_looks(
    home: Mission, elsewhere: Mission, officer: Officer, now: datetime
) -> None:
    incident = path.declared(officer, now)
    area = saving.keep(
        path.zoned(incident, officer, now), "Managua and around", officer, now
    )
    assert (area.country, incident.country) == ("NI", "NI")
    other = path.declared(officer, now, title="Flood")
    type(other).objects.filter(pk=other.pk).update(country="FJ", lead_mission=elsewhere)
    other.refresh_from_db()
    assert list(SavedArea.objects.for_use_in(incident)) == [area]
    assert not SavedArea.objects.for_use_in(other)
    assert not SavedArea.objects.for_use_in(None)
    with pytest.raises(ForbiddenError):
        saving.forget(area, officer_of(elsewhere), now)
    saving.forget(area, officer_of(home), now)
    assert not SavedArea.objects.exists()
