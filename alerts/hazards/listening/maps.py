"""Tell of a map of shaking when and where its event was: it does not say so itself."""

from dataclasses import replace

from alerts.hazards.events.reports import TEST_FLAG, digest
from alerts.hazards.feeds.base import AREA_ONLY, FeedItem, Reading
from alerts.hazards.models import Alias, Report, Source


def beside_events(source: Source, found: Reading) -> Reading:
    """Return a reading with the maps in it dated and placed as their events are."""
    if found.format != "shakemap":
        return found
    return replace(found, items=[_beside(source, each) for each in found.items])


def _beside(source: Source, item: FeedItem) -> FeedItem:
    """Take over what is known of the event; a map of an unknown one stays undated."""
    names = [digest(*key) for key in item.event_keys]
    keys = Alias.objects.filter(source=source, key__in=names).values("event_key")
    told = Report.objects.filter(source=source, event_key__in=keys, is_basis=True)
    event = told.first()
    if event is None or AREA_ONLY in event.flags:
        return item
    return replace(
        item,
        sent_at=event.sent_at,
        happened_at=event.happened_at,
        status=event.status,
        scope=event.scope,
        magnitude=event.magnitude,
        place=event.place,
        lon=event.lon,
        lat=event.lat,
        flags=[*item.flags, *([TEST_FLAG] if event.is_test else [])],
    )
