"""Sources come from a file; what an operator changed stays."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from alerts.hazards.listening import formats
from alerts.hazards.models import Source
from tests.factories import NOON
from tests.hazards.chains import alert
from tests.hazards.test_polling import feeds  # noqa: F401 - a fixture

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


def test_an_exercise_installation_takes_its_own_feeds_and_says_what_came(
    settings,
    feeds,  # noqa: F811 - a fixture
    tmp_path,
    capsys,
):
    settings.MODE = "exercise"
    feeds.put("/feed", alert("a1", NOON))
    path = tmp_path / "sources.json"
    ours = {"slug": "ours", "name": "Ours", "format": "cap", "trust": "watch"}
    path.write_text(json.dumps([ours | {"url": f"http://{feeds.address}/feed"}]))
    call_command("load_sources", str(path), "--poll")
    assert "ours: read; 1 documents, 1 reports" in capsys.readouterr().out
    feeds.put("/feed", b"<html></html>")
    call_command("load_sources", str(path), "--poll")
    said = capsys.readouterr().out
    assert "ours: quarantined" in said
    assert "this is a web page" in said
    assert Source.objects.get().mode == "exercise"


def test_without_tables_the_command_says_what_to_do():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE hazards_source RENAME TO not_there_yet")
    with pytest.raises(CommandError, match=r"manage\.py migrate"):
        call_command("load_sources")
