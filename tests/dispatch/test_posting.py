"""Public posts that break something end where an officer sees it, and can mend it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from alerts.dispatch import links, outbox, routing
from alerts.dispatch.channels import posts
from alerts.dispatch.channels.base import PermanentError, TemporaryError, UnclearError
from alerts.dispatch.models import Alarm, Publication, State
from alerts.dispatch.sending import posting, sweeping
from alerts.dispatch.watching import alarms
from consular.missions.models import AuditEntry
from tests.dispatch.test_ledger import make_cause

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)
LATER = NOW + timedelta(hours=12)
BROKEN = "simulated-mastodon"


@pytest.fixture
def cause(provider):
    found = make_cause(now=NOW, opens_at=NOW, not_after=LATER)
    outbox.publish(found, outbox.text("social", "en", "EXERCISE. Earthquake."), NOW)
    return found


@pytest.fixture
def broken(settings, cause):
    """A post whose account lost its token from the settings."""
    token = settings.ACCOUNTS[BROKEN].pop("access_token")
    posting.post_due(NOW)
    settings.ACCOUNTS[BROKEN]["access_token"] = token
    return Publication.objects.get(account=BROKEN)


def test_a_post_that_breaks_its_transport_is_set_aside_and_says_why(broken):
    assert broken.state == State.SET_ASIDE
    attempt = broken.attempts.get()
    assert attempt.outcome == State.SET_ASIDE
    assert attempt.detail == "posting broke with KeyError; see the log"


def test_the_other_networks_get_their_posts(broken):
    others = Publication.objects.exclude(account=BROKEN)
    assert set(others.values_list("state", flat=True)) == {State.DELIVERED}


def test_a_broken_post_is_not_tried_each_minute(broken):
    later = NOW + timedelta(minutes=2)
    posting.take_back_lost(later)
    assert posting.post_due(later) == 0


def test_an_alarm_tells_of_posts_that_failed_and_ends_with_them(broken, cause):
    later = NOW + timedelta(minutes=2)
    alarms.look(later)
    assert Alarm.objects.get().words == "1 of the public posts of alert:1 failed"
    posting.again(broken, later)
    posting.post_due(later)
    alarms.look(later)
    assert not Alarm.objects.filter(over_at=None).exists()


def test_an_alarm_tells_of_posts_that_wait(cause):
    alarms.look(NOW + timedelta(minutes=2))
    words = Alarm.objects.values_list("words", flat=True)
    assert "5 of the public posts of alert:1 wait" in words


def test_a_poster_that_dies_three_times_sets_its_post_aside(cause):
    rows = Publication.objects.filter(account=BROKEN)
    for number in range(posting.MOST_TRIES):
        now = NOW + timedelta(minutes=2 * number)
        rows.update(state=State.CLAIMED, lease_until=now)
        posting.take_back_lost(now + timedelta(seconds=1))
    found = rows.get()
    assert (found.state, found.provider_code) == (State.SET_ASIDE, "crash")


def test_an_account_that_is_gone_from_the_settings_is_said(settings, cause):
    conf = settings.ACCOUNTS.pop(BROKEN)
    posting.post_due(NOW)
    settings.ACCOUNTS[BROKEN] = conf
    found = Publication.objects.get(account=BROKEN)
    assert (found.state, found.provider_code) == (State.SET_ASIDE, "no_account")


def test_an_officer_reads_why_and_posts_again(desk, broken, cause, provider):
    page = reverse("dispatch:cause", args=[cause.pk])
    assert "Muster itself failed with it" in desk.get(page).content.decode()
    routing.transport_for.cache_clear()
    desk.post(reverse("dispatch:post_again", args=[broken.pk]))
    posting.post_due(datetime.now(UTC) + timedelta(minutes=1))
    broken.refresh_from_db()
    assert (broken.state, broken.repeats) == (State.DELIVERED, 1)
    assert AuditEntry.objects.filter(action="post_again").count() == 1


@pytest.mark.parametrize(
    ("met", "said"),
    [(TemporaryError, UnclearError), (PermanentError, PermanentError)],
)
def test_a_thread_that_breaks_off_is_not_begun_again(met, said):
    def post(number: int, part: str, reply_to: str) -> str:
        if number:
            raise met("busy", "429")
        return "1"

    with pytest.raises(said) as raised:
        posts.one_by_one(["one", "two", "three"], "", post)
    assert str(raised.value) == "busy; 1 of 3 posts are out"
    assert raised.value.code == "429"


def test_a_thread_whose_first_post_is_refused_for_now_may_begin_again():
    def post(number: int, part: str, reply_to: str) -> str:
        raise TemporaryError("busy")

    with pytest.raises(TemporaryError):
        posts.one_by_one(["one", "two"], "", post)


def test_a_check_in_link_is_short(settings):
    whole = links.address("c", "8a1003ed-cdb8-4acd-a92b-57a5db081471")
    assert len(whole.removeprefix(settings.PUBLIC_URL)) <= 30


class Slow:
    """A network during whose answer an officer does something."""

    mode, hook, states, gone = "exercise", "", {}, frozenset()
    meanwhile = staticmethod(lambda: None)

    def __init__(self, account):
        self.account = account

    def send(self, outgoing):
        Slow.meanwhile()
        return "1"


@pytest.mark.parametrize(
    "does",
    [
        lambda: outbox.stop("alert:1", NOW),
        lambda: outbox.pause(NOW, key="alert:1"),
        lambda: outbox.pause(NOW, channel="social"),
        lambda: outbox.pause(NOW, channel=""),
    ],
)
def test_what_is_stopped_while_one_post_is_made_is_followed_by_none(
    settings, monkeypatch, does
):
    path = f"{Slow.__module__}.{Slow.__qualname__}"
    account = settings.ACCOUNTS[BROKEN] | {"transport": path}
    settings.ACCOUNTS = {"one": account, "two": account, "three": account}
    routing.transport_for.cache_clear()
    monkeypatch.setattr(Slow, "meanwhile", staticmethod(does))
    cause = make_cause(now=NOW, opens_at=NOW, not_after=LATER)
    outbox.publish(cause, outbox.text("social", "en", "EXERCISE. Quake."), NOW)
    assert posting.post_due(NOW) == 1
    posted = Publication.objects.filter(state=State.DELIVERED)
    assert posted.count() == 1
    assert posting.post_due(NOW) == 0


def published(number: int, **changes):
    """Publish the next text of one incident."""
    fields = {"now": NOW, "opens_at": NOW, "not_after": LATER, "incident_key": "EQ-1"}
    found = make_cause(f"alert:{number}", **(fields | changes))
    words = f"EXERCISE. Number {number}."
    return outbox.publish(found, outbox.text("social", "en", words), NOW)


@pytest.mark.parametrize("over", [outbox.stop, None])
def test_a_correction_is_posted_though_nobody_knows_what_became_of_the_first_post(
    provider, over
):
    late = NOW + timedelta(hours=1)
    first = {post.account: post for post in published(1, not_after=late)}[BROKEN]
    Publication.objects.filter(pk=first.pk).update(state=State.UNCLEAR)
    if over:
        over("alert:1", NOW)
    sweeping.end(late)
    posting.take_back_lost(late)
    published(2)
    posting.post_due(late)
    first.refresh_from_db()
    assert (first.state, first.provider_code) == (State.SET_ASIDE, "look")
    later = Publication.objects.filter(cause__key="alert:2")
    assert set(later.values_list("state", flat=True)) == {State.DELIVERED}


def test_an_unclear_post_of_an_alert_that_goes_on_is_asked_for(provider):
    first = {post.account: post for post in published(1)}[BROKEN]
    Publication.objects.filter(pk=first.pk).update(state=State.UNCLEAR)
    posting.take_back_lost(NOW)
    posting.post_due(NOW)
    first.refresh_from_db()
    assert first.state == State.DELIVERED


def test_nothing_stands_under_a_post_that_was_taken_down(provider):
    first = {post.account: post for post in published(1)}[BROKEN]
    posting.post_due(NOW)
    published(2)  # while the first is still there
    first.refresh_from_db()
    assert posting.take_down(first, NOW) == ""
    posting.post_due(NOW)
    told = {row["in_reply_to"] for row in provider.journal.accepted("social")}
    assert first.provider_id not in told
    third = {post.account: post for post in published(3)}[BROKEN]
    assert third.in_reply_to.cause.key == "alert:2"


def test_a_post_that_a_wrong_key_kept_out_is_posted_when_the_key_is_right(
    settings, desk, provider, cause
):
    right = settings.ACCOUNTS[BROKEN]["access_token"]
    settings.ACCOUNTS[BROKEN]["access_token"] = "ended"
    routing.transport_for.cache_clear()
    posting.post_due(NOW)
    post = Publication.objects.get(account=BROKEN)
    assert post.state == State.REJECTED
    settings.ACCOUNTS[BROKEN]["access_token"] = right
    routing.transport_for.cache_clear()
    page = desk.get(reverse("dispatch:cause", args=[cause.pk])).content.decode()
    assert reverse("dispatch:post_again", args=[post.pk]) in page
    assert posting.again(post, NOW)
    posting.post_due(NOW)
    post.refresh_from_db()
    assert (post.state, post.repeats) == (State.DELIVERED, 0)


def test_an_update_stands_under_the_first_post_that_was_ever_out(provider):
    first = {post.account: post for post in published(1)}[BROKEN]
    Publication.objects.filter(pk=first.pk).update(state=State.REJECTED)
    second = {post.account: post for post in published(2)}[BROKEN]
    third = {post.account: post for post in published(3)}[BROKEN]
    assert (second.in_reply_to, third.in_reply_to) == (None, second)
