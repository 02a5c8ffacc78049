import pytest

from consular.missions import audit
from consular.missions.models import AuditEntry


@pytest.fixture
def trail(officer, now):
    for number in range(12):
        audit.record("approve", officer, f"draft {number}", now, people=number)
    assert audit.seal(now) == 12
    return AuditEntry.objects.order_by("sequence")


def test_an_untouched_trail_has_no_break(trail):
    assert audit.first_break() is None


def test_sealing_twice_changes_nothing(trail, now):
    hashes = list(trail.values_list("entry_hash", flat=True))
    assert audit.seal(now) == 0
    assert list(trail.values_list("entry_hash", flat=True)) == hashes


def test_a_changed_fact_is_found(trail):
    trail.filter(sequence=5).update(facts={"people": 99})
    assert audit.first_break() == 5


def test_a_removed_entry_is_found(trail):
    trail.filter(sequence=7).delete()
    assert audit.first_break() == 7
