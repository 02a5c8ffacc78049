"""What is written in steps need not wait for the disk; what makes it count does."""

import pytest
from django.db import connection, transaction

from alerts.hazards.models import Hazard
from consular import copying


@pytest.mark.django_db(transaction=True)
def test_only_the_transaction_under_way_need_not_last() -> None:
    if connection.vendor != "postgresql":
        copying.need_not_last()  # SQLite has one setting for all
        return
    before = _waits()
    with transaction.atomic():
        copying.need_not_last()
        assert _waits() == "off"
    assert _waits() == before


@pytest.mark.django_db
def test_objects_are_written_as_one_by_one_with_null_where_nothing_is(now) -> None:
    square = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    made = [
        Hazard(mode="exercise", kind="flood", geometry=geometry, title=title)
        for geometry, title in ((None, ""), (square, 'A "quoted", é title'))
    ]
    for each in made:
        each.happened_at = each.first_heard_at = each.changed_at = now
    copying.create(made)
    assert [each.pk for each in made] == list(
        Hazard.objects.order_by("pk").values_list("pk", flat=True)
    )
    assert Hazard.objects.get(geometry__isnull=True).pk == made[0].pk
    stored = Hazard.objects.get(pk=made[1].pk)
    assert (stored.geometry, stored.title) == (square, made[1].title)
    assert (stored.happened_at, stored.expires_at) == (now, None)
    made[1].title = "Changed"
    made[1].save()
    assert Hazard.objects.count() == 2


def _waits() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        return str(cursor.fetchone()[0])
