"""Pictures that come with a reply are kept where they are, for an officer."""

import pytest
from django.urls import reverse

from alerts.checkins.answers import inbox, media
from alerts.checkins.models import CheckIn, Inbound
from tests.factories import NOON

pytestmark = pytest.mark.django_db
PICTURE = "https://media.example.org/ME1"


def mms(body, url=PICTURE):
    form = {
        "MessageSid": "MM1",
        "From": "+12025550101",
        "To": "+1",
        "Body": body,
        "NumMedia": "1",
        "MediaUrl0": url,
        "MediaContentType0": "image/jpeg",
    }
    inbox.store("simulated-sms", form, "sms", NOON)
    inbox.read_new(NOON)
    return Inbound.objects.get(provider_id="MM1")


def test_a_picture_without_words_waits_for_an_officer_with_a_link(
    client, officer, sent
):
    inbound = mms("")
    assert (inbound.state, inbound.reason) == ("inbox", "came with 1 file")
    page = client.get(reverse("checkins:inbox_all")).content.decode()
    assert f'href="{PICTURE}"' in page
    assert "image/jpeg" in page


def test_safe_with_a_picture_counts_and_is_looked_at(sent, incident):
    inbound = mms("safe")
    assert inbound.state == Inbound.State.INBOX
    assert set(CheckIn.objects.values_list("status", flat=True)) == {"safe"}


def test_stop_with_a_picture_needs_nobody(sent):
    assert mms("stop").state == Inbound.State.READ


def test_an_address_that_a_browser_would_run_is_no_link(sent):
    assert media.of(mms("look", "javascript:alert(1)")) == []


def test_what_another_provider_lists_is_kept_under_the_same_names():
    kept = media.named([{"url": PICTURE, "content_type": "image/png"}])
    assert kept == {
        "NumMedia": "1",
        "MediaUrl0": PICTURE,
        "MediaContentType0": "image/png",
    }
    assert media.named([]) == {}
