"""What all tests share: one clock, no network beyond this machine, a plain factory."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from hypothesis import settings

from alerts.incidents.audiences import outlines
from consular.missions.models import Officer, Role
from tests import factories

# A change lands or not for what it does, not for the examples that chance picks:
# `make test` tries the same ones each time, `make torture` ever new and more ones.
settings.register_profile("steady", deadline=None, max_examples=60, derandomize=True)
settings.register_profile("wide", deadline=None, max_examples=1_000)
settings.load_profile("steady")

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what touches a database or a browser, so that each runs where it should."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if fixtures & {"page", "browser", "context", "live_server"} and (
            fixtures & {"page", "browser", "context"}
        ):
            item.add_marker(pytest.mark.browser)
        if item.get_closest_marker("django_db") or fixtures & {
            "db",
            "transactional_db",
            "live_server",
            "django_db_setup",
        }:
            item.add_marker(pytest.mark.database)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Number rows as where thousands have registered, and no table like another.

    A page that writes "1,288" for a row, or a test that takes one table's number for
    another's, is else found by a ministry.
    """
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for place, model in enumerate(apps.get_models()):
            field, table = model._meta.auto_field, model._meta.db_table
            if field is not None:
                _begin_at(cursor, table, field.column, 12_000 + 37 * place)


def _begin_at(cursor: Any, table: str, column: str, number: int) -> None:
    if connection.vendor == "postgresql":
        named = "pg_get_serial_sequence(%s, %s)"
        cursor.execute(f"SELECT setval({named}, %s)", [table, column, number])
        return
    cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
    cursor.execute("INSERT INTO sqlite_sequence VALUES (%s, %s)", [table, number])


@pytest.fixture(autouse=True)
def _stay_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a test that would connect to another machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = address[0]
            if not (host.startswith("127.") or host in ("::1", "localhost")):
                raise AssertionError(f"a test tried to connect to {host}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def _keep_no_outlines() -> None:
    """Forget the outlines of the last test's alerts, whose numbers come again."""
    outlines.forget()


@pytest.fixture(autouse=True)
def _keep_no_anchors(settings: Any) -> None:
    """Write the audit's anchors nowhere; tests of them name a file of their own."""
    settings.AUDIT_ANCHORS = ""


@pytest.fixture(autouse=True)
def _share_no_boards(settings: Any) -> None:
    """Let boards show a change at once; tests of the sharing set a time themselves."""
    settings.BOARD_SHARED_S = 0.0


@pytest.fixture
def now() -> datetime:
    """Noon on an ordinary Monday."""
    return NOON


@pytest.fixture
def officer(db: None) -> Officer:
    """A consular officer: watches, declares, writes, stops."""
    return factories.make_officer(role=Role.CONSULAR_OFFICER)


@pytest.fixture
def approver(db: None) -> Officer:
    """An approver, who is not the officer."""
    return factories.make_officer(role=Role.APPROVER)


@pytest.fixture
def duty_officer(db: None) -> Officer:
    """A duty officer: watches and answers."""
    return factories.make_officer(role=Role.DUTY_OFFICER)


@pytest.fixture
def desk(client: Any, officer: Officer) -> Iterator[Any]:
    """A test client that is signed in as the consular officer, second factor given."""
    factories.sign_in(client, officer)
    return client
