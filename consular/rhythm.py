"""Tell what is due every so many seconds, however seldom one looks.

Whoever ticks looks once a second, and less often while a tick takes longer. Ticks begin
with the second: where each takes between two seconds and three, only every third second
is looked at, and it may never be one that three divides.
"""

from collections.abc import Callable
from datetime import datetime

from consular import outages


def one_by_one(now: datetime, *steps: Callable[[datetime], object]) -> None:
    """Take the steps of a tick; one that breaks does not keep the others from theirs.

    Raises
    ------
    Exception
        The first that a step met, when all have had their turn; at once where the
        database is away, which all of them would wait for.
    """
    met: Exception | None = None
    for step in steps:
        try:
            step(now)
        except Exception as error:
            if outages.is_away(error):
                raise
            met = met or error  # raised below
    if met is not None:
        raise met


class Every:
    """Say once for each span of the clock that its moment has come.

    Parameters
    ----------
    seconds : int
        How long a span is.
    at : int
        At which second of a span.

    Examples
    --------
    >>> from datetime import UTC, timedelta
    >>> noon, due = datetime(2026, 3, 1, 12, tzinfo=UTC), Every(3)
    >>> [due(noon + timedelta(seconds=s)) for s in (0, 1, 2, 4, 5, 9)]
    [True, False, False, True, False, True]
    """

    def __init__(self, seconds: int, at: int = 0) -> None:
        self.seconds, self.at = seconds, at
        self._last: int | None = None

    def __call__(self, now: datetime) -> bool:
        """Tell whether the moment is now, or has been since the last look."""
        last = self._last
        self._last = int(now.timestamp()) - self.at
        if self._last % self.seconds == 0:
            return True
        if last is None or last > self._last:
            return False
        return last // self.seconds < self._last // self.seconds
