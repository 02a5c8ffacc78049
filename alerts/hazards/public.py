"""Tell uptime monitors whether sources are heard: counts alone, no names."""

from datetime import datetime, timedelta

from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from alerts.hazards.listening.push_views import push
from alerts.hazards.models import Source

SILENT_AFTER = timedelta(minutes=15)  # and never before three missed polls


def is_silent(source: Source, now: datetime) -> bool:
    """Tell whether a source has not answered for too long, or never did."""
    if source.last_ok_at is None:
        return True
    missed = timedelta(seconds=3 * source.interval_s)
    return now - source.last_ok_at > max(missed, SILENT_AFTER)


@never_cache
@require_safe
def uptime(request: HttpRequest) -> JsonResponse:
    """Answer 200 while every active source is heard, else 503."""
    now = timezone.now()
    listed = list(Source.objects.filter(is_active=True).exclude(url=""))
    silent = sum(is_silent(source, now) for source in listed)
    said = {"sources": len(listed), "silent": silent, "as_of": now.isoformat()}
    return JsonResponse(said, status=503 if silent else 200)


urlpatterns = [
    path("uptime/sources", uptime, name="uptime_sources"),
    path("push/<slug:slug>", push, name="push_events"),
]
