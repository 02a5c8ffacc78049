"""Every route by every role of two missions; a route without a row fails."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, get_resolver

from consular.missions.access import MAY
from consular.missions.models import Mission, Officer, Posting, Role
from tests import factories
from tests.incidents import path
from tests.missions.routes import PUBLIC, ROUTES

NUMBER, UUID = "999999999", "00000000-0000-4000-8000-000000000000"


def walk(resolver: Any, space: str = "", start: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each route's full name and its pattern, with the path before it."""
    for found in resolver.url_patterns:
        if isinstance(found, URLPattern):
            name = f"{space}:{found.name}" if space else str(found.name)
            yield name, (start, found)
        else:
            yield from walk(found, found.namespace or space, start + str(found.pattern))


FOUND = dict(walk(get_resolver()))


def address(name: str, reference: str) -> str:
    """Return a path to a route: an incident that exists, other rows that do not."""
    start, found = FOUND[name]
    known = {"pk": NUMBER, "attempt": "1", "token": "x", "uid": UUID}
    if not name.startswith(("people:", "registration")):
        known["reference"] = reference
    else:
        known["reference"] = "ABCD-1234"
    known |= {"slug": "none", "account": "none"}
    pattern = str(found.pattern)
    for word, converter in found.pattern.converters.items():
        kind = type(converter).__name__
        name_of = {"IntConverter": "int", "StringConverter": "str"}
        name_of |= {"SlugConverter": "slug", "UUIDConverter": "uuid"}
        marker = f"<{name_of[kind]}:{word}>"
        pattern = pattern.replace(marker, known.get(word, "none"))
    if "(?P<" in pattern or pattern.startswith("^"):
        pattern = pattern.lstrip("^").rstrip("$")
        while "(?P<" in pattern:
            before, _, rest = pattern.partition("(?P<")
            word, _, rest = rest.partition(">")
            pattern = before + known[word] + rest[rest.index(")") + 1 :]
    return "/" + start + pattern


def verbs_of(name: str) -> object:
    """Return what a route asks for, as the code says it."""
    view = FOUND[name][1].callback
    kind = getattr(view, "cls", None)
    if kind is None or name == "openapi":
        return getattr(view, "verb", PUBLIC)
    own = getattr(view, "initkwargs", {})  # what one action asks for by itself
    read = own.get("verb", getattr(kind, "verb", "watch"))
    return (read, own.get("write_verb", getattr(kind, "write_verb", read)))


def posted(role: Role, mission: Mission) -> Officer:
    """Make an officer with one role for one mission only."""
    officer = factories.make_officer(role=role)
    Posting.objects.filter(officer=officer).update(mission=mission)
    return officer


@pytest.fixture
def home(db: None) -> Mission:
    return factories.make_mission(country="NI", serves=["NI", "HN"])


@pytest.fixture
def elsewhere(db: None) -> Mission:
    return factories.make_mission(country="FJ", serves=["FJ"])


@pytest.fixture
def reference(officer: Officer, now: Any) -> str:
    """An incident in Nicaragua."""
    return path.declared(officer, now).reference


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    assert set(FOUND) == set(ROUTES)


@pytest.mark.parametrize("name", sorted(FOUND))
def test_the_table_says_what_the_code_asks_for(name: str) -> None:
    assert verbs_of(name) == ROUTES.get(name, "no row")


def needed(name: str) -> Any:
    row = ROUTES[name]
    return row[0] if isinstance(row, tuple) else row


@pytest.mark.parametrize("role", Role.values)
def test_a_role_opens_its_routes_and_no_others(
    role: str, client: Any, home: Mission, reference: str
) -> None:
    factories.sign_in(client, posted(Role(role), home))
    wrong = {}
    for name in ROUTES:
        if needed(name) is PUBLIC:
            continue
        status = client.get(address(name, reference)).status_code
        if (status == 403) != (needed(name) not in MAY[role]) or status >= 500:
            wrong[name] = status
    assert not wrong


@pytest.mark.parametrize("role", Role.values)
def test_another_mission_does_not_learn_that_an_incident_exists(
    role: str, client: Any, elsewhere: Mission, reference: str
) -> None:
    factories.sign_in(client, posted(Role(role), elsewhere))
    leaks = {}
    for name in ROUTES:
        if needed(name) is PUBLIC:
            continue
        answer = client.get(address(name, reference))
        is_of_one = reference in address(name, reference)
        if answer.status_code == 200 and (
            is_of_one or reference.encode() in answer.content
        ):
            leaks[name] = answer.status_code
    assert not leaks


def test_nobody_opens_a_staff_route_without_signing_in(
    client: Any, reference: str
) -> None:
    opened = {}
    for name in ROUTES:
        if needed(name) is not PUBLIC:
            status = client.get(address(name, reference)).status_code
            if status not in (302, 401):
                opened[name] = status
    assert not opened


def test_a_role_for_one_mission_does_not_act_for_another(
    client: Any, home: Mission, elsewhere: Mission, reference: str, now: Any
) -> None:
    officer = posted(Role.DUTY_OFFICER, home)
    Posting.objects.create(officer=officer, mission=elsewhere, role=Role.APPROVER)
    factories.sign_in(client, officer)
    page = client.get(f"/desk/incidents/{reference}/")
    assert page.context["verbs"] == {"watch", "answer", "register"}


def test_a_supporting_mission_sees_the_incident(
    client: Any, elsewhere: Mission, reference: str
) -> None:
    from_model = type(elsewhere).objects.get(pk=elsewhere.pk)
    incident = path.Incident.objects.get(reference=reference)
    incident.supporting_missions.add(from_model)
    factories.sign_in(client, posted(Role.DUTY_OFFICER, elsewhere))
    assert client.get(f"/desk/incidents/{reference}/").status_code == 200


def test_a_posting_that_ran_out_opens_nothing(
    client: Any, home: Mission, reference: str, now: Any
) -> None:
    officer = posted(Role.DUTY_OFFICER, home)
    Posting.objects.filter(officer=officer).update(until=now)
    factories.sign_in(client, officer)
    assert client.get(f"/desk/incidents/{reference}/").status_code == 403
