"""Is it still right? Asked at each turn of a stay; two silences make it stale."""

from datetime import date, datetime, timedelta

import pytest
from django.test import Client

from alerts.dispatch.models import Message
from consular.people.managing import asking, linking
from consular.people.models import Link, Question, Registration
from tests import factories
from tests.factories import NOON

pytestmark = pytest.mark.django_db
A_DAY = timedelta(days=1)


def stay(first: int, last: int | None, **changes: object):
    until = None if last is None else NOON.date() + last * A_DAY
    days = {"arrives_on": NOON.date() + first * A_DAY, "departs_on": until}
    return factories.make_stay_entry(**(days | changes))


def travel(days: int) -> list[str]:
    """Let a number of days go by; return the occasions on which was asked."""
    for day in range(days):
        asking.run(NOON + day * A_DAY)
    questions = Question.objects.order_by("asked_at", "pk")
    return list(questions.values_list("occasion", flat=True))


def day(number: int) -> date:
    return NOON.date() + number * A_DAY


def test_a_trip_is_asked_about_before_and_at_each_stop() -> None:
    stops = [stay(20, 30), stay(30, 40)]
    factories.make_registration(phone="+12025550101", stays=stops)
    asked = travel(60)
    assert asked == [f"before:{day(20)}", f"stop:{day(20)}", f"stop:{day(30)}"]
    assert Message.objects.filter(purpose="question").count() == 3


def test_two_silences_make_it_stale_and_it_is_counted_apart(desk: Client) -> None:
    factories.make_registration(phone="+12025550101", stays=[stay(20, 30)])
    factories.make_registration(phone="+12025550102", stays=[stay(200, 210)])
    travel(17)
    assert not Registration.objects.filter(silences__gte=2).exists()
    travel(30)
    row = Registration.objects.get(silences=2)
    assert row.is_stale
    assert "1 fresh, 1 stale" in desk.get("/desk/registrations/").content.decode()


def test_one_press_makes_it_fresh_again(client: Client) -> None:
    row = factories.make_registration(phone="+12025550101", stays=[stay(20, 30)])
    travel(30)
    token = linking.token(row, Link.Purpose.MANAGE)
    page = client.post(f"/r/{token}/", {"do": "right"})
    assert "Thank you: it is still right." in page.content.decode()
    row.refresh_from_db()
    assert row.silences == 0
    assert not Question.objects.filter(answered_at=None).exists()


def test_residents_are_asked_every_half_year_and_kept_while_they_answer() -> None:
    home = [stay(-900, None)]
    row = factories.make_registration(
        phone="+12025550101", stays=home, kind="residence"
    )
    asked = travel(200)
    assert asked[0] == f"half:{day(182)}"
    assert len(asked) == 2  # once more after a fortnight
    row.refresh_from_db()
    assert row.expires_on == day(365)


def test_who_has_just_registered_or_not_confirmed_is_left_in_peace() -> None:
    factories.make_registration(phone="+12025550101", stays=[stay(0, 3)])
    factories.make_registration(
        phone="+12025550102", stays=[stay(20, 30)], confirmed=False
    )
    assert travel(3) == []
    assert [each.split(":")[0] for each in travel(40)] == []


def test_it_is_asked_once_a_day_by_day() -> None:
    early = datetime(2026, 3, 2, 3, 0, tzinfo=NOON.tzinfo)
    assert not asking.is_due(early)
    assert asking.is_due(NOON)
    asking.run(NOON)
    assert not asking.is_due(NOON + timedelta(hours=1))
