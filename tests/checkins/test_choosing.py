"""Officers choose among the people inside, and keep the choice under a name."""

from dataclasses import replace

import pytest

from alerts.checkins.board import choosing, inside, titles
from alerts.checkins.models import Export, SavedView
from alerts.incidents.models import AudiencePerson
from consular.people.models import Person, Registration, Stay
from tests import factories
from tests.checkins.conftest import make_incident, send

pytestmark = pytest.mark.django_db
PEOPLE = "/desk/incidents/EQ-1/people/"
VIEWS = f"{PEOPLE}views/"
KIDS = {"needs": "minor", "language": "es", "name": "Children, Spanish"}


@pytest.fixture
def mixed(crowd, alert):
    """The crowd, of which some are children, alone, elsewhere or nowhere."""
    crowd.append(send(alert, "+12025550190", party=1))
    Registration.objects.filter(pk=crowd[0].registration.pk).update(language="es")
    Person.objects.filter(registration=crowd[0].registration, position=1).update(
        is_minor=True
    )
    person = crowd[1].persons[0]
    person.needs = "insulin"
    person.save()
    Stay.objects.filter(registration=crowd[2].registration).update(country="HN")
    told = AudiencePerson.objects.filter(audience=crowd[3].audience)
    told.update(stay=None, level="caution")
    return crowd


def wanted(incident, **asked):
    found = inside.rows(incident, choosing.Chosen(**asked))
    assert inside.count(incident, choosing.Chosen(**asked)) == len(found)
    return {each.person_id for each in found}


def test_each_question_keeps_whom_it_is_about(mixed, incident):
    people = Person.objects.filter(registration__in=[e.registration.pk for e in mixed])
    honduras = factories.make_mission(serves=["HN"])
    nowhere = {each.pk for each in mixed[3].persons}
    for asked, kept in (
        ({}, people),
        ({"needs": "minor"}, people.filter(is_minor=True)),
        ({"needs": "needs"}, people.filter(pk=mixed[1].persons[0].pk)),
        ({"needs": "alone"}, people.filter(registration=mixed[-1].registration)),
        ({"needs": "party"}, people.exclude(registration=mixed[-1].registration)),
        ({"needs": "companion"}, people.filter(position__gt=0)),
        ({"place": "none"}, people.filter(pk__in=nowhere)),
        ({"place": "caution"}, people.filter(pk__in=nowhere)),
        ({"place": "danger"}, people.exclude(pk__in=nowhere)),
        ({"place": "information"}, people.none()),
        ({"language": "es"}, people.filter(registration__language="es")),
        ({"post": str(honduras.pk)}, people.filter(registration__stays__country="HN")),
        ({"language": "es", "needs": "minor"}, people.filter(is_minor=True)),
    ):
        assert wanted(incident, **asked) == {each.pk for each in kept}, asked


@pytest.mark.parametrize("post", ["9" * 16, "x", "1 OR 1=1", "²"])
def test_a_post_that_is_none_breaks_nothing(mixed, client, officer, post):
    assert client.get(PEOPLE, {"post": post}).status_code == 200


@pytest.mark.parametrize("name", choosing.NAMES)
def test_what_is_not_known_is_dropped_and_refused_for_an_export(
    mixed, client, officer, name
):
    assert choosing.of({name: "zzz"}) == choosing.Chosen()
    entry = {"purpose": "Calls by the post", "format": "csv", name: "zzz"}
    client.post("/desk/incidents/EQ-1/exports/ask/", entry)
    assert not Export.objects.exists()


def test_numbers_of_the_whole_incident_stand_beside_no_part_of_it(
    mixed, client, officer
):
    assert b"Safe <b>" in client.get(PEOPLE, {"status": "safe"}).content
    page = client.get(PEOPLE, {"needs": "minor"}).content
    assert b">Safe</a>" in page
    assert b"Delivered</option>" in page


def test_changing_one_thing_keeps_the_rest(mixed, client, officer):
    page = client.get(PEOPLE, {"status": "safe", **KIDS}).content.decode()
    assert 'href="?language=es&amp;needs=minor"' in page
    assert 'href="?status=silent&amp;language=es&amp;needs=minor"' in page


def test_a_view_is_kept_for_every_incident_and_for_oneself(mixed, client, officer):
    make_incident("EQ-2")
    back = client.post(VIEWS, KIDS)
    assert back["Location"] == f"{PEOPLE}?language=es&needs=minor"
    address = 'href="?language=es&amp;needs=minor"'
    page = client.get("/desk/incidents/EQ-2/people/").content.decode()
    assert f"{address} title=" in page
    assert KIDS["name"] in page
    factories.sign_in(client, factories.make_officer())
    assert KIDS["name"] not in client.get(PEOPLE).content.decode()


def test_the_same_name_is_given_to_the_newer_choice(mixed, client, officer):
    client.post(VIEWS, KIDS)
    client.post(VIEWS, KIDS | {"language": "ar", "name": "  Children,  Spanish "})
    (view,) = SavedView.objects.all()
    assert view.chosen == {"needs": "minor", "language": "ar"}


@pytest.mark.parametrize("entry", [KIDS | {"name": " "}, {"name": "Everyone"}])
def test_a_view_without_a_name_or_a_choice_is_refused_in_words(client, officer, entry):
    make_incident()
    page = client.post(VIEWS, entry, follow=True)
    assert not SavedView.objects.exists()
    assert [str(each) for each in page.context["messages"]]


def test_views_end_at_twenty_and_old_ones_can_still_be_changed(client, officer):
    make_incident()
    for number in range(22):
        client.post(VIEWS, KIDS | {"name": f"view {number}"})
    client.post(VIEWS, KIDS | {"name": "view 3", "language": "ar"})
    assert officer.saved_views.count() == 20
    assert officer.saved_views.get(name="view 3").chosen["language"] == "ar"


def test_a_view_is_removed_by_its_owner_alone_and_can_be_saved_again(client, officer):
    make_incident()
    client.post(VIEWS, KIDS)
    view = SavedView.objects.get()
    factories.sign_in(client, factories.make_officer())
    assert client.post(f"{VIEWS}{view.pk}/").status_code == 404
    factories.sign_in(client, officer)
    page = client.post(f"{VIEWS}{view.pk}/", follow=True)
    assert not SavedView.objects.exists()
    assert page.context["chosen"] == choosing.of(KIDS)
    assert b"Save as a view" in page.content


def test_an_export_holds_whom_the_list_showed_and_says_so(mixed, client, officer):
    asked = {"status": "", "needs": "companion", "place": "danger"}
    page = client.get(PEOPLE, asked).content.decode()
    exports = "/desk/incidents/EQ-1/exports/"
    assert f'href="{exports}?needs=companion&amp;place=danger"' in page
    page = client.get(exports, asked).content.decode()
    assert "registered by somebody else, zone of danger" in page
    entry = {"purpose": "Calls by the post", "format": "csv"}
    client.post(f"{exports}ask/", asked | entry)
    export = Export.objects.get()
    assert export.people == 11
    assert "registered by somebody else, zone of danger" in (
        client.get(exports).content.decode()
    )


def test_every_choice_has_its_words():
    assert set(titles.WHO_TITLES) == set(choosing.WHO)
    everything = choosing.Chosen(status="safe", needs="alone", place="none")
    assert titles.words(everything) == "Safe, travelling alone, not on the map"
    assert titles.words(replace(everything, status="", needs="", place="")) == (
        "Everyone inside"
    )
