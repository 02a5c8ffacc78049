"""Links in posts and calls: whole, and nothing of the words behind them."""

import pytest

from alerts.dispatch import routing
from alerts.dispatch.channels import bluesky, posts, twilio_voice
from alerts.dispatch.channels.base import PermanentError, TemporaryError
from tests.dispatch.test_transports import outgoing

LINK = "https://alerts.example.org/i/7"


@pytest.mark.parametrize(
    "behind", [".", ").", ", ", "。请", "；求助", "，", "، اتصل", "！", '"', ""]
)
def test_a_post_s_link_leads_to_the_page_whatever_stands_behind_it(behind):
    said = f"Überschwemmung: {LINK}{behind}"
    (found,) = bluesky.facets(said)
    assert found["features"][0]["uri"] == LINK
    start, end = found["index"].values()
    assert said.encode()[start:end].decode() == LINK


def test_a_call_in_chinese_says_what_stands_behind_a_link():
    said = twilio_voice.twiml(
        outgoing("simulated-voice", language="zh", body=f"您安全吗？{LINK}。请致电。")
    )
    assert said.count("您安全吗？。请致电。") == 2
    assert LINK not in said


@pytest.mark.parametrize(
    ("said", "count"),
    [
        (f"Look: {LINK}", 29),
        (f"Look: {LINK}.", 30),
        (f"请看{LINK}。", 29),
        ("…", 2),
        ("† •", 5),
        ("“Go” – now", 10),
        ("See example.org", 27),
        ("See www.alerts-of-a-ministry.example.org", 40),
    ],
)
def test_a_post_is_counted_as_x_counts_it(said, count):
    assert posts.weighted(said) == count


@pytest.mark.parametrize("most", [60, 100, 280])
def test_no_thread_cuts_a_link_or_loses_a_word(most):
    said = f"请立即离开河岸到高处去不要等待{LINK}请不要返回家中。" * 4 + f"({LINK})."
    parts = posts.thread(said, most, posts.weighted)
    assert "".join(parts) == said
    assert sum(part.count(LINK) for part in parts) == 5
    assert all(posts.weighted(part) <= most for part in parts)


def taking(there):
    """Delete what is there; what is not is not found, what is locked not for now."""

    def delete(each):
        if each == "locked":
            raise TemporaryError("busy", "429")
        if each not in there:
            raise PermanentError("it is not there", posts.NOT_THERE)
        there.remove(each)

    return delete


def test_a_thread_of_which_one_post_is_gone_is_taken_down_whole():
    there = ["2", "3"]
    posts.delete_each("1 2 3", taking(there))
    assert there == []


def test_a_thread_of_which_one_post_stays_says_so_and_loses_the_others():
    there = ["1", "3"]
    with pytest.raises(TemporaryError, match="busy"):
        posts.delete_each("1 locked 3", taking(there))
    assert there == []


def test_a_post_that_is_not_there_is_not_said_to_be_taken_down():
    with pytest.raises(PermanentError, match="not there"):
        posts.delete_each("1", taking([]))


def test_a_thread_on_mastodon_that_was_half_taken_down_is_taken_down_whole(provider):
    transport = routing.transport_for("simulated-mastodon")
    words = " ".join(f"Sentence number {n} of this long text." for n in range(30))
    ids = transport.send(outgoing("simulated-mastodon", body=words))
    transport.delete(ids.split(" ")[0])
    transport.delete(ids)
    assert len(provider.journal.of("deleted")) == len(ids.split(" "))
