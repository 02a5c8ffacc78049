"""Parties change while a question about everybody is being answered."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction

from consular.people import whereabouts
from consular.people.models import Person, Registration, Stay
from consular.people.stays import towns
from consular.people.whereabouts import Question
from geo import cells, circles
from tests.factories import TODAY, make_registration, make_stay_entry

MANAGUA = circles.circle(-86.25, 12.13, 20_000)
ASKED = Question(shape=MANAGUA, starts_on=TODAY, ends_on=TODAY, mode="exercise")


@contextmanager
def before(table: str, act: Callable[[], Any]) -> Iterator[None]:
    """Do something once, just before a table is first read."""
    waiting = [act]

    def look(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        if waiting and f"FROM {table} " in sql:
            waiting.pop()()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        yield
    assert not waiting, "nobody read it"


@pytest.mark.django_db
@pytest.mark.parametrize("gone", [0, 1, 2])
def test_who_is_erased_meanwhile_takes_nobody_else_out_or_in(gone: int) -> None:
    parties = [make_registration(language=code) for code in ("de", "fr", "es")]
    left = [each for each in parties if each != parties[gone]]
    erase = Registration.objects.filter(pk=parties[gone].pk).delete
    with before("people_registration", erase):
        found = whereabouts.people_in(ASKED)
    assert found.registration_ids.tolist() == [each.pk for each in left]
    assert found.languages.tolist() == [each.language for each in left]


@pytest.mark.django_db
def test_who_comes_into_a_party_meanwhile_is_left_to_the_next_look() -> None:
    party = make_registration(stays=[make_stay_entry(persons=(0,))], party=2)

    def come() -> None:
        child = Person.objects.create(
            registration=party, position=2, given_name="Cy", family_name="Example"
        )
        Stay.objects.get().persons.add(child)

    first = party.persons.order_by("position")[0]
    with before("people_stay_persons", come):
        found = whereabouts.people_in(ASKED)
    assert found.person_ids.tolist() == [first.pk]


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="one writer at a time")
def test_a_town_that_is_committed_after_a_newer_one_is_not_passed_over() -> None:
    noted, may_commit = threading.Event(), threading.Event()

    def slowly() -> None:
        with transaction.atomic():
            make_registration(
                stays=[
                    make_stay_entry(lat=12.13 + 0.2, precision="town", radius_m=9_000)
                ]
            )
            noted.set()
            may_commit.wait(20)
        connection.close()

    thread = threading.Thread(target=slowly)
    thread.start()
    assert noted.wait(20)
    towns.note([(cells.cell_of(2.35, 48.86), 2.35, 48.86, 7_000.0)])
    assert len(whereabouts.people_in(ASKED)) == 0
    may_commit.set()
    thread.join(20)
    assert len(whereabouts.people_in(ASKED)) == 1
    assert len(towns.known().cells) == 2
