"""The table of what is held names every field; the pages and the document say it."""

from collections import Counter
from pathlib import Path

import pytest
from django.apps import apps
from django.test import Client

from consular.languages import LANGUAGES
from consular.people.protecting import holdings
from consular.people.protecting.holding import Basis, Kept
from consular.sealing import SealedTextField

DOCUMENT = Path(__file__).parents[2] / "docs" / "data-protection.md"
OF_OFFICERS = {
    "incidents.LogEntry",
    "incidents.BreakGlass",
    "checkins.Export",
    "checkins.SituationReport",
}
LISTED = [name for holding in holdings.HOLDINGS for name in holding.names()]


def fields() -> dict[str, object]:
    """Return every field of every model that is not wholly impersonal."""
    found = {}
    for model in apps.get_models(include_auto_created=True):
        label, app = model._meta.label, model._meta.app_label
        if app in holdings.OF_LIBRARIES or label in holdings.IMPERSONAL:
            continue
        for field in model._meta.concrete_fields:
            if not field.primary_key or field.is_relation:
                found[f"{label}.{field.name}"] = field
    return found


def test_every_field_has_a_row() -> None:
    assert sorted(set(fields()) - set(LISTED)) == []


def test_every_row_has_a_field_and_no_field_two_rows() -> None:
    assert sorted(set(LISTED) - set(fields())) == []
    assert [name for name, count in Counter(LISTED).items() if count > 1] == []


def test_no_model_that_seals_something_is_called_impersonal() -> None:
    sealing = {
        model._meta.label
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, SealedTextField)
    }
    # Sealed in case somebody writes into them what does not belong there.
    assert sealing & set(holdings.IMPERSONAL) <= OF_OFFICERS


def test_health_is_held_with_explicit_consent_only() -> None:
    (row,) = [h for h in holdings.HOLDINGS if "people.Person.needs" in h.names()]
    assert (row.basis, row.kept) == (Basis.EXPLICIT, Kept.STAY)


@pytest.mark.django_db
@pytest.mark.parametrize("code", list(LANGUAGES))
def test_the_notice_says_all_of_it_in_each_language(client: Client, code: str) -> None:
    body = client.get("/privacy/", {"lang": code}).content.decode()
    assert body.count("<section") == len(holdings.public())
    assert ("Why" in body) == (code == "en")
    assert "{days}" not in body


def test_its_days_are_those_of_the_installation(client: Client, settings) -> None:
    settings.KEEP_WHEREABOUTS_DAYS = 77
    assert "77 days after the incident" in client.get("/privacy/").content.decode()


def test_the_document_has_the_table_as_it_is() -> None:
    assert holdings.as_markdown() in DOCUMENT.read_text(encoding="utf-8")
