"""Nobody deletes what a message that is being written names."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from alerts.dispatch import forgetting, outbox
from alerts.dispatch.models import Address, Cause, Message, Text
from consular import copying
from consular.people.models import Contact
from tests.dispatch.test_ledger import make_cause
from tests.meanwhile import meanwhile, until_one_waits

PHONE, LONG_AGO = "+12025550101", timedelta(days=400)


def letter(text: Text) -> outbox.Letter:
    return outbox.Letter(channel="sms", address=PHONE, text=text)


def written(now: datetime, key: str = "alert:1") -> Message:
    text = outbox.text("sms", "en", "Are you safe?")
    return outbox.write(make_cause(key, now=now), [letter(text)], now)[0]


def purge(now: datetime) -> None:
    forgetting.purge(now, now - timedelta(days=1), Contact.objects.all(), now)


@pytest.mark.django_db
def test_a_message_is_not_written_with_a_text_or_to_an_address_that_is_gone(
    now: datetime,
) -> None:
    text = outbox.text("sms", "en", "Are you safe?")
    Text.objects.all().delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        outbox.write_many(make_cause(), [letter(text)], now)
    with pytest.raises(IntegrityError), transaction.atomic():
        copying.hold(Address, [1_000_000])
    assert not Message.objects.exists()


@pytest.mark.django_db
def test_what_no_message_names_any_more_is_deleted(now: datetime) -> None:
    written(now - LONG_AGO, "notice:party:1:code")
    Cause.objects.update(not_after=now)
    purge(now)
    for kind in (Message, Cause, Text, Address):
        assert not kind.objects.exists(), kind


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="one writer at a time")
def test_what_a_message_names_that_is_being_written_is_not_deleted(
    now: datetime,
) -> None:
    written(now - LONG_AGO, "notice:party:1:code")
    Cause.objects.update(not_after=now)
    cause = make_cause("alert:2", now=now)
    text = Text.objects.get()
    with transaction.atomic():
        outbox.write_many(cause, [letter(text)], now)
        thread = meanwhile(lambda: purge(now))
        until_one_waits()
    thread.join(20)
    message = Message.objects.select_related("text", "address").get()
    assert (message.cause, message.text) == (cause, text)
    assert message.address.address == PHONE
