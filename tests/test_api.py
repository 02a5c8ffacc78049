"""The API's own description, tried by schemathesis: no crash, no answer outside it."""

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as profile
from rest_framework.authtoken.models import Token
from schemathesis.checks import not_a_server_error

from consular.wsgi import application
from tests import factories

pytestmark = pytest.mark.django_db
ROUTES = ("registrations", "hazards", "incidents", "zones", "alerts", "messages")
ROUTES += ("check-ins",)


@pytest.fixture
def token(db):
    """A token of someone who may do everything."""
    officer = factories.make_officer(is_superuser=True)
    return Token.objects.create(user=officer).key


@pytest.fixture
def _kept_connection():
    """Keep the test's connection between requests, as Django's own client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def described(settings, token, _kept_connection):
    """The description as it is served."""
    settings.ALLOWED_HOSTS = ["*"]
    return schemathesis.openapi.from_wsgi(
        "/api/v1/openapi.json?format=json", application
    )


def try_out(operation, token) -> None:
    """Send a route what its description allows, and what it does not."""

    @profile(
        max_examples=15,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def each(case):
        response = case.call(headers={"Authorization": f"Token {token}"})
        assert response.status_code < 500, case.as_curl_command()
        case.validate_response(response, checks=[not_a_server_error])

    each()


def test_every_route_keeps_to_its_description(described, token):
    tried = 0
    for found in described.get_all_operations():
        try_out(found.ok(), token)
        tried += 1
    assert tried > 15


@pytest.mark.parametrize("route", ROUTES)
def test_nothing_is_told_without_a_sign_in(client, route):
    assert client.get(f"/api/v1/{route}/").status_code == 401


def test_a_session_without_the_second_factor_is_none(client, officer):
    client.force_login(officer, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/api/v1/hazards/").status_code == 401


def test_an_approver_reads_incidents_but_declares_none(client, approver):
    factories.sign_in(client, approver)
    assert client.get("/api/v1/incidents/").status_code == 200
    answer = client.post("/api/v1/incidents/", {}, content_type="application/json")
    assert answer.status_code == 403
