"""Damaged documents and bombs: no crash, no limit passed, a row with a reason for each.

`MUSTER_FUZZED` says how many; `make torture` takes 5,000.
"""

import os
import time

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from alerts.hazards.listening import intake, reading
from alerts.hazards.models import Document, Report
from consular import child
from tests.hazards import mutating
from tests.hazards.test_proposing import make_source

COUNT = int(os.environ.get("MUSTER_FUZZED", "120"))
SEED = int(os.environ.get("MUSTER_SEED", "4"))
CRASHED = ("made the reader crash",)


@pytest.mark.django_db
def test_every_damaged_document_has_a_row_and_a_reason_or_is_read():
    source, now = make_source(format="auto"), timezone.now()
    longest = 0.0
    heard = set()
    for body in mutating.documents(COUNT, SEED):
        begun = time.perf_counter()
        document, _ = intake.take(source, body, "", now)
        longest = max(longest, time.perf_counter() - begun)
        heard.add(document.pk)
    assert Document.objects.count() == len(heard)
    assert not Document.objects.filter(state=Document.State.NEW).exists()
    refused = Document.objects.filter(state=Document.State.QUARANTINED)
    assert refused.exists()
    assert not refused.filter(reason="").exists()
    for words in CRASHED:
        assert not refused.filter(reason__contains=words).exists()
    assert longest < child.WALL_S * 3
    assert Report.objects.filter(source=source).exists()


@profile(max_examples=max(COUNT // 2, 50), deadline=None)
@given(
    st.sampled_from(range(len(mutating.seeds()))),
    st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 300), st.binary(max_size=60)),
        min_size=1,
        max_size=8,
    ),
)
def test_whatever_is_put_into_a_document_is_a_verdict(number, changes):
    body = bytearray(mutating.seeds()[number])
    for part, drop, put in changes:
        at = int(part * len(body))
        body[at : at + drop] = put
    word, reason, found = reading.in_child(bytes(body))
    assert word in ("accepted", "quarantined", "unsupported")
    assert (found is not None) == (word == "accepted")
    assert reason or found
