"""Who an alert is for: once, resumable, with the reason."""

import contextlib
import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from alerts.dispatch import addresses
from alerts.dispatch.models import Address, Cause, Message
from alerts.incidents import ticking
from alerts.incidents.approving import approval, release
from alerts.incidents.audiences import audience
from alerts.incidents.audiences.leasing import LEASE, LostError
from alerts.incidents.drafts import drafting
from alerts.incidents.drafts.wording import Words
from alerts.incidents.models import (
    Alert,
    Audience,
    AudienceMessage,
    AudiencePerson,
    Draft,
)
from alerts.incidents.zones import zoning
from alerts.incidents.zones.zoning import Outline
from consular.missions.models import Officer
from consular.people.managing import recalling
from consular.people.models import Registration
from consular.people.registering import enrolling
from tests.incidents import path

LATER = timedelta(minutes=2)


def test_settling_twice_writes_once(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    path.enrolled(now, phone="+12025550101")
    alert = path.approved(officer, approver, now)
    assert audience.settle(alert, now)
    assert not audience.settle(Alert.objects.get(), now + LATER)
    assert (Message.objects.count(), Audience.objects.count()) == (1, 1)


def test_who_was_asked_twice_in_vain_is_counted_apart(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    path.enrolled(now, phone="+12025550101")
    stale = path.enrolled(now, phone="+12025550102")
    Registration.objects.filter(pk=stale.pk).update(silences=2)
    alert = path.approved(officer, approver, now)
    audience.settle(alert, now)
    kept = Alert.objects.get()
    assert (kept.people, kept.fresh, kept.stale) == (2, 1, 1)
    Registration.objects.update(silences=0)  # what was written down stays
    assert Alert.objects.get().stale == 1


def test_two_workers_do_not_settle_the_same_alert(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    path.enrolled(now, phone="+12025550101")
    alert = path.approved(officer, approver, now)
    first = audience.steps(alert, now)
    next(first)
    assert not audience.settle(Alert.objects.get(), now)
    later = now + LEASE + timedelta(seconds=5)
    assert audience.settle(Alert.objects.get(), later)
    with pytest.raises(LostError):
        next(first)


@profile(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(sizes=st.lists(st.integers(1, 60), min_size=1, max_size=4))
def test_killed_between_any_two_steps_it_resumes_to_the_same_hash(
    sizes: list[int], officer: Officer, approver: Officer, now: datetime
) -> None:
    if not Registration.objects.exists():
        for number in range(7):
            path.enrolled(
                now,
                lon=-86.25 + number / 100,
                phone=f"+120255501{number:02}",
                email=f"p{number}@example.org",
                persons=1 + number % 3,
            )
    whole = path.approved(officer, approver, now)
    audience.settle(whole, now)
    broken = path.approved(officer, approver, now)
    at = now
    for size in sizes:
        with contextlib.suppress(LostError):  # it may have come to its end before
            next(audience.steps(broken, at, size), None)  # and the process dies
        at += LATER
    broken.refresh_from_db()
    audience.settle(broken, at)
    whole.refresh_from_db()
    broken.refresh_from_db()
    assert broken.audience_hash == whole.audience_hash
    assert (broken.people, broken.registrations) == (13, 7)
    written = Message.objects.filter(cause__key=broken.cause_key)
    assert written.count() == 14


class DiedError(Exception):
    """What a process meets that is killed."""


def dying_at(number: int) -> Callable[..., Any]:
    """Return a wrapper that lets so many statements pass to the database."""
    left = itertools.count(number, -1)

    def wrapper(execute: Callable[..., Any], sql: str, *words: Any) -> Any:
        if "SAVEPOINT" not in sql and next(left) == 0:
            raise DiedError
        return execute(sql, *words)

    return wrapper


def rows_of(alert: Alert) -> tuple[Any, ...]:
    """Return what an audience came to, but for numbers, codes and links."""
    alert.refresh_from_db()
    rows = alert.audience.order_by("registration_id")
    persons = AudiencePerson.objects.filter(audience__alert=alert)
    messages = Message.objects.filter(cause__key=alert.cause_key)
    served = AudienceMessage.objects.filter(audience__alert=alert)
    return (
        alert.audience_hash,
        list(rows.values_list("registration_id", "is_included", "reason", "level")),
        sorted(persons.values_list("person_id", "stay_id", "level")),
        sorted(messages.values_list("address_id", "text_id", "rank", "state")),
        sorted(served.values_list("audience__registration_id", "message__address_id")),
        [bool(code) for code in rows.values_list("code", flat=True)],
    )


def test_killed_at_any_statement_it_resumes_to_the_same_rows(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    for number in range(5):
        phone = f"+120255501{number // 2:02}"
        path.enrolled(now, phone=phone, email=f"p{number}@example.org", persons=2)
    path.enrolled(now, lon=-86.25 + 0.6)
    whole = path.approved(officer, approver, now)
    with CaptureQueriesContext(connection) as counted:
        assert audience.settle(whole, now, most_rows=9)
    expected = rows_of(whole)
    assert len(expected[3]) == 3 + 5
    died = 0
    for number in range(0, len(counted), 11):
        broken = path.approved(officer, approver, now)
        with (
            contextlib.suppress(DiedError),
            connection.execute_wrapper(dying_at(number)),
        ):
            audience.settle(broken, now, most_rows=9)
        transaction.set_rollback(False)  # of the test's own, that nobody rolled back
        broken.refresh_from_db()
        died += broken.settled_at is None
        assert audience.settle(broken, now + LATER, most_rows=20) or broken.settled_at
        assert rows_of(broken) == expected, number
    assert died > 3


WRITTEN = (Address, Message, Audience, AudiencePerson, AudienceMessage)


def test_no_transaction_writes_more_rows_than_it_may(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    for number in range(9):
        phone = f"+120255501{number:02}"
        email = f"p{number}@example.org" if number % 2 else ""
        path.enrolled(now, phone=phone, email=email, persons=1 + number % 4)
    path.enrolled(now, lon=-86.25 + 0.6)
    alert = path.approved(officer, approver, now)
    before, most = 0, []
    for _ in audience.steps(alert, now, 20):
        rows = sum(kind.objects.count() for kind in WRITTEN)
        most.append(rows - before)
        before = rows
    assert max(most) <= 20
    assert len(most) == 5
    assert alert.audience.count() == 10


@pytest.mark.django_db(transaction=True)
def test_who_is_erased_or_changes_while_it_is_settled_is_looked_at_again(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    parties = [
        path.enrolled(now, phone=f"+120255501{number:02}", persons=2)
        for number in range(20)
    ]
    alert = path.approved(officer, approver, now)
    running = audience.steps(alert, now, 9)
    next(running)
    parties[4].delete()
    parties[5].persons.all()[1].delete()
    far = recalling.entry_of(parties[6])
    enrolling.change(parties[6], far, now)
    for _ in running:
        pass
    alert.refresh_from_db()
    assert (alert.state, alert.registrations, alert.people) == ("held", 19, 37)
    assert alert.audience_hash == audience.digest(alert)
    assert Message.objects.count() == 19


def test_a_shared_phone_gets_one_message_that_serves_both(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    path.enrolled(now, phone="+12025550101")
    path.enrolled(now, phone="+12025550101", lat=12.2)
    alert = path.approved(officer, approver, now)
    audience.settle(alert, now, most_rows=1)
    message = Message.objects.get()
    assert AudienceMessage.objects.filter(message=message).count() == 2


def test_people_without_an_address_stay_in_with_the_reason(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    path.enrolled(now)
    alert = path.approved(officer, approver, now)
    audience.settle(alert, now)
    row = alert.audience.get()
    assert (row.is_included, row.reason) == (True, Audience.Reason.NO_CONTACT)


def test_who_opted_out_is_not_written_to(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    path.enrolled(now, phone="+12025550101")
    first = path.approved(officer, approver, now)
    audience.settle(first, now)
    key = Address.objects.get().address_key
    addresses.opt_out(key, "sms", Address.OptOut.ALL, now)
    second = path.approved(officer, approver, now)
    audience.settle(second, now)
    assert second.audience.get().reason == Audience.Reason.OPTED_OUT
    assert not Message.objects.filter(cause__key=second.cause_key).exists()


def test_excluded_ones_are_kept_with_their_reasons(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    path.enrolled(now, lon=-86.25 + 0.6)  # some 65 km away: 15 km outside
    path.enrolled(now, precision="country")
    gone: dict[str, Any] = {"arrives_on": now.date() - timedelta(days=40)}
    path.enrolled(now, **gone, departs_on=now.date() - timedelta(days=30))
    alert = path.approved(officer, approver, now)
    audience.settle(alert, now)
    rows = alert.audience.order_by("registration_id")
    assert [(row.is_included, row.reason) for row in rows] == [
        (False, "nearby"),
        (False, "country_only"),
        (False, "dates"),
    ]
    assert not Message.objects.exists()


def test_the_worst_level_covers_a_person_in_two_zones(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    near = path.enrolled(now)
    far = path.enrolled(now, lon=-86.25 + 1.2)
    incident = path.declared(officer, now)
    wide = {"lon": -86.25, "lat": 12.14, "radius_m": 200_000.0}
    wider = Outline(shape="circle", level="caution", given=wide)
    zoning.save(incident, wider, officer, now)
    path.zoned(incident, officer, now)
    draft = approval.submit(path.drafted(incident, officer, now), officer, now)
    alert = approval.approve(draft, approver, now)
    audience.settle(alert, now)
    levels = dict(alert.audience.values_list("registration_id", "level"))
    assert levels == {near.pk: "danger", far.pk: "caution"}


def test_nearness_decides_who_is_written_to_first(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    path.enrolled(now, lon=-86.25 + 0.3, phone="+12025550101")
    path.enrolled(now, phone="+12025550102")
    audience.settle(path.approved(officer, approver, now), now)
    first = Message.objects.order_by("rank").first()
    assert first is not None
    assert first.address.address == "+12025550102"


def test_a_reader_of_another_language_gets_the_fallback(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    for number, language in enumerate(["es", "fr"], start=1):
        phone = f"+1202555010{number}"
        path.enrolled(now, phone=phone, entry={"language": language})
    incident = path.declared(officer, now)
    path.zoned(incident, officer, now)
    texts = tuple(
        Words(channel="sms", language=language, body=f"{language} {{link}}")
        for language in ("en", "es")
    )
    said = {"channels": ("sms",), "texts": texts}
    draft = path.drafted(incident, officer, now, **said)
    alert = approval.approve(approval.submit(draft, officer, now), approver, now)
    audience.settle(alert, now)
    rows = Message.objects.order_by("address__pk")
    assert [row.text.language for row in rows] == ["es", "en"]


def test_a_count_that_moved_goes_back_to_the_approver(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    path.enrolled(now, phone="+12025550101", persons=9)
    draft = path.submitted(officer, now)
    path.enrolled(now, phone="+12025550102", persons=2)
    alert = approval.approve(draft, approver, now)
    audience.settle(alert, now)
    alert.refresh_from_db()
    draft.refresh_from_db()
    assert alert.state == Alert.State.STOPPED
    assert draft.state == Draft.State.SUBMITTED
    assert "from 9 to 11" in draft.reason
    cause = Cause.objects.get()
    assert (cause.opens_at, cause.stopped_at) == (None, now)
    again = approval.approve(draft, approver, now)
    assert audience.settle(again, now)
    assert again.state == Alert.State.HELD


def test_a_count_that_moved_a_little_goes_on(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    path.enrolled(now, phone="+12025550101", persons=11)
    draft = path.submitted(officer, now)
    path.enrolled(now, phone="+12025550102")
    alert = approval.approve(draft, approver, now)
    audience.settle(alert, now)
    assert alert.state == Alert.State.HELD


def test_a_stop_while_settling_ends_it(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    path.enrolled(now, phone="+12025550101")
    path.enrolled(now, phone="+12025550102")
    alert = path.approved(officer, approver, now)
    running = audience.steps(alert, now, 1)
    next(running)
    release.stop(Alert.objects.get(), approver, now)
    with pytest.raises(LostError):
        next(running)
    assert Message.objects.count() == 1


def test_the_tick_settles_what_a_dead_queue_leaves(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    path.enrolled(now, phone="+12025550101")
    alert = path.approved(officer, approver, now)
    ticking.tick(now)
    alert.refresh_from_db()
    assert (alert.state, alert.queued_at) == (Alert.State.SETTLING, now)
    ticking.tick(now + timedelta(seconds=5))
    alert.refresh_from_db()
    assert alert.state == Alert.State.SETTLING
    ticking.tick(now + timedelta(seconds=10))
    alert.refresh_from_db()
    assert alert.state == Alert.State.HELD


def test_a_social_post_waits_for_the_same_hold(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    incident = path.declared(officer, now)
    path.zoned(incident, officer, now)
    draft = drafting.begin(incident, officer, now)
    post = Words(channel="social", language="en", body="Earthquake near Managua.")
    said = path.content()
    said = path.content(channels=("sms", "email", "social"), texts=(*said.texts, post))
    drafting.save(draft, said, officer, now)
    alert = approval.approve(approval.submit(draft, officer, now), approver, now)
    audience.settle(alert, now)
    cause = Cause.objects.get()
    publication = cause.publication_set.get(account="simulated-mastodon")
    assert publication.text.body == "EXERCISE. Earthquake near Managua."
    assert publication.state == "queued"
