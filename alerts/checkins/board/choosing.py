"""Choose among the people inside; a choice stands in an address, a view, an export."""

from collections.abc import Container, Mapping
from dataclasses import asdict, dataclass, fields
from urllib.parse import urlencode

from alerts.checkins.models import Status
from alerts.incidents.models import ZoneLevel
from consular import languages
from consular.missions.models import Mission

Given = str | int | bool
SILENT = "silent"
UNREACHABLE = "unreachable"
STATUSES = (
    Status.NEEDS_HELP.value,
    SILENT,
    UNREACHABLE,
    Status.SAFE.value,
    Status.NOT_HERE.value,
    Status.LEFT.value,
)
# How far the best of somebody's messages came, the furthest last.
REACH_NAMES = ("not_delivered", "waiting", "unknown", "accepted", "delivered")
LONGEST = 16  # of a value in an address
_OTHERS = """(SELECT 1 FROM people_person o
  WHERE o.registration_id = p.registration_id AND o.id <> p.id)"""
# Who somebody is, and the condition on a row.
WHO = {
    "minor": "p.is_minor",
    "needs": "p.needs <> ''",
    "alone": f"NOT EXISTS {_OTHERS}",
    "party": f"EXISTS {_OTHERS}",
    "companion": "p.position > 0",
}
NOWHERE = "none"
KNOWN: dict[str, Container[str]] = {
    "status": STATUSES,
    "language": languages.LANGUAGES,
    "reach": REACH_NAMES,
    "needs": WHO,
    "place": (*ZoneLevel.values, NOWHERE),
}


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Which of the people inside: empty means all, and so does what is not known.

    `needs` is one of `WHO`; `place` a level of the zone or "none" for who is not on the
    map; `post` the number of the mission that looks after the country they are in.
    """

    status: str = ""
    language: str = ""
    reach: str = ""
    needs: str = ""
    place: str = ""
    post: str = ""

    def where(self) -> tuple[str, dict[str, Given]]:
        """Return the condition on a row, and the values in it."""
        parts: list[str] = []
        values: dict[str, Given] = {}
        if self.status in STATUSES:
            parts.append("i.status = %(status)s")
            values["status"] = self.status
        if self.language:
            parts.append("r.language = %(language)s")
            values["language"] = self.language
        if self.reach in REACH_NAMES:
            parts.append("i.got = %(got)s")
            values["got"] = REACH_NAMES.index(self.reach)
        if self.needs in WHO:
            parts.append(WHO[self.needs])
        if self.place == NOWHERE:
            parts.append("i.stay_id IS NULL")
        elif self.place in ZoneLevel.values:
            parts.append("i.level = %(level)s")
            values["level"] = self.place
        if self.post.isdecimal():
            served = {f"country{n}": code for n, code in enumerate(self._served())}
            names = ", ".join(f"%({name})s" for name in served)
            parts.append(f"st.country IN ({names})" if served else "1 = 0")
            values |= served
        return (" WHERE " + " AND ".join(parts)) if parts else "", values

    def _served(self) -> list[str]:
        mission = Mission.objects.filter(pk=min(int(self.post), 2**31 - 1)).first()
        return sorted(mission.serves) if mission is not None else []

    @property
    def known(self) -> dict[str, str]:
        """What is asked for, by name, without what is left open."""
        return {name: value for name, value in asdict(self).items() if value}

    @property
    def address(self) -> str:
        """The same as the query of an address."""
        return urlencode(self.known)


NAMES = tuple(each.name for each in fields(Chosen))


def of(asked: Mapping[str, str]) -> Chosen:
    """Read a choice from an address, a form or what was kept; drop what is not known.

    What is said of a choice, and whom it keeps, must never differ.
    """
    given = {name: str(asked.get(name, ""))[:LONGEST] for name in NAMES}
    post = given.pop("post")
    post = str(int(post)) if post.isascii() and post.isdecimal() else ""
    kept = {name: value for name, value in given.items() if value in KNOWN[name]}
    return Chosen(**kept, post=post)
