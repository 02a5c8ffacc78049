"""Pages for what is missing, refused or broken."""

import re

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client, RequestFactory

from consular.missions import faults

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
