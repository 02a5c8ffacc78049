"""The one door: who may be asked, how long, how much; a real server on this machine."""

import gzip
import threading
import zlib
from typing import Any

import pytest

from consular import outgoing
from consular.outgoing import Limits, OutgoingError
from tests.feed_server import Site, leads_to, says, site

__all__ = ["site"]


def ask(site: Site, path: str, **changes: Any) -> outgoing.Answer:
    options = {"mode": "exercise"} | changes
    return outgoing.get(site.url(path), **options)


def test_an_exercise_reads_the_one_server_that_is_named(site):
    site.replies["/feed"] = says(b"words", ETag='"1"', Last_Modified="yesterday")
    answer = ask(site, "/feed")
    assert (answer.status, answer.body) == (200, b"words")
    assert (answer.etag, answer.last_modified) == ('"1"', "yesterday")


def test_what_we_have_is_asked_for_only_if_it_changed(site):
    site.replies["/feed"] = says(b"", 304)
    assert ask(site, "/feed", etag='"1"', last_modified="yesterday").status == 304
    assert site.asked[0]["if-none-match"] == '"1"'
    assert site.asked[0]["if-modified-since"] == "yesterday"


def test_the_user_agent_names_muster_and_its_address(site, settings):
    site.replies["/feed"] = says(b"")
    ask(site, "/feed")
    assert site.asked[0]["user-agent"].startswith("Muster/")
    assert settings.PUBLIC_URL in site.asked[0]["user-agent"]


LOOPBACK = [
    "http://127.0.0.1:{port}/",
    "http://localhost:{port}/",
    "http://127.1:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f000001:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://0.0.0.0:{port}/",
    "http://[::1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://user:secret@127.0.0.1:{port}/",
]
INSIDE = [
    "http://10.0.0.1/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1/",
    "http://224.0.0.1/",
    "http://[fe80::1]/",
    "http://[fd00::1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
]


@pytest.mark.parametrize("form", LOOPBACK + INSIDE)
def test_a_live_source_never_reaches_a_private_address(site, form):
    site.replies["/"] = says(b"trap")
    with pytest.raises(OutgoingError, match=r"private|could not be"):
        outgoing.get(form.format(port=site.port), mode="live")
    assert site.asked == []


@pytest.mark.parametrize("form", ["http://127.0.0.1:1/", *INSIDE])
def test_an_exercise_reaches_no_other_private_address(site, form):
    with pytest.raises(OutgoingError, match="private network"):
        outgoing.get(form, mode="exercise")


def test_a_name_that_leads_inside_is_refused_before_it_is_connected_to(site):
    """`localhost` is a name like any other; it is looked up once, and checked."""
    site.replies["/"] = says(b"trap")
    with pytest.raises(OutgoingError, match="private network"):
        outgoing.get(f"http://localhost:{site.port}/", mode="exercise")
    assert site.asked == []


@pytest.mark.parametrize("form", ["file:///etc/passwd", "ftp://example.org/", "feed"])
def test_other_kinds_of_address_are_refused(form):
    with pytest.raises(OutgoingError, match="not http"):
        outgoing.get(form, mode="live")


def test_a_redirect_is_followed(site):
    site.replies["/old"] = leads_to("/new")
    site.replies["/new"] = says(b"here")
    assert ask(site, "/old").body == b"here"


def test_a_redirect_to_a_private_address_is_refused(site):
    site.replies["/old"] = leads_to("http://10.0.0.1/")
    with pytest.raises(OutgoingError, match="private network"):
        ask(site, "/old")


def test_a_redirect_to_another_port_of_this_machine_is_refused(site):
    site.replies["/old"] = leads_to("http://127.0.0.1:1/")
    with pytest.raises(OutgoingError, match="private network"):
        ask(site, "/old")


def test_a_redirect_to_a_file_is_refused(site):
    site.replies["/old"] = leads_to("file:///etc/passwd")
    with pytest.raises(OutgoingError, match="not http"):
        ask(site, "/old")


def test_redirects_without_end_are_given_up(site):
    site.replies["/old"] = leads_to("/old")
    with pytest.raises(OutgoingError, match="too often"):
        ask(site, "/old")
    assert len(site.asked) == 4


