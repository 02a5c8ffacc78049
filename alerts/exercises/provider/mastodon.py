"""A Mastodon server with one account: publish, read, answer, delete."""

import hmac
import html
import itertools
from typing import Any

from aiohttp import web

from alerts.exercises.provider.faults import ACCEPTED
from alerts.exercises.provider.networks import Network
from alerts.exercises.provider.office import Office, Post

MOST_CHARACTERS = 500
STATUSES = "/api/v1/statuses"
ACCOUNT = {"id": "1", "username": "ministry", "acct": "ministry"}


class Mastodon(Network):
    """Answer the parts of Mastodon's API that Muster uses.

    References
    ----------
    https://docs.joinmastodon.org/methods/statuses/
    """

    def __init__(self, office: Office) -> None:
        super().__init__(office)
        self._by_key: dict[str, str] = {}
        self._numbers = itertools.count(112_000_000_000_000_001)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        one = STATUSES + "/{id}"
        return [
            web.post(STATUSES, self.create),
            web.get(one, self.fetch),
            web.delete(one, self.delete),
            web.get("/api/v1/accounts/verify_credentials", self.account),
            web.get("/api/v1/accounts/{id}/statuses", self.list),
            web.get("/api/v1/notifications", self.notifications),
        ]

    def _check(self, request: web.Request) -> None:
        expected = f"Bearer {self.office.setup.access_token}"
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), expected.encode()):
            raise web.HTTPUnauthorized(
                text='{"error": "The access token is invalid"}',
                content_type="application/json",
            )
        if self.office.setup.faults.down:
            raise web.HTTPServiceUnavailable

    def _shown(self, post: Post, request: web.Request) -> dict[str, Any]:
        url = f"http://{request.host}/posts#p{post.sid}"
        return {
            "id": post.sid,
            "created_at": post.at.isoformat(),
            "content": f"<p>{html.escape(post.body)}</p>",
            "url": url,
            "uri": url,
            "visibility": "public",
            "in_reply_to_id": post.in_reply_to or None,
            "account": ACCOUNT,
        }

    async def _form(self, request: web.Request) -> dict[str, str]:
        if request.content_type == "application/json":
            found = await request.json()
        else:
            found = await request.post()
        return {name: str(value) for name, value in found.items()}

    async def create(self, request: web.Request) -> web.StreamResponse:
        """Publish a status; the same Idempotency-Key gives the same one again."""
        self._check(request)
        form = await self._form(request)
        body = form.get("status", "").strip()
        if not body or len(body) > MOST_CHARACTERS:
            words = "can't be blank" if not body else "character limit of 500 exceeded"
            error = {"error": f"Validation failed: Text {words}"}
            return web.json_response(error, status=422)
        key = request.headers.get("Idempotency-Key", "")
        fault = self.office.dice.answer("mastodon " + (key or body))
        if key and key in self._by_key:
            return web.json_response(
                self._shown(self.office.posts[self._by_key[key]], request)
            )
        if fault not in ACCEPTED:
            self.office.note("refused", channel="social", to="mastodon", answer=fault)
            return await self.fail(request, fault)
        post = Post(
            sid=str(next(self._numbers)),
            body=body,
            at=self.office.now(),
            in_reply_to=form.get("in_reply_to_id", ""),
        )
        self.office.take_post(post, key, fault)
        if key:
            self._by_key[key] = post.sid
        if fault:
            return await self.fail(request, fault.removeprefix("accepted_"))
        return web.json_response(self._shown(post, request))

    def _wanted(self, request: web.Request) -> Post:
        self._check(request)
        post = self.office.posts.get(request.match_info["id"])
        if post is None:
            raise web.HTTPNotFound(
                text='{"error": "Record not found"}', content_type="application/json"
            )
        return post

    async def fetch(self, request: web.Request) -> web.Response:
        """Return one status."""
        return web.json_response(self._shown(self._wanted(request), request))

    async def delete(self, request: web.Request) -> web.Response:
        """Take a status back."""
        post = self._wanted(request)
        del self.office.posts[post.sid]
        self.office.note("deleted", channel="social", sid=post.sid)
        return web.json_response(self._shown(post, request) | {"text": post.body})

    async def list(self, request: web.Request) -> web.Response:
        """List the account's statuses, the newest first."""
        self._check(request)
        posts = list(self.office.posts.values())[::-1]
        return web.json_response([self._shown(post, request) for post in posts[:40]])

    async def account(self, request: web.Request) -> web.Response:
        """Return the account that the token belongs to."""
        self._check(request)
        return web.json_response(ACCOUNT)

    async def notifications(self, request: web.Request) -> web.Response:
        """Return no mentions: nobody answers posts here."""
        self._check(request)
        return web.json_response([])
