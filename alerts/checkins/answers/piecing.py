"""Read a part of a long text together with its other parts.

A phone cuts a long text into parts, and providers put them together again. Some
networks hand them on one by one, in any order, as texts of their own; and "safe" may be
all that the last part of "we are not safe" holds. So a text is read with its neighbours
too, in every order, where one of them is as long as a part that another follows. The
worst reading counts: what together calls for help is a call, and what together is not
safe clears nobody.
"""

from datetime import timedelta
from itertools import permutations

from alerts.checkins.models import Inbound, Label
from alerts.checkins.reading import understanding
from alerts.checkins.reading.understanding import Reading
from alerts.dispatch.models import Channel

WITHIN = timedelta(seconds=90)
MOST = 3  # parts that are tried in every order
# What a part holds that another follows: 153 letters, or 67 where one is not of GSM's.
# Signs that take two places make it less.
FULL = 60


def read(inbound: Inbound) -> tuple[str, Reading]:
    """Return what was written, as far as it is known, and how it is understood."""
    reading = understanding.read(inbound.body)
    if reading.label == Label.HELP:
        return inbound.body, reading
    wholes = _wholes(inbound)
    readings = [(text, understanding.read(text)) for text in wholes]
    for text, whole in readings:
        if whole.label == Label.HELP:
            return text, Reading(Label.HELP.value, whole.words, "read with other parts")
    is_outrun = readings and all(whole.label != Label.SAFE for _, whole in readings)
    if reading.label == Label.SAFE and is_outrun:
        reason = "says safe, but other parts do not"
        return wholes[0], Reading(Label.UNCLEAR.value, reading.words, reason)
    return inbound.body, reading


def _wholes(inbound: Inbound) -> list[str]:
    """Return what this part and those beside it may have been, in any order."""
    if inbound.channel != Channel.SMS:
        return []
    beside = Inbound.objects.filter(
        from_key=inbound.from_key,
        channel=inbound.channel,
        received_at__gte=inbound.received_at - WITHIN,
        received_at__lte=inbound.received_at + WITHIN,
    ).exclude(pk=inbound.pk)
    parts = [each.body for each in beside.order_by("-pk")[: MOST - 1]][::-1]
    parts.append(inbound.body)
    if len(parts) < 2 or max(map(len, parts)) < FULL:
        return []
    orders = list(permutations(parts))
    return ["".join(order) for order in orders] + [" ".join(order) for order in orders]
