"""Pages for what is missing, refused or broken."""

import re

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, OperationalError
from django.http import HttpResponse
from django.test import Client, RequestFactory

from consular import languages
from consular.missions import faults
from consular.missions.middleware import DatabaseGoneMiddleware

pytestmark = pytest.mark.database


@pytest.mark.django_db
def test_a_mistyped_address_gets_a_number_to_call_in_the_reader_s_language(
    client: Client, settings: pytest.FixtureRequest
) -> None:
    answer = client.get("/no/such/page/?lang=ar")
    page = answer.content.decode()
    assert answer.status_code == 404
    assert 'dir="rtl"' in page
    assert settings.EMERGENCY_PHONE in page


@pytest.mark.django_db
def test_an_officer_who_finds_nothing_is_led_back_to_the_desk(client: Client) -> None:
    answer = client.get("/desk/no-such-page/")
    assert answer.status_code == 404
    assert 'href="/desk/"' in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (lambda request: faults.refused(request, PermissionDenied()), 403),
        (faults.broken, 500),
    ],
)
def test_refused_and_broken_pages_ask_the_database_nothing(
    answer, status: int, django_assert_num_queries
) -> None:
    with django_assert_num_queries(0):
        response = answer(RequestFactory().get("/desk/"))
    assert response.status_code == status
    assert "<style" in response.content.decode()


@pytest.mark.django_db
def test_the_page_s_style_carries_the_nonce_that_the_policy_asks_for(
    client: Client,
) -> None:
    answer = client.get("/desk/no-such-page/")
    nonce = re.search(r'style nonce="([^"]+)"', answer.content.decode())[1]
    assert f"'nonce-{nonce}'" in answer.headers["Content-Security-Policy"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/desk/incidents/%00/", "/c/%00", "/now/%00/"])
def test_an_address_that_no_database_can_look_up_is_not_found(
    client: Client, path: str
) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("code", list(languages.LANGUAGES))
def test_what_broke_is_told_in_the_reader_s_language(code: str) -> None:
    request = RequestFactory().get("/register/", headers={"Accept-Language": code})
    english = faults.broken(RequestFactory().get("/register/")).content.decode()
    page = faults.broken(request).content.decode()
    assert f'<html lang="{code}" dir="{languages.direction(code)}"' in page
    assert ("Something went wrong" in page) == (code == "en")
    assert "Something went wrong" in english


def test_the_desk_is_told_in_english_and_a_body_that_breaks_breaks_no_page() -> None:
    desk = RequestFactory().get("/desk/", headers={"Accept-Language": "ar"})
    assert 'lang="en"' in faults.broken(desk).content.decode()
    request = RequestFactory().post(
        "/register/", b"broken", content_type="multipart/form-data"
    )
    assert faults.broken(request).status_code == 500


def test_only_the_desk_reads_what_operators_do_when_the_database_is_away() -> None:
    for path, is_told in (("/desk/", True), ("/register/", False)):
        request = RequestFactory().get(path)
        page = faults.answer(request, "missions/database_gone.html", 503)
        assert ("For operators" in page.content.decode()) == is_told


@pytest.mark.parametrize(
    ("error", "status"),
    [(OperationalError("gone"), 503), (DatabaseError("died"), 503), (KeyError(), None)],
)
def test_a_database_that_is_away_is_told_and_what_broke_is_not_called_so(
    error: Exception, status: int | None
) -> None:
    away = DatabaseGoneMiddleware(lambda request: HttpResponse())
    answer = away.process_exception(RequestFactory().get("/desk/"), error)
    assert (answer.status_code if answer else None) == status