def test_a_document_that_is_announced_too_large_is_not_read(site):
    site.replies["/feed"] = says(b"x" * 2000)
    with pytest.raises(OutgoingError, match="too large"):
        ask(site, "/feed", limits=Limits(raw_bytes=1000))


def test_a_document_that_inflates_too_far_is_not_read_to_its_end(site):
    bomb = gzip.compress(bytes(8_000_000))
    assert len(bomb) < 10_000
    site.replies["/feed"] = says(bomb, Content_Encoding="gzip")
    with pytest.raises(OutgoingError, match="too large"):
        ask(site, "/feed", limits=Limits(inflated_bytes=1_000_000))


def test_a_document_in_a_document_is_inflated_once_only(site):
    site.replies["/feed"] = says(
        zlib.compress(gzip.compress(b"x")), Content_Encoding="deflate"
    )
    assert ask(site, "/feed").body[:2] == b"\x1f\x8b"


def test_a_body_without_an_announced_length_has_the_same_limit(site):
    def endless(handler: Any) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(200):
            try:
                handler.wfile.write(b"x" * 10_000)
            except OSError:
                return

    site.replies["/feed"] = endless
    with pytest.raises(OutgoingError, match="too large"):
        ask(site, "/feed", limits=Limits(raw_bytes=100_000))


def test_a_server_that_sends_drop_by_drop_is_cut_off(site):
    stopped = threading.Event()

    def drip(handler: Any) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not stopped.wait(0.02):
            try:
                handler.wfile.write(b"x")
            except OSError:
                return

    site.replies["/feed"] = drip
    with pytest.raises(OutgoingError, match="too slowly"):
        ask(site, "/feed", limits=Limits(total_s=0.3))
    stopped.set()


def test_headers_that_never_end_are_cut_off(site):
    stopped = threading.Event()

    def drip(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.0 200 OK\r\nX-Long: ")
        while not stopped.wait(0.02):
            try:
                handler.wfile.write(b"x")
            except OSError:
                return

    site.replies["/feed"] = drip
    with pytest.raises(OutgoingError, match="too slowly"):
        ask(site, "/feed", limits=Limits(total_s=0.3))
    stopped.set()


def test_a_server_that_says_nothing_is_given_up(site):
    stopped = threading.Event()
    site.replies["/feed"] = lambda handler: stopped.wait(5) and None
    with pytest.raises(OutgoingError, match="in time"):
        ask(site, "/feed", limits=Limits(read_s=0.2))
    stopped.set()


def test_a_body_that_ends_early_is_not_taken_for_whole(site):
    def short(handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        handler.wfile.write(b"half")

    site.replies["/feed"] = short
    with pytest.raises(OutgoingError, match="broke off"):
        ask(site, "/feed")


@pytest.mark.parametrize("status", [206, 403, 404, 429, 500, 503])
def test_any_answer_but_ok_is_trouble_in_words(site, status):
    site.replies["/feed"] = says(b"", status)
    with pytest.raises(OutgoingError, match=str(status)) as caught:
        ask(site, "/feed")
    assert caught.value.advice


@pytest.mark.parametrize(
    ("url", "mode", "allowed"),
    [
        ("https://api.twilio.com", "live", True),
        ("https://api.twilio.com", "exercise", False),
        ("http://127.0.0.1:8026", "exercise", True),
        ("http://127.0.0.1:8026", "live", False),
        ("http://localhost:8026", "live", False),
        ("http://LOCALHOST.:8026", "live", False),
        ("http://2130706433:8026", "live", False),
        ("http://127.1:8026", "live", False),
        ("http://[::1]:8026", "live", False),
        ("http://[::ffff:10.0.0.1]", "live", False),
        ("smtp://10.0.0.2:25", "live", False),
        ("smtp://127.0.0.1:8025", "exercise", True),
        ("https://8.8.8.8", "exercise", False),
    ],
)
def test_a_provider_is_reached_in_its_own_mode_only(url, mode, allowed):
    if allowed:
        outgoing.provider_url_allowed(url, mode)
    else:
        with pytest.raises(OutgoingError):
            outgoing.provider_url_allowed(url, mode)
