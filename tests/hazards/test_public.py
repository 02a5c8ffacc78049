"""Uptime monitors hear whether sources are heard, and nothing else."""

from datetime import timedelta

import pytest
from django.utils import timezone

from alerts.hazards.models import Source

pytestmark = pytest.mark.django_db


def _source(**changes):
    fields = {
        "slug": "secret-name",
        "name": "Secret name",
        "format": "usgs",
        "url": "http://127.0.0.1:1/",
        "mode": "exercise",
        "trust": Source.Trust.WATCH,
        "next_poll_at": timezone.now(),
        "last_ok_at": timezone.now(),
    }
    return Source.objects.create(**(fields | changes))


def test_all_is_well_while_each_source_is_heard(client):
    _source()
    answer = client.get("/uptime/sources")
    assert (answer.status_code, answer.json()["silent"]) == (200, 0)
    assert b"ecret" not in answer.content


@pytest.mark.parametrize("ago", [None, timedelta(hours=1)])
def test_a_source_that_is_not_heard_is_an_alarm(client, ago):
    _source(last_ok_at=timezone.now() - ago if ago else None)
    assert client.get("/uptime/sources").status_code == 503


def test_a_slow_schedule_is_not_silence(client):
    _source(interval_s=3600, last_ok_at=timezone.now() - timedelta(hours=2))
    assert client.get("/uptime/sources").status_code == 200


def test_a_source_that_is_switched_off_is_no_alarm(client):
    _source(last_ok_at=None, is_active=False)
    assert client.get("/uptime/sources").status_code == 200
