"""Officers merge and split hazards; the next poll and the next version keep to it."""

from datetime import timedelta

import pytest
from django.urls import reverse

from alerts.hazards import proposing
from alerts.hazards.events import combining
from alerts.hazards.events.combining import CombiningError
from alerts.hazards.listening import intake
from alerts.hazards.models import Hazard, Proposal, Report, Source
from consular.missions.models import AuditEntry
from tests.factories import NOON, make_officer, sign_in
from tests.hazards.chains import SENDER, alert

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)


def make_source(slug):
    return Source.objects.create(
        slug=slug,
        name=slug.title(),
        format="cap",
        url="http://127.0.0.1:1/",
        mode="exercise",
        trust=Source.Trust.SUGGEST,
        next_poll_at=NOON,
    )


def hear(source, identifier, word="Alert", references="", **changes):
    moment = changes.pop("sent", NOON)
    body = alert(identifier, moment, word, references, **changes)
    intake.take(source, body, "", LATER)


def living():
    return list(Hazard.objects.filter(merged_into=None).order_by("pk"))


@pytest.fixture
def two():
    """Two floods of one source, which tells them apart."""
    source = make_source("one")
    hear(source, "a", severity="Moderate")
    hear(source, "b", severity="Extreme")
    return source, *living()


def test_merged_hazards_are_one_and_stay_one_at_the_next_version(two):
    source, a, b = two
    combining.merge(b, a, make_officer(), LATER)
    (only,) = living()
    assert (only.pk, only.level) == (a.pk, 4)
    reference = f"{SENDER},b,{NOON.isoformat()}"
    hear(source, "b2", "Update", reference, severity="Severe", sent=LATER)
    (only,) = living()
    assert (only.pk, only.level) == (a.pk, 3)
    assert Report.objects.filter(hazard=a).count() == 3


def test_split_hazards_stay_apart_although_they_are_near():
    source, other_source = make_source("one"), make_source("two")
    hear(source, "a")
    hear(other_source, "c")
    (a,) = living()
    joined = Report.objects.get(identifier="c").hazard
    chosen = Report.objects.filter(identifier="c").values_list("pk", flat=True)
    other = combining.split(joined, chosen, make_officer(), LATER)
    assert Hazard.objects.get(pk=other.pk).title == "c"
    reference = f"{SENDER},c,{NOON.isoformat()}"
    hear(other_source, "c2", "Update", reference, sent=LATER)
    hear(source, "a2", "Update", f"{SENDER},a,{NOON.isoformat()}", sent=LATER)
    identifiers = Report.objects.filter(hazard=other).values_list("identifier")
    assert {name for (name,) in identifiers} == {"c", "c2"}
    assert Report.objects.get(identifier="a2").hazard == a


def test_a_third_source_joins_what_officers_merged(two):
    _, a, b = two
    combining.merge(a, b, make_officer(), LATER)
    hear(make_source("two"), "c")
    (only,) = living()
    assert only.pk == b.pk
    assert only.reports.count() == 3


def test_a_split_undoes_a_merge(two):
    _, a, b = two
    officer = make_officer()
    combining.merge(b, a, officer, LATER)
    chosen = Report.objects.filter(identifier="b").values_list("pk", flat=True)
    other = combining.split(a, chosen, officer, LATER)
    assert [h.title for h in living()] == ["a", "b"]
    assert other.level == 4
    entries = AuditEntry.objects.filter(action__endswith="hazards").count()
    assert entries == AuditEntry.objects.filter(action="split_hazard").count() == 1


def test_hazards_of_two_kinds_can_be_merged_and_keep_both_statements(two):
    source, a, _ = two
    body = alert("t", NOON).replace(b"<event>Flood", b"<event>Tsunami")
    intake.take(source, body, "", LATER)
    tsunami = Hazard.objects.get(kind="tsunami")
    combining.merge(tsunami, a, make_officer(), LATER)
    hear(source, "a2", "Update", f"{SENDER},a,{NOON.isoformat()}", sent=LATER)
    assert Hazard.objects.get(pk=a.pk).reports.count() == 3
    assert {each.title for each in living()} == {"a2", "b"}


def test_what_cannot_be_merged_or_split_is_refused_in_words(two):
    _, a, _ = two
    officer = make_officer()
    every = Report.objects.filter(hazard=a).values_list("pk", flat=True)
    real = Hazard.objects.create(
        mode="live", kind="flood", happened_at=NOON, first_heard_at=NOON,
        changed_at=NOON,
    )  # fmt: skip
    with pytest.raises(CombiningError, match="same"):
        combining.merge(a, a, officer, LATER)
    with pytest.raises(CombiningError, match="never merged"):
        combining.merge(a, real, officer, LATER)
    with pytest.raises(CombiningError, match="at least one"):
        combining.split(a, every, officer, LATER)
    with pytest.raises(CombiningError, match="Choose"):
        combining.split(a, [], officer, LATER)


def test_officers_merge_and_split_on_the_page(client, two):
    _, a, b = two
    sign_in(client, make_officer())
    page = client.get(reverse("hazards:page", args=[b.pk])).content.decode()
    assert reverse("hazards:merge", args=[b.pk]) in page
    client.post(reverse("hazards:merge", args=[b.pk]), {"into": a.pk})
    assert [h.pk for h in living()] == [a.pk]
    gone = client.get(reverse("hazards:page", args=[b.pk])).content.decode()
    assert "same event as" in gone
    number = Report.objects.get(identifier="b").pk
    client.post(reverse("hazards:split", args=[a.pk]), {"report": [number]})
    assert len(living()) == 2
    client.post(reverse("hazards:split", args=[a.pk]), {"report": ["x"]})
    client.post(reverse("hazards:merge", args=[a.pk]), {"into": "9" * 30})
    assert len(living()) == 2


def test_the_page_says_what_each_version_changed(client, two):
    source, a, _ = two
    reference = f"{SENDER},a,{NOON.isoformat()}"
    hear(source, "a2", "Update", reference, severity="Extreme", sent=LATER)
    sign_in(client, make_officer())
    page = client.get(reverse("hazards:page", args=[a.pk])).content.decode()
    assert '<s dir="auto">Moderate</s> → <b dir="auto">Extreme</b>' in page


def test_the_page_says_that_an_incident_was_declared_before_offering_another(
    client, two
):
    _, a, _ = two
    sign_in(client, make_officer())
    address = reverse("hazards:page", args=[a.pk])
    Proposal.objects.create(
        hazard=a,
        level=a.level,
        reason="Severe",
        geometry={},
        registrations=1,
        people=1,
        counted_at=NOON,
    )
    before = client.get(address).content.decode()
    assert "Declare an incident" in before
    assert "has been declared" not in before
    proposing.take(a, LATER)
    after = client.get(address).content.decode()
    assert "An incident has been declared from this hazard." in after
    assert "Declare another incident" in after
    assert "Declare an incident" not in after
