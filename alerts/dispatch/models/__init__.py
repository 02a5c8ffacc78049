"""Models of the mail room: its ledger, and what keeps it going.

It knows addresses and texts, no persons and no alerts.
"""

from alerts.dispatch.models.ledger import (
    Address,
    Attempt,
    Cause,
    Delivery,
    Message,
    Pause,
    Publication,
    Receipt,
    Text,
)
from alerts.dispatch.models.states import (
    FINAL,
    FOLLOWS,
    SEALED,
    WRITTEN,
    Channel,
    Lane,
    State,
)
from alerts.dispatch.models.upkeep import Account, Alarm, Spend, Worker

__all__ = [
    "FINAL",
    "FOLLOWS",
    "SEALED",
    "WRITTEN",
    "Account",
    "Address",
    "Alarm",
    "Attempt",
    "Cause",
    "Channel",
    "Delivery",
    "Lane",
    "Message",
    "Pause",
    "Publication",
    "Receipt",
    "Spend",
    "State",
    "Text",
    "Worker",
]
