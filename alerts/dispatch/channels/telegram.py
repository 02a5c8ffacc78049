"""Public posts in a Telegram channel.

References
----------
Telegram Bot API (https://core.telegram.org/bots/api): `sendMessage` of 4,096 UTF-16
units, `deleteMessage` within 48 hours; no idempotency key.
"""

from typing import Any

from django.conf import settings

from alerts.dispatch.channels import answers, posts
from alerts.dispatch.channels.api import Api
from alerts.dispatch.channels.base import CannotAskError, Outgoing

MOST = 4096


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


class Telegram:
    """One bot that writes in one channel (`@name`)."""

    hook = "telegram"
    states: dict[str, str] = {}
    gone: frozenset[str] = frozenset()
    opted_out: frozenset[str] = frozenset()
    returned: frozenset[str] = frozenset()

    def __init__(self, account: str) -> None:
        conf = settings.ACCOUNTS[account]
        self.mode, self.chat = conf["mode"], conf["chat"]
        self.api = Api("Telegram", conf["base_url"], self.mode)
        self.path = f"/bot{conf['token']}/"

    def _call(self, method: str, **form: Any) -> Any:
        form |= {"chat_id": self.chat}
        return self.api.ask("POST", self.path + method, json=form)

    def send(self, outgoing: Outgoing) -> str:
        """Write in the channel; return the ids."""

        def post(_number: int, part: str, reply_to: str) -> str:
            form: dict[str, Any] = {"text": part}
            if reply_to:
                form["reply_parameters"] = {"message_id": int(reply_to)}
            said = self._call("sendMessage", **form)
            return answers.found(said, "result", "message_id")

        parts = posts.thread(outgoing.body, MOST, _units)
        return posts.one_by_one(parts, outgoing.in_reply_to, post)

    def look_up(self, outgoing: Outgoing) -> str:
        """Say that an officer has to look: a bot cannot read its channel."""
        raise CannotAskError("look at the Telegram channel: it may be there")

    def delete(self, provider_id: str) -> None:
        """Delete a message, which Telegram allows for 48 hours."""

        def delete(each: str) -> None:
            self._call("deleteMessage", message_id=int(each))

        posts.delete_each(provider_id, delete)
