"""Send one text in a child process, which may die of it; imports no model.

The child is a bare process: it is set up here, and told the account as it is.
"""

import django
from django.conf import settings
from django.utils.module_loading import import_string

from alerts.dispatch.channels.base import ChannelError, Outgoing


def send(conf: dict[str, str], account: str, fields: dict[str, object]) -> object:
    """Send one text for an account.

    Returns the provider's id, or what the transport raised as plain values.
    """
    django.setup()
    settings.ACCOUNTS = {**settings.ACCOUNTS, account: conf}
    transport = import_string(conf["transport"])(account)
    try:
        return {"id": transport.send(Outgoing(**fields))}  # type: ignore[arg-type]
    except ChannelError as error:
        wait = getattr(error, "retry_after_s", None)
        kind = type(error).__name__
        return {"kind": kind, "words": str(error), "code": error.code, "wait_s": wait}
