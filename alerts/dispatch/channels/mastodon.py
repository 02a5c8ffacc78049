"""Public posts on Mastodon.

References
----------
Mastodon, statuses API (https://docs.joinmastodon.org/methods/statuses/): an
Idempotency-Key makes a repeated POST within an hour the same post.
"""

from django.conf import settings

from alerts.dispatch.channels import answers, posts
from alerts.dispatch.channels.api import Api
from alerts.dispatch.channels.base import Outgoing

MOST = 500


class Mastodon:
    """One Mastodon account."""

    hook = "mastodon"
    states: dict[str, str] = {}
    gone: frozenset[str] = frozenset()
    opted_out: frozenset[str] = frozenset()
    returned: frozenset[str] = frozenset()

    def __init__(self, account: str) -> None:
        conf = settings.ACCOUNTS[account]
        self.mode = conf["mode"]
        self.api = Api("Mastodon", conf["base_url"], self.mode)
        self.headers = {"Authorization": f"Bearer {conf['access_token']}"}

    def send(self, outgoing: Outgoing) -> str:
        """Post a status, or a thread of them; return their ids."""

        def post(number: int, part: str, reply_to: str) -> str:
            form = {"status": part, "language": outgoing.language}
            if reply_to:
                form["in_reply_to_id"] = reply_to
            key = {"Idempotency-Key": f"{outgoing.uid}:{number}"}
            said = self.api.ask(
                "POST", "/api/v1/statuses", data=form, headers=self.headers | key
            )
            return answers.found(said, "id")

        parts = posts.thread(outgoing.body, MOST, posts.with_short_links)
        return posts.one_by_one(parts, outgoing.in_reply_to, post)

    def look_up(self, outgoing: Outgoing) -> str:
        """Post again with the same key, which is how Mastodon is asked."""
        return self.send(outgoing)

    def delete(self, provider_id: str) -> None:
        """Delete a status, or all of a thread."""

        def delete(each: str) -> None:
            self.api.ask("DELETE", f"/api/v1/statuses/{each}", headers=self.headers)

        posts.delete_each(provider_id, delete)
