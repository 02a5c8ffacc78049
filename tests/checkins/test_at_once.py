"""Two who work at once: what one of them says is in what the other derives."""

from datetime import timedelta

import pytest
from django.db import connection

from alerts.checkins import duplicates
from alerts.checkins.board import counting
from alerts.checkins.models import Standing, Word
from alerts.checkins.relatives import enquiring
from tests import factories
from tests.checkins.conftest import say, send
from tests.factories import NOON
from tests.meanwhile import Before, Uncommitted

SOON, LATE = NOON + timedelta(minutes=5), NOON + timedelta(minutes=16)


@pytest.mark.django_db
def test_two_counts_of_one_incident_never_have_one_version(sent, incident):
    counting.fold(incident, NOON)
    say(incident, sent.persons[:1], "safe")
    seen = []

    def overtake():
        say(incident, sent.persons[1:], "needs_help", now=SOON)
        seen.append(counting.fold(incident, SOON))

    with connection.execute_wrapper(Before('UPDATE "checkins_boardcount"', overtake)):
        kept = counting.fold(incident, NOON + timedelta(minutes=1))
    (other,) = seen
    assert kept.version != other.version or kept.totals == other.totals
    kept.refresh_from_db()
    assert kept.totals["needs_help"] == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="one writer at a time")
def test_who_answers_while_being_merged_hides_no_call_of_the_other_entry(
    alert, incident
):
    one, two = (
        send(alert, f"+1202555014{n}", party=1, code=f"7K2{n}").persons[0]
        for n in (1, 2)
    )
    say(incident, [two])
    officer = factories.make_officer()
    other = Uncommitted(lambda: duplicates.merge(one, two, officer, NOON))
    with connection.execute_wrapper(Before("FOR NO KEY UPDATE", other.commit)):
        say(incident, [one], "safe", basis="self-SMS", now=LATE)
    standing = Standing.objects.get(person=one)
    assert standing.status == "needs_help"


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="one writer at a time")
def test_two_taps_at_once_keep_the_words_for_relatives_once(sent, incident):
    def word(words):
        who = sent.persons[0]
        return Word(incident=incident, person=who, words=words, agreed_at=NOON)

    first = Uncommitted(lambda: enquiring.agree(word("first")))
    with connection.execute_wrapper(Before("FOR NO KEY UPDATE", first.commit)):
        enquiring.agree(word("second"))
    assert Word.objects.get(withdrawn_at=None).words == "second"
