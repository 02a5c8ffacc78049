"""A row that cannot be opened, for want of a key, keeps no other from leaving."""

from datetime import timedelta

import pytest

from alerts.dispatch import outbox, ticking
from alerts.dispatch.hearing import unclear
from alerts.dispatch.models import Address, Alarm, Message, Publication, State, Text
from alerts.dispatch.sending import claims, delivery, posting
from alerts.dispatch.watching import alarms
from consular.sealing import Sealed
from tests.dispatch.test_ledger import letters, make_cause
from tests.factories import NOON

pytestmark = pytest.mark.django_db(transaction=True)
SECOND = timedelta(seconds=1)
UNKNOWN_KEY = Sealed("1.0123abcd.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")


def seal_with_another_key(number: int) -> str:
    """Make an address unreadable; return what it was."""
    row = Address.objects.get(message__rank=number)
    Address.objects.filter(pk=row.pk).update(address=UNKNOWN_KEY)
    return row.address


def states():
    return [m.state for m in Message.objects.order_by("rank").defer("text")]


def test_the_others_leave_and_it_goes_on_by_itself_once_the_key_is_there(provider):
    outbox.write(make_cause(), letters(3), NOON)
    was = seal_with_another_key(1)
    assert delivery.drain(NOON) == 2
    assert states() == [State.ACCEPTED, State.QUEUED, State.ACCEPTED]
    alarms.look(NOON + 90 * SECOND)
    alarm = Alarm.objects.get(key__startswith="sealed:")
    assert "1 messages of alert:1 cannot be opened" in alarm.words
    Address.objects.filter(message__rank=1).update(address=was)
    assert delivery.drain(NOON + 90 * SECOND) == 1
    alarms.look(NOON + 95 * SECOND)
    assert not Alarm.objects.filter(pk=alarm.pk, over_at=None).exists()


def test_a_text_that_cannot_be_opened_keeps_other_texts_from_nothing(provider):
    broken = outbox.write(make_cause(), letters(1), NOON)[0]
    text = outbox.text("sms", "fr", "EXERCICE. Séisme.")
    outbox.write(make_cause("alert:2"), letters(1, text=text), NOON)
    Text.objects.filter(pk=broken.text_id).update(body=UNKNOWN_KEY)
    assert delivery.drain(NOON) == 1


def test_what_is_unclear_is_asked_for_beside_what_cannot_be_opened(provider):
    outbox.write(make_cause(), letters(2), NOON)
    claims.begin(claims.claim("dead", NOON), "dead", NOON)
    ticking.tick(NOON + 4 * SECOND)
    seal_with_another_key(0)
    for at in (10, 30, 50):
        unclear.resolve(NOON + at * SECOND)
    assert states() == [State.UNCLEAR, State.QUEUED]


def test_a_post_that_cannot_be_opened_is_set_aside_and_others_are_posted(provider):
    cause = make_cause()
    for language in ("en", "fr"):
        text = outbox.text("social", language, f"EXERCISE. {language}")
        outbox.publish(cause, text, NOON)
    Text.objects.filter(language="en").update(body=UNKNOWN_KEY)
    posting.post_due(NOON)
    rows = Publication.objects.order_by("id").values_list("state", flat=True)
    assert list(rows) == [State.SET_ASIDE] * 5 + [State.DELIVERED] * 5
