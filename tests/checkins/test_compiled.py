"""A question whose SQL is kept is answered as Django answers it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.checkins import duplicates
from alerts.checkins.answers import checking, linked
from alerts.checkins.casework import opening
from alerts.checkins.models import CheckIn
from consular.compiled import LONGEST, Compiled, instance
from consular.people.models import Person

OF_PERSONS = {
    "what was said": checking._SAID,
    "what their page shows": linked._STANDINGS,
    "which cases are open": opening._OPEN,
}


def rows(question, *values):
    """What Django reads by itself."""
    return sorted(question.build(*values), key=str)


def asked(question, *values):
    return sorted(question.ask(*values), key=str)


@pytest.fixture
def answered(client, sent):
    client.post(sent.path, {"status": "help", "key": "a" * 32})
    return sent


@pytest.mark.parametrize("name", OF_PERSONS)
def test_what_is_asked_of_persons_is_answered_as_django_does(answered, name):
    incident = answered.audience.alert.incident_id
    people = [person.pk for person in answered.persons]
    question = OF_PERSONS[name]
    assert asked(question, incident, people) == rows(question, incident, people)
    assert asked(question, incident, people)
    for each in people:  # the SQL that is kept takes other values
        assert asked(question, incident, [each]) == rows(question, incident, [each])
    assert asked(question, incident + 1, people) == []


def test_what_is_asked_of_a_link_is_answered_as_django_does(answered):
    key, audience = answered.message.link_key, answered.audience.pk
    assert linked._LINKED.ask(key) == rows(linked._LINKED, key) != []
    assert linked._LINKED.ask("nobody's") == []
    assert asked(linked._PEOPLE, [audience]) == rows(linked._PEOPLE, [audience]) != []
    people = sorted(person.pk for person in answered.persons)
    assert checking._HELD.ask(people) == [(number,) for number in people]
    assert duplicates._ANY.ask() == []


def test_names_come_out_of_their_seal_and_are_not_in_the_sql(answered):
    opened = linked.of_token(answered.path.rpartition("/")[2])
    names = [person.full_name for person in opened.persons]
    assert names == [person.full_name for person in answered.persons]


def test_nothing_is_asked_for_nobody(answered):
    with CaptureQueriesContext(connection) as queries:
        assert checking._SAID.ask(1, []) == []
    assert len(queries) == 0


def test_many_at_once_are_asked_as_django_does(answered):
    incident = answered.audience.alert.incident_id
    many = [person.pk for person in answered.persons] + list(
        range(10**6, 10**6 + LONGEST)
    )
    assert asked(checking._SAID, incident, many) == rows(checking._SAID, incident, many)


@pytest.mark.django_db
def test_a_value_that_the_query_leaves_out_is_refused():
    question = Compiled(lambda number: CheckIn.objects.values_list("pk"))
    with pytest.raises(ValueError, match="not in the SQL"):
        question.ask(1)


def test_a_row_of_which_a_part_was_read_reads_the_rest_when_it_is_needed(answered):
    person = answered.persons[0]
    part = instance(Person, id=person.pk, position=person.position)
    assert part.given_name == person.given_name
    with pytest.raises(ValueError, match="fields"):
        instance(Person, id=1, nonsense=2)
