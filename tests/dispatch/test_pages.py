"""The mail room's pages: figures that add up, each with its list; brakes; retries."""

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from alerts.dispatch import outbox
from alerts.dispatch.models import (
    Account,
    Alarm,
    Cause,
    Message,
    Pause,
    Publication,
    State,
)
from alerts.dispatch.sending import claims, delivery, posting
from consular.missions.models import AuditEntry
from tests.dispatch.test_ledger import letters, make_cause
from tests.factories import sign_in

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)
LATER = NOW + timedelta(hours=12)


@pytest.fixture
def cause():
    found = make_cause(now=NOW, opens_at=NOW, not_after=LATER)
    outbox.write(found, letters(6, country="NI"), NOW)
    outbox.write(found, [letters(7)[-1]], NOW)
    rows = list(Message.objects.order_by("id"))
    states = ["accepted", "delivered", "undelivered", "unclear", "set_aside", "stopped"]
    for row, state in zip(rows, states, strict=False):
        code = "30003" if state == "undelivered" else ""
        Message.objects.filter(pk=row.pk).update(state=state, provider_code=code)
    return found


def test_each_figure_of_a_cause_leads_to_as_many_messages(desk, cause):
    page = desk.get(reverse("dispatch:cause", args=[cause.pk]))
    html = page.content.decode()
    links = re.findall(
        r'<td class="n" data-label="[^"]+"><a href="([^"]+)">(\d+)</a>', html
    )
    assert sum(int(number) for _, number in links) == 7
    for link, number in links:
        listed = desk.get(link.replace("&amp;", "&"))
        assert listed.context["page"].paginator.count == int(number)


def test_failures_are_said_in_plain_words_and_lead_to_their_list(desk, cause):
    page = desk.get(reverse("dispatch:cause", args=[cause.pk]))
    assert "Phone off or out of reach" in page.content.decode()
    link = next(link for f, link in page.context["failures"] if f.code == "30003")
    listed = desk.get(link)
    assert [each.provider_code for each, *_ in listed.context["listed"]] == ["30003"]


def test_no_page_shows_an_address_or_a_text(desk, cause):
    for path in (
        reverse("dispatch:status"),
        reverse("dispatch:cause", args=[cause.pk]),
        reverse("dispatch:messages", args=[cause.pk]),
    ):
        html = desk.get(path).content.decode()
        assert "+1202" not in html
        assert "Are you safe" not in html


def test_a_list_says_of_what_is_unclear_that_its_provider_was_asked(desk, cause):
    path = reverse("dispatch:messages", args=[cause.pk]) + "?part=unclear"
    said = "The provider was asked and does not know of it"
    assert said not in desk.get(path).content.decode()
    Message.objects.update(absent_at=NOW)
    assert said in desk.get(path).content.decode()


def test_a_list_can_be_sent_again_and_that_is_audited(desk, cause):
    path = reverse("dispatch:retry_list", args=[cause.pk])
    desk.post(path + "?part=unclear")
    assert Message.objects.filter(state="queued", repeats=1).count() == 1
    assert Message.objects.filter(state="set_aside").count() == 1
    entry = AuditEntry.objects.get(action="retry")
    assert entry.facts == {"messages": 1}


def test_a_pause_of_a_cause_holds_and_goes_on(desk, cause):
    path = reverse("dispatch:act", args=[cause.pk])
    desk.post(path, {"to": "pause"})
    assert claims.claim("worker", datetime.now(UTC)) == []
    desk.post(path, {"to": "resume"})
    assert len(claims.claim("worker", datetime.now(UTC))) == 1


def test_a_brake_is_one_row_and_an_odd_channel_is_refused(desk):
    desk.post(reverse("dispatch:brake"), {"channel": "sms", "to": "pause"})
    desk.post(reverse("dispatch:brake"), {"channel": "pigeon", "to": "pause"})
    assert list(Pause.objects.values_list("channel", flat=True)) == ["sms"]


def test_who_may_only_watch_sees_no_button_and_cannot_press_one(
    client, duty_officer, cause
):
    sign_in(client, duty_officer)
    html = client.get(reverse("dispatch:status")).content.decode()
    assert "Pause</button>" not in html
    assert (
        client.post(
            reverse("dispatch:act", args=[cause.pk]), {"to": "pause"}
        ).status_code
        == 403
    )
    assert Cause.objects.get().paused_at is None


@pytest.mark.django_db(transaction=True)
def test_a_test_goes_to_the_officer_through_the_account_that_was_chosen(
    desk, officer, provider
):
    type(officer).objects.update(phone="+12025550111")
    desk.post(reverse("dispatch:send_test", args=["simulated-telnyx"]))
    delivery.drain(datetime.now(UTC))
    row = provider.journal.accepted("sms")[0]
    assert (row["to"], row["provider"]) == ("+12025550111", "telnyx")
    assert row["body"].startswith("EXERCISE")


def test_alarms_and_an_account_s_trouble_stand_on_the_page(desk):
    Alarm.objects.create(key="k", words="Nothing moves", raised_at=NOW)
    Account.objects.create(
        name="simulated-sms", trouble="Twilio answered 503", trouble_at=NOW
    )
    html = desk.get(reverse("dispatch:status")).content.decode()
    assert "Nothing moves" in html
    assert "Twilio answered 503" in html


@pytest.mark.django_db(transaction=True)
def test_a_post_can_be_taken_down_once(desk, provider):
    cause = make_cause(now=NOW, opens_at=NOW, not_after=LATER)
    outbox.publish(cause, outbox.text("social", "en", "EXERCISE. Earthquake."), NOW)
    posting.post_due(NOW)
    post = Publication.objects.filter(account="simulated-bluesky").get()
    assert post.state == State.DELIVERED
    desk.post(reverse("dispatch:take_down", args=[post.pk]))
    post.refresh_from_db()
    assert post.taken_down_at is not None
    assert len(provider.journal.of("deleted")) == 1


def test_a_long_post_is_a_thread_that_can_be_taken_down_whole(desk, provider):
    cause = make_cause(now=NOW, opens_at=NOW, not_after=LATER)
    words = " ".join(["EXERCISE. Earthquake near Managua; stay outside."] * 12)
    outbox.publish(cause, outbox.text("social", "en", words), NOW)
    posting.post_due(NOW)
    post = Publication.objects.get(account="simulated-bluesky")
    assert post.state == State.DELIVERED
    assert len(post.provider_id) > 200
    desk.post(reverse("dispatch:take_down", args=[post.pk]))
    assert len(provider.journal.of("deleted")) == len(post.provider_id.split(" "))


def test_an_update_s_posts_stand_under_the_first_ones(provider):
    for number, words in enumerate(("EXERCISE. Earthquake.", "EXERCISE. All clear.")):
        cause = make_cause(
            f"alert:{number}",
            incident_key="EQ-1",
            now=NOW,
            opens_at=NOW,
            not_after=LATER,
        )
        outbox.publish(cause, outbox.text("social", "en", words), NOW)
        posting.post_due(NOW)
    rows = provider.journal.accepted("social")
    assert len(rows) == 10
    assert sum(bool(row["in_reply_to"]) for row in rows) == 5


@pytest.mark.parametrize("more", ["", "é", "。"])
def test_a_link_that_ends_notices_and_is_not_whole_leads_nowhere(client, more):
    assert (
        client.get(f"/u/{uuid.uuid4()}.AAAAAAAAAAAAAAAAAAAAAAA{more}").status_code
        == 404
    )
