"""Put the versions of one statement together, in whatever order they arrive.

A statement has names: its ids, and the ids of what it replaces. Reports that share a
name are versions of one statement; a report that comes late can tie two together. An
Update or Cancel replaces only what the same sender said.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from alerts.hazards.events.reports import digest
from alerts.hazards.feeds.base import AREA_ONLY, FROM_LIST, FeedItem
from alerts.hazards.models import Alias, Pin, Report, Source
from consular import copying

REPLACING = {"Update", "Cancel"}
SILENT = {"Ack", "Error"}  # they speak of other messages, not of the world
CHUNK = 900


@dataclass(frozen=True)
class Fresh:
    """A report that is not stored yet, with the names of its statement."""

    report: Report
    names: list[str]


@dataclass(eq=False)
class Statement:
    """What one source says of one event, by the newest version that says something."""

    basis: Report
    hazard_ids: set[int] = field(default_factory=set)
    fresh: list[Report] = field(default_factory=list)
    is_stored: bool = True

    @property
    def name(self) -> tuple[int, str]:
        """Tell it from all others."""
        return self.basis.source_id, self.basis.event_key


def names_of(item: FeedItem) -> list[str]:
    """Return the names of an item's statement, its own first."""
    names = [digest(*key) for key in item.event_keys]
    if FROM_LIST in item.flags and item.link:
        names.append(name_of_link(item.link))
    if item.msg_type in REPLACING:
        for sender, identifier in _referred(item.references):
            if sender == item.sender:
                names.append(digest(sender, identifier))
    return list(dict.fromkeys(names))


def name_of_link(link: str) -> str:
    """Return the name that an alert has by the address it stands at."""
    return digest("link", link)


def _referred(references: list[str]) -> Iterator[tuple[str, str]]:
    """Read `sender,identifier,sent` triples, also those that commas joined."""
    for word in references:
        parts = word.split(",")
        whole = len(parts) if len(parts) % 3 == 0 else min(len(parts), 3)
        for start in range(0, whole - 1, 3):
            yield parts[start], parts[start + 1]


def chunks(keys: Iterable[str]) -> Iterator[list[str]]:
    """Cut keys into lists that fit into one query."""
    listed = sorted(keys)
    for start in range(0, len(listed), CHUNK):
        yield listed[start : start + CHUNK]


def join(source: Source, fresh: list[Fresh]) -> list[Statement]:
    """Give each fresh report its statement; return the statements they touch.

    Stored reports that turn out to be of the same statement, or are no longer its
    newest version, are changed in the database; fresh ones in memory.
    """
    event_keys = _event_keys(source, fresh)
    versions: dict[str, list[Report]] = defaultdict(list)
    for each in fresh:
        each.report.event_key = event_keys[each.names[0]]
        versions[each.report.event_key].append(each.report)
    for some in chunks(versions):
        stored = Report.objects.filter(source=source, event_key__in=some)
        for report in stored.defer("description"):
            versions[report.event_key].append(report)
    marked = _Marks()
    found = [marked.statement(reports) for reports in versions.values()]
    marked.save()
    return [statement for statement in found if statement is not None]


def _event_keys(source: Source, fresh: list[Fresh]) -> dict[str, str]:
    """Map every name to the event key of its statement; store what is new of it."""
    names = {name for each in fresh for name in each.names}
    stored: dict[str, str] = {}
    for some in chunks(names):
        rows = Alias.objects.filter(source=source, key__in=some)
        stored |= dict(rows.values_list("key", "event_key"))
    ties = Ties()
    for each in fresh:
        for name in each.names:
            ties.tie(each.names[0], name)
            ties.tie(name, stored.get(name, name))
    known = set(stored.values())
    chosen: dict[str, str] = {}
    for group in ties.groups():
        chosen |= dict.fromkeys(group, min(known & group or group))
    for old in known:
        if chosen[old] != old:
            changes = {"event_key": chosen[old]}
            Alias.objects.filter(source=source, event_key=old).update(**changes)
            Report.objects.filter(source=source, event_key=old).update(**changes)
            _move_pins(source, old, chosen[old])
    new = sorted(names - stored.keys())
    copying.create(
        [Alias(source=source, key=name, event_key=chosen[name]) for name in new]
    )
    return chosen


def _move_pins(source: Source, old: str, new: str) -> None:
    """Keep what an officer said of a statement that is now part of another."""
    pins = Pin.objects.filter(source=source)
    if pins.filter(event_key=new).exists():
        pins.filter(event_key=old).delete()
    else:
        pins.filter(event_key=old).update(event_key=new)


class Ties:
    """Say of things which stand together (a union-find)."""

    def __init__(self) -> None:
        self._up: dict[str, str] = {}

    def top(self, each: str) -> str:
        """Return the one that stands for all that are tied to it."""
        while (up := self._up.setdefault(each, each)) != each:
            self._up[each] = self._up[up]
            each = up
        return each

    def tie(self, one: str, other: str) -> None:
        """Let two, and all that are tied to them, stand together."""
        self._up[self.top(one)] = self.top(other)

    def groups(self) -> list[set[str]]:
        """Return all that stand together."""
        found: dict[str, set[str]] = defaultdict(set)
        for each in list(self._up):
            found[self.top(each)].add(each)
        return list(found.values())


class _Marks:
    """Mark the newest versions; remember which stored rows that changes."""

    def __init__(self) -> None:
        self.changed: dict[tuple[bool, bool], list[int]] = defaultdict(list)
        self.drawn: list[Report] = []

    def statement(self, reports: list[Report]) -> Statement | None:
        said = [each for each in reports if each.msg_type not in SILENT]
        spoken = [each for each in said if each.msg_type != "Cancel"]
        latest = max(said, key=_order, default=None)
        basis = max(spoken, key=_order, default=latest)
        for report in reports:
            self._mark(report, report is latest, report is basis)
        if basis is None or not spoken:
            return None  # what is cancelled has not been heard of (yet)
        self._draw(basis, [each for each in spoken if AREA_ONLY in each.flags])
        return Statement(
            basis=basis,
            hazard_ids={each.hazard_id for each in reports if each.hazard_id},
            fresh=[each for each in reports if each.pk is None],
            is_stored=any(each.pk for each in reports),
        )

    def _draw(self, basis: Report, areas: list[Report]) -> None:
        """Give the newest version the newest area that was told beside it."""
        newest = max(areas, key=_order, default=None)
        if newest is None or newest is basis or newest.geometry == basis.geometry:
            return
        basis.geometry = newest.geometry
        if basis.pk:
            self.drawn.append(basis)

    def _mark(self, report: Report, is_latest: bool, is_basis: bool) -> None:
        if report.pk and (report.is_latest, report.is_basis) != (is_latest, is_basis):
            self.changed[is_latest, is_basis].append(report.pk)
        report.is_latest, report.is_basis = is_latest, is_basis

    def save(self) -> None:
        """Change the stored rows."""
        Report.objects.bulk_update(self.drawn, ["geometry"])
        for (is_latest, is_basis), ids in self.changed.items():
            for start in range(0, len(ids), CHUNK):
                rows = Report.objects.filter(pk__in=ids[start : start + CHUNK])
                rows.update(is_latest=is_latest, is_basis=is_basis)


def _order(report: Report) -> tuple[object, ...]:
    # A list says less than the alert itself, and a map nothing but where.
    whole = FROM_LIST not in report.flags and AREA_ONLY not in report.flags
    return whole, report.sent_at, report.identifier, report.key
