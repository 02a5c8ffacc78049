"""Parts of a long text that come one by one are read together, in any order."""

from datetime import timedelta
from itertools import permutations

import pytest

from alerts.checkins.answers import inbox
from alerts.checkins.models import Case, Inbound, Standing
from alerts.checkins.reading import understanding
from tests.factories import NOON

pytestmark = pytest.mark.django_db
NOT_SAFE = (
    "Hello, this is the two of us from the hotel by the old harbour, we have been told "
    "that the coast road is open again but up here on the third floor we are not"
)
LONG_AND_WELL = (
    "Hello, this is Ana and Luis, we are at the hotel with friends and family, all of "
    "us are well"
)


def arrive(*bodies, every_s=1):
    for number, body in enumerate(bodies):
        at = NOON + timedelta(seconds=number * every_s)
        form = {
            "MessageSid": f"SM{number}",
            "From": "+12025550101",
            "To": "+1",
            "Body": body,
        }
        inbox.store("simulated-sms", form, "sms", at)
        inbox.read_new(at)


def statuses():
    return set(Standing.objects.values_list("status", flat=True))


def test_the_last_part_alone_would_say_safe():
    assert understanding.read(" safe").label == "safe"


@pytest.mark.parametrize("parts", permutations((NOT_SAFE, " safe")))
def test_a_not_in_one_part_holds_for_safe_in_the_other(sent, parts):
    arrive(*parts)
    assert statuses() == {"needs_help"}
    assert Case.objects.count() == 1


@pytest.mark.parametrize("parts", permutations((NOT_SAFE[:70], NOT_SAFE[70:], " safe")))
def test_three_parts_in_any_order_end_in_the_same_status(sent, parts):
    arrive(*parts)
    assert statuses() == {"needs_help"}


def test_a_word_that_was_cut_in_two_is_found(sent):
    arrive(LONG_AND_WELL + " but Ana is tra", "pped below the stairs")
    assert statuses() == {"needs_help"}


@pytest.mark.parametrize("parts", permutations((LONG_AND_WELL, ". We are safe")))
def test_a_long_text_that_is_safe_stays_safe(sent, parts):
    arrive(*parts)
    assert statuses() == {"safe"}


def test_each_part_is_kept_as_it_came(sent):
    arrive(NOT_SAFE, " safe")
    bodies = [each.body for each in Inbound.objects.order_by("pk")]
    assert bodies == [NOT_SAFE, " safe"]


def test_what_was_written_much_later_is_a_text_of_its_own(sent):
    arrive(NOT_SAFE, "safe", every_s=600)
    assert statuses() == {"safe"}


def test_short_texts_are_no_parts(sent):
    arrive("we are not", "safe")
    assert statuses() == {"safe"}
