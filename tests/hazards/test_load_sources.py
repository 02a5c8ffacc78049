"""Sources come from a file; what an operator changed stays."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from alerts.hazards.listening import formats
from alerts.hazards.models import Source

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _live(settings):
    settings.MODE = "live"


def test_the_shipped_sources_are_added_once():
    call_command("load_sources")
    count = Source.objects.count()
    Source.objects.filter(slug="gdacs").update(interval_s=999)
    call_command("load_sources")
    assert Source.objects.count() == count >= 8
    assert Source.objects.get(slug="gdacs").interval_s == 999
    assert {source.format for source in Source.objects.all()} <= set(formats.NAMES)


def test_a_source_of_an_unknown_format_is_refused(tmp_path):
    path = tmp_path / "sources.json"
    path.write_text(json.dumps([{"slug": "x", "format": "tea-leaves"}]))
    with pytest.raises(CommandError, match="the format must be one of"):
        call_command("load_sources", str(path))


def test_an_exercise_installation_takes_no_live_source(settings):
    settings.MODE = "exercise"
    with pytest.raises(CommandError, match="exercises"):
        call_command("load_sources")


def test_without_tables_the_command_says_what_to_do():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE hazards_source RENAME TO not_there_yet")
    with pytest.raises(CommandError, match=r"manage\.py migrate"):
        call_command("load_sources")
