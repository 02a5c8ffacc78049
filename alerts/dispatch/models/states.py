"""The words of the ledger: lanes, channels, states and what may follow what."""

from django.db import models


class Lane(models.IntegerChoices):
    """What overtakes what; a lower number goes first."""

    DANGER = 1, "Danger"
    NOTICE = 2, "Notice"
    URGENT = 3, "Urgent"
    BULK = 4, "Advisory"


class Channel(models.TextChoices):
    """A way to reach people."""

    SMS = "sms", "SMS"
    EMAIL = "email", "E-mail"
    WHATSAPP = "whatsapp", "WhatsApp"
    VOICE = "voice", "Voice call"
    SOCIAL = "social", "Social media"


# The channels whose texts an officer writes; WhatsApp and voice say what the SMS says.
WRITTEN = (Channel.SMS, Channel.EMAIL, Channel.SOCIAL)


class State(models.TextChoices):
    """Where a message is; each comment says what it waits for."""

    QUEUED = "queued"  # a worker's claim
    CLAIMED = "claimed"  # the worker's result, or the end of its lease
    ACCEPTED = "accepted"  # a receipt, or the end of the receipt window
    UNCLEAR = "unclear"  # a callback, the provider's answer, or the cause's policy
    SET_ASIDE = "set_aside"  # an officer
    DELIVERED = "delivered"  # nothing
    UNDELIVERED = "undelivered"  # nothing
    REJECTED = "rejected"  # nothing
    EXPIRED = "expired"  # nothing
    STOPPED = "stopped"  # nothing


# Which states each may follow.
FOLLOWS: dict[str, set[str]] = {
    State.QUEUED: {
        State.CLAIMED,
        State.UNCLEAR,
        State.SET_ASIDE,
        State.REJECTED,
        State.UNDELIVERED,  # given back, as the provider's queue was full
    },
    State.CLAIMED: {State.QUEUED},
    # What waits to be sent once more, or never was, may turn out to have arrived.
    State.ACCEPTED: {State.CLAIMED, State.UNCLEAR, State.QUEUED},
    State.UNCLEAR: {State.CLAIMED},
    State.SET_ASIDE: {State.CLAIMED, State.UNCLEAR},
    State.DELIVERED: {
        State.CLAIMED,
        State.ACCEPTED,
        State.UNCLEAR,
        State.QUEUED,
        State.SET_ASIDE,
        State.STOPPED,
        State.EXPIRED,
    },
    State.UNDELIVERED: {State.CLAIMED, State.ACCEPTED, State.UNCLEAR},
    State.REJECTED: {State.CLAIMED, State.UNCLEAR},
    State.EXPIRED: {State.QUEUED},
    State.STOPPED: {State.QUEUED, State.CLAIMED},
}
# The code of what waits for a key with which it can be opened.
SEALED = "sealed"
FINAL = {
    State.DELIVERED,
    State.UNDELIVERED,
    State.REJECTED,
    State.EXPIRED,
    State.STOPPED,
}
