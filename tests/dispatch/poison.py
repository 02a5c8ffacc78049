"""A transport that breaks the process it runs in, in the way its account says."""

import ctypes
import os

from django.conf import settings

from alerts.dispatch.channels.base import Outgoing


class Poison:
    """Never sends anything."""

    hook = "poison"
    states: dict[str, str] = {}

    def __init__(self, account: str) -> None:
        conf = settings.ACCOUNTS[account]
        self.mode, self.how = conf["mode"], conf["poison"]

    def send(self, outgoing: Outgoing) -> str:
        if self.how == "exits":
            os._exit(3)
        if self.how == "segfaults":
            ctypes.string_at(0)
        raise KeyError(self.how)

    def look_up(self, outgoing: Outgoing) -> str:
        return ""

    def delete(self, provider_id: str) -> None:
        raise NotImplementedError
