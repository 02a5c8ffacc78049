"""Read moments as people type them into a page."""

from datetime import UTC, datetime, tzinfo


def read(typed: str, zone: tzinfo) -> datetime:
    """Read a day and a time of a place's own clock, or with an offset of its own.

    Parameters
    ----------
    typed : str
        ISO 8601, as a browser's field for days and times sends it.
    zone : tzinfo
        Where the clock hangs.

    Returns
    -------
    datetime
        The moment in UTC.

    Raises
    ------
    ValueError
        For what is no moment, and for one before the year 1 or after 9999.

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> read("2026-03-02T06:00", ZoneInfo("America/Managua")).isoformat()
    '2026-03-02T12:00:00+00:00'
    """
    found = datetime.fromisoformat(typed)
    if found.tzinfo is None:
        found = found.replace(tzinfo=zone)
    try:
        return found.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("this moment is in no calendar") from error
