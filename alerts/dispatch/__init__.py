"""The mail room: addresses and texts, no persons and no alerts."""
