"""What a sender's diary says after it was killed, and what it never says."""

import fcntl
import os
import threading

import pytest

from alerts.dispatch import outbox, ticking
from alerts.dispatch.models import Message, State
from alerts.dispatch.sending import claims, delivery, diary, sweeping
from alerts.dispatch.sending.diary import Diary
from tests.dispatch.test_ledger import letters, make_cause
from tests.dispatch.test_unclear import SECOND
from tests.factories import NOON

pytestmark = pytest.mark.django_db(transaction=True)
TAKEN = "<muster.1@ministry.example.org>"


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def begun(count=2):
    """Let a sender begin messages; return them as it holds them."""
    outbox.write(make_cause(), letters(count), NOON)
    sweeping.beat("dead", NOON)
    return claims.begin(claims.claim("dead", NOON), "dead", NOON)


def killed_after(*notes):
    """Write a diary that nobody holds any more."""
    kept = Diary("dead")
    for job, provider_id in notes:
        kept.note(job, provider_id)
    os.close(kept._file)
    return kept.path


def states():
    return [m.state for m in Message.objects.order_by("rank")]


def test_what_was_taken_before_the_kill_is_accepted_and_the_rest_unclear():
    first, _ = begun()
    path = killed_after((first, TAKEN))
    assert diary.settle(NOON) == 1
    sweeping.bury(NOON + 4 * SECOND)
    assert states() == [State.ACCEPTED, State.UNCLEAR]
    assert Message.objects.get(rank=0).provider_id == TAKEN
    assert not path.exists()
    assert diary.settle(NOON) == 0


@pytest.mark.parametrize("state", [State.UNCLEAR, State.QUEUED])
def test_it_may_be_read_after_the_claims_were_released(state):
    first, _ = begun()
    killed_after((first, TAKEN))
    Message.objects.update(state=state, lease_owner="")
    diary.settle(NOON)
    assert states() == [State.ACCEPTED, state]


def test_a_note_of_an_earlier_attempt_says_nothing_of_a_later_one():
    first, _ = begun()
    killed_after((first, TAKEN))
    Message.objects.update(attempt=2)
    assert diary.settle(NOON) == 0
    assert states() == [State.CLAIMED, State.CLAIMED]


def test_what_ended_meanwhile_stays_as_it_is():
    first, _ = begun()
    killed_after((first, TAKEN))
    Message.objects.update(state=State.DELIVERED)
    assert diary.settle(NOON) == 0


def test_a_line_that_was_cut_off_or_is_none_says_nothing():
    first, second = begun()
    path = killed_after((first, TAKEN), (second, TAKEN))
    path.write_bytes(b"\xff\x00\n a b\n" + path.read_bytes()[:-5])
    assert diary.settle(NOON) == 1
    assert states() == [State.ACCEPTED, State.CLAIMED]


def test_the_diary_of_a_sender_that_lives_is_left_alone():
    first, _ = begun()
    living = Diary("alive")
    living.note(first, TAKEN)
    assert diary.settle(NOON) == 0
    assert living.path.exists()
    living.close()
    assert not living.path.exists()


def test_a_diary_is_empty_again_when_all_is_in_the_ledger(provider):
    outbox.write(make_cause(), letters(5), NOON)
    sender = delivery.Sender("one", 2, lambda: NOON, diary=Diary("one"))
    sweeping.beat("one", NOON)
    while sender.step():
        pass
    assert sender.diary.path.stat().st_size == 0
    sender.close()
    assert not sender.diary.path.exists()
    assert states() == [State.ACCEPTED] * 5


def test_without_a_disk_to_write_on_it_is_sent_all_the_same(provider, settings):
    settings.DATA_DIR = settings.DATA_DIR / "file"
    settings.DATA_DIR.write_text("not a folder")
    outbox.write(make_cause(), letters(2), NOON)
    sender = delivery.Sender("one", 2, lambda: NOON, diary=Diary("one"))
    sweeping.beat("one", NOON)
    while sender.step():
        pass
    sender.close()
    assert states() == [State.ACCEPTED] * 2


def test_nothing_personal_is_noted():
    first, second = begun()
    path = killed_after((first, TAKEN), (second, ""))
    assert path.read_text() == f"{first.outgoing.uid} 1 {first.account} {TAKEN}\n"
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("before", [b"\x00" * 40, b"not-an-id 1 sms id\n"])
def test_a_diary_that_a_power_cut_damaged_holds_up_nothing(before):
    first, second = begun()
    path = killed_after((first, TAKEN), (second, TAKEN))
    path.write_bytes(before + path.read_bytes())
    ticking.tick(NOON + 4 * SECOND)
    assert State.ACCEPTED in states()
    assert State.CLAIMED not in states()
    assert not path.exists()


def test_of_a_long_diary_the_end_is_read_by_few_questions(
    monkeypatch, django_assert_max_num_queries
):
    _, last = begun()
    path = killed_after((last, TAKEN))
    note = path.read_bytes()
    path.write_bytes(note.replace(last.outgoing.uid.encode(), b"0" * 32) * 900 + note)
    monkeypatch.setattr(diary, "MOST_BYTES", len(note) * 901)
    with django_assert_max_num_queries(6):
        assert diary.settle(NOON) == 1
    assert states() == [State.CLAIMED, State.ACCEPTED]


def test_a_diary_that_is_taken_away_while_it_is_begun_is_begun_anew(settings):
    path = diary.folder() / "new.diary"
    path.parent.mkdir(parents=True)
    reader = os.open(path, os.O_CREAT | os.O_RDONLY)
    fcntl.flock(reader, fcntl.LOCK_EX)
    made = []
    writer = threading.Thread(target=lambda: made.append(Diary("new")))
    writer.start()
    path.unlink()
    os.close(reader)
    writer.join()
    made[0].note(begun()[0], TAKEN)
    assert TAKEN in path.read_text()
    made[0].close()


def test_a_step_that_breaks_does_not_keep_the_others_from_their_turn(monkeypatch):
    begun()

    def breaks(now):
        raise KeyError("broken")

    monkeypatch.setattr(diary, "settle", breaks)
    with pytest.raises(KeyError):
        ticking.tick(NOON + 4 * SECOND)
    assert set(states()) == {State.UNCLEAR}
