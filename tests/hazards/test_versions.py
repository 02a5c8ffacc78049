"""Versions of one statement end in one state, in whatever order they arrive."""

import itertools
import random
from datetime import timedelta

import pytest

from alerts.hazards.listening import intake
from alerts.hazards.models import Document, Hazard, Report, Source
from tests.factories import NOON
from tests.hazards.chains import SENDER, alert, chain

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)
ORDERS = random.Random(4).sample(list(itertools.permutations(range(6))), 24)


def _source():
    return Source.objects.create(
        slug="made",
        name="Made",
        format="cap",
        url="http://127.0.0.1:1/",
        mode="exercise",
        trust=Source.Trust.SUGGEST,
        next_poll_at=NOON,
    )


def _hear(source, *documents):
    for body in documents:
        intake.take(source, body, "application/cap+xml", LATER)


def _state():
    hazards = Hazard.objects.filter(merged_into=None).order_by("pk")
    said = [(h.state, h.level, h.title, h.geometry) for h in hazards]
    latest = Report.objects.filter(is_latest=True).values_list("identifier", flat=True)
    return said, sorted(latest)


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "".join(map(str, order)))
def test_a_chain_of_six_ends_the_same_in_any_order(order):
    documents = chain()
    _hear(_source(), *(documents[number] for number in order))
    ((state, _, title, _),), latest = _state()
    assert (state, title, latest) == ("cancelled", "v4", ["v5"])


@pytest.mark.parametrize("missing", itertools.combinations(range(6), 2))
def test_a_chain_with_gaps_ends_as_its_newest_version_says(missing):
    documents = chain()
    left = [number for number in range(6) if number not in missing]
    ends = []
    for order in (left, left[::-1]):
        source = _source()
        _hear(source, *(documents[number] for number in order))
        ends.append(_state())
        Report.objects.all().delete()
        Hazard.objects.all().delete()
        source.delete()
    assert ends[0] == ends[1]
    ((state, _, title, _),), latest = ends[0]
    spoken = [number for number in left if number != 5]
    assert state == ("cancelled" if 5 in left else "active")
    assert (title, latest) == (f"v{spoken[-1]}", [f"v{left[-1]}"])


def test_a_cancel_from_another_sender_does_not_count():
    refers = f"{SENDER},a,{NOON.isoformat()}"
    cancel = alert("b", LATER, "Cancel", refers, sender="else@example.org")
    _hear(_source(), alert("a", NOON), cancel)
    assert Hazard.objects.get().state == Hazard.State.ACTIVE


@pytest.mark.parametrize(
    "references",
    [f"{SENDER},b,{LATER.isoformat()}", "garbage", f"{SENDER},never,2020-01-01", ""],
    ids=["itself", "garbage", "what was never heard", "nothing"],
)
def test_an_update_with_useless_references_is_a_statement_of_its_own(references):
    _hear(_source(), alert("b", LATER, "Update", references))
    assert Hazard.objects.get().state == Hazard.State.ACTIVE


def test_references_that_commas_join_are_followed():
    both = f"{SENDER},a,{NOON.isoformat()},{SENDER},b,{NOON.isoformat()}"
    documents = alert("a", NOON), alert("b", NOON), alert("c", LATER, "Update", both)
    _hear(_source(), *documents)
    assert Hazard.objects.filter(merged_into=None).count() == 1


def test_hearing_the_same_again_writes_nothing(django_assert_num_queries):
    source = _source()
    _hear(source, *chain())
    counts = Report.objects.count(), Document.objects.count()
    with django_assert_num_queries(6):
        _hear(source, *chain())
    assert (Report.objects.count(), Document.objects.count()) == counts == (6, 6)
