"""Choose the account that sends; nothing else asks what kind a channel is."""

import functools

from django.conf import settings
from django.utils.module_loading import import_string

from alerts.dispatch.channels.base import Transport


class NoAccountError(LookupError):
    """Say which channel has no account in this mode, and the setting to fill."""


def accounts(channel: str, mode: str) -> list[str]:
    """List the accounts of a channel whose mode is the one asked for."""
    return [
        name
        for name, conf in settings.ACCOUNTS.items()
        if conf["channel"] == channel and conf["mode"] == mode
    ]


def account_for(channel: str, mode: str, country: str = "") -> str:
    """Choose an account for a channel, a mode and a country.

    Raises
    ------
    NoAccountError
        When there is none.
    """
    for name in accounts(channel, mode):
        return name
    raise NoAccountError(f"no {mode} account for {channel}; see the README's settings")


@functools.cache
def transport_for(account: str) -> Transport:
    """Return the transport that `settings.ACCOUNTS` names for an account."""
    made: Transport = import_string(settings.ACCOUNTS[account]["transport"])(account)
    return made
