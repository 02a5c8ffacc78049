"""The numbers of the board, the list and the live answers are one set of numbers."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from alerts.checkins.board import boards, choosing, counting, inside
from alerts.checkins.casework import cases
from alerts.checkins.models import BoardCount, Case, CheckIn
from consular.missions.models import Role
from tests import factories
from tests.checkins.conftest import say, send
from tests.factories import NOON

pytestmark = pytest.mark.django_db
BOARD = "/desk/incidents/EQ-1/board/"
LIVE = "/desk/incidents/EQ-1/live/"


def counted(incident, now=NOON):
    return counting.fold(incident, now)


def test_counting_and_reading_one_by_one_give_the_same(crowd, incident):
    row, board = counted(incident), boards.of(incident, NOON)
    assert boards.totals_of(row) == board.totals
    assert row.reach == board.reach
    assert board.totals["inside"] == 24
    assert len({row.reach[name] for name in row.reach}) > 1


def test_each_ring_level_holds_everyone_who_has_a_place(crowd, incident):
    row = counted(incident)
    for zoom in range(1, 12):
        assert sum(ring.people for ring in boards.rings(row, zoom)) == row.placed


def test_a_choice_keeps_what_the_totals_count(crowd, incident):
    totals = boards.of(incident, NOON).totals
    for status in choosing.STATUSES:
        chosen = choosing.Chosen(status=status)
        assert inside.count(incident, chosen) == totals[status]
        assert len(inside.rows(incident, chosen)) == totals[status]


def test_the_version_grows_only_with_the_numbers(crowd, incident):
    first = counted(incident)
    again = counted(incident, NOON + timedelta(seconds=9))
    assert again.version == first.version
    say(incident, crowd[0].persons, "left", now=NOON + timedelta(minutes=1))
    assert counted(incident).version == first.version + 1


def test_numbers_that_are_fresh_are_not_counted_again(crowd, incident):
    row = counted(incident)
    BoardCount.objects.update(totals={"safe": 77})
    kept = counting.current(incident, NOON + timedelta(seconds=1))
    assert kept.totals == {"safe": 77}
    anew = counting.current(incident, row.due_at)
    assert anew.totals == row.totals


def test_minutes_that_are_settled_are_kept_and_the_last_ones_counted_again(
    crowd, incident
):
    counted(incident, NOON + timedelta(minutes=9))
    CheckIn.objects.update(received_at=NOON + timedelta(minutes=8))
    row = counted(incident, NOON + timedelta(minutes=10))
    every = sum(sum(pair) for pair in row.minutes.values())
    assert every == 2 * CheckIn.objects.count()  # the old minute was settled


def test_the_page_shows_the_totals(crowd, incident, client, officer):
    page = client.get(BOARD).content.decode()
    totals = boards.of(incident, timezone.now()).totals
    assert f"<b>{totals['inside']} <em>people in the zone" in page
    assert f"<b>{totals['silent']}</b><span>No answer" in page


def test_nothing_new_is_304_and_a_new_call_comes_with_its_reason(
    sent, incident, client, officer
):
    said = json.loads(client.get(LIVE).content)
    cursor = said["cursor"]
    assert client.get(LIVE, {"since": cursor}).status_code == 304
    say(incident, sent.persons[:1], needs=("medical",), now=timezone.now())
    counted(incident, timezone.now())
    more = json.loads(client.get(LIVE, {"since": cursor}).content)
    (number,) = more["order"]
    assert "Medical" in more["cases"][str(number)]
    assert more["help"] == 1
    assert client.get(LIVE, {"since": more["cursor"]}).status_code == 304


def test_only_rows_that_changed_are_sent_again(crowd, incident, client, officer):
    said = json.loads(client.get(LIVE).content)
    assert len(said["cases"]) == len(said["order"]) > 1
    case = Case.objects.get(pk=said["order"][0])
    Case.objects.exclude(pk=case.pk).update(changed_at=NOON - timedelta(minutes=1))
    cases.take(case, officer, timezone.now())
    more = json.loads(client.get(LIVE, {"since": said["cursor"]}).content)
    assert list(more["cases"]) == [str(case.pk)]
    assert more["order"][-1] == case.pk or len(more["order"]) == 1


def test_a_strange_cursor_gets_everything(crowd, client, officer):
    for cursor in ("x", "1.2", "9.99999999999999999999.1", "-1.-1.-1"):
        assert client.get(LIVE, {"since": cursor}).status_code == 200


def test_who_only_watches_is_sent_no_names(crowd, client):
    factories.sign_in(client, factories.make_officer(role=Role.APPROVER))
    for asked in ({}, {"full": "1"}, {"look": "desk"}):
        said = json.loads(client.get(LIVE, asked).content)
        assert said["cases"] == {}
        assert "Invented" not in json.dumps(said)
        assert "Names are for officers who answer." in said["parts"]["cases"]
    assert "Invented" not in client.get(BOARD).content.decode()


def test_a_case_to_be_looked_at_again_rings_on_an_open_board(
    sent, incident, client, officer
):
    say(incident, sent.persons[:1])
    case, now = Case.objects.get(), timezone.now()
    cases.follow_up(case, now + timedelta(hours=1), officer, now - timedelta(hours=3))
    cursor = json.loads(client.get(LIVE).content)["cursor"]
    BoardCount.objects.update(due_at=now + timedelta(hours=1))
    assert client.get(LIVE, {"since": cursor}).status_code == 304
    Case.objects.update(follow_up_at=now)
    more = json.loads(client.get(LIVE, {"since": cursor}).content)
    assert "look again now" in more["cases"][str(case.pk)]


def test_a_case_that_got_worse_meanwhile_is_sent_though_another_changed_later(
    crowd, incident, client, officer
):
    """Who writes first may commit last, as readers of many texts do."""
    now = timezone.now()
    first, second = Case.objects.order_by("pk")[:2]
    cases.take(second, officer, now)
    said = json.loads(client.get(LIVE).content)
    BoardCount.objects.update(due_at=now + timedelta(hours=1))
    before = now - timedelta(seconds=5)
    Case.objects.filter(pk=first.pk).update(priority=90, changed_at=before)
    more = client.get(LIVE, {"since": said["cursor"]})
    assert more.status_code == 200
    assert str(first.pk) in json.loads(more.content)["cases"]


def test_a_projector_shows_no_name(sent, incident, client, officer):
    say(incident, sent.persons[:1], note="Room 12")
    wall = client.get(BOARD, {"look": "wall"}).content.decode()
    assert "Invented 0" not in wall
    assert "Room 12" not in wall
    assert "Invented 0" in client.get(BOARD).content.decode()


def test_a_call_for_help_without_a_place_is_in_the_list_and_counted(
    alert, incident, client, officer
):
    sent = send(alert, "+12025550199", party=1)
    sent.registration.stays.all().delete()
    say(incident, sent.persons)
    page = client.get(BOARD).content.decode()
    assert "Place not known" in page
    assert "1 without a place on the map" in page


def test_a_poll_asks_little_of_the_database(
    crowd, client, officer, django_assert_max_num_queries
):
    cursor = json.loads(client.get(LIVE).content)["cursor"]
    # Not counted again meanwhile, however slow the machine is.
    BoardCount.objects.update(due_at=timezone.now() + timedelta(hours=1))
    with django_assert_max_num_queries(14):
        assert client.get(LIVE, {"since": cursor}).status_code == 304


def test_the_people_page_pages_and_filters(crowd, client, officer):
    page = client.get("/desk/incidents/EQ-1/people/", {"status": "silent"})
    assert b"persons: No answer" in page.content
    odd = {"page": "999999999999", "reach": "x", "needs": "minor", "place": "none"}
    assert client.get("/desk/incidents/EQ-1/people/", odd).status_code == 200
