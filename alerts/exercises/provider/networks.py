"""Bluesky, X, Telegram, a Facebook page, Mailgun: publish, answer, delete, and fail."""

import asyncio
import itertools
from email.utils import parseaddr
from typing import Any

from aiohttp import web

from alerts.exercises.provider.faults import ACCEPTED
from alerts.exercises.provider.office import Mail, Office, Post

COLLECTION = "app.bsky.feed.post"


class Network:
    """What the networks share: the dice, the books, and how each fails."""

    name = ""
    most = 0

    def __init__(self, office: Office) -> None:
        self.office = office
        self._numbers = itertools.count(1_000_001)

    def number(self) -> str:
        """Return the next id."""
        return str(next(self._numbers))

    async def take(
        self, request: web.Request, post: Post, key: str, said: dict[str, Any]
    ) -> web.StreamResponse:
        """Keep a post, or fail as the dice say."""
        if not post.body or len(post.body) > self.most:
            return web.json_response({"error": {"code": "too_long"}}, status=400)
        fault = self.office.dice.answer(f"{self.name} {post.body}")
        if self.office.setup.faults.down:
            fault = "unavailable"
        if fault in ACCEPTED:
            self.office.take_post(post, key, fault)
            fault = fault.removeprefix("accepted_")
        else:
            self.office.note("refused", channel="social", to=self.name, answer=fault)
        return await self.fail(request, fault) if fault else web.json_response(said)

    async def fail(self, request: web.Request, fault: str) -> web.StreamResponse:
        """Answer as a server in trouble does."""
        wait = {"Retry-After": str(int(self.office.setup.faults.retry_after_s))}
        if fault in ("busy", "unavailable"):
            status = 429 if fault == "busy" else 503
            return web.json_response({"error": fault}, status=status, headers=wait)
        if fault in ("500", "error_500"):
            return web.json_response({"error": "server"}, status=500)
        if fault == "hang":
            await asyncio.sleep(self.office.setup.faults.hang_s)
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)

    def drop(self, sid: str) -> web.Response:
        """Take a post back."""
        if sid not in self.office.posts:
            return web.json_response({"error": {"code": "not_found"}}, status=404)
        del self.office.posts[sid]
        self.office.note("deleted", channel="social", sid=sid)
        return web.json_response({"ok": True, "success": True})

    def post(self, sid: str, body: str, in_reply_to: str = "") -> Post:
        """Return a new post on this network."""
        return Post(
            sid=sid,
            body=body,
            at=self.office.now(),
            in_reply_to=in_reply_to,
            network=self.name,
        )


class Bluesky(Network):
    """A personal data server with one account."""

    name, most = "bluesky", 300

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.post("/xrpc/com.atproto.server.createSession", self.session),
            web.post("/xrpc/com.atproto.repo.putRecord", self.put),
            web.post("/xrpc/com.atproto.repo.deleteRecord", self.delete),
        ]

    async def session(self, request: web.Request) -> web.StreamResponse:
        """Open a session for the app password."""
        form = await request.json()
        if form.get("password") != "simulated":
            error = {"error": "AuthenticationRequired"}
            return web.json_response(error, status=401)
        return web.json_response({"did": "did:plc:ministry", "accessJwt": "simulated"})

    async def put(self, request: web.Request) -> web.StreamResponse:
        """Write a record; the same key again changes nothing."""
        if request.headers.get("Authorization") != "Bearer simulated":
            return web.json_response({"error": "InvalidToken"}, status=401)
        form = await request.json()
        sid = f"at://{form['repo']}/{COLLECTION}/{form['rkey']}"
        said = {"uri": sid, "cid": "bafy" + form["rkey"].replace("-", "")[:40]}
        if sid in self.office.posts:
            return web.json_response(said)
        record = form["record"]
        parent = record.get("reply", {}).get("parent", {}).get("uri", "")
        post = self.post(sid, record["text"], parent)
        return await self.take(request, post, form["rkey"], said)

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """Delete a record."""
        form = await request.json()
        return self.drop(f"at://{form['repo']}/{COLLECTION}/{form['rkey']}")


class X(Network):
    """X with one account; a text that is there is refused."""

    name, most = "x", 280

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.post("/2/tweets", self.create),
            web.delete("/2/tweets/{id}", self.delete),
        ]

    async def create(self, request: web.Request) -> web.StreamResponse:
        """Publish a post."""
        if not request.headers.get("Authorization", "").startswith("OAuth "):
            return web.json_response({"title": "Unauthorized"}, status=401)
        form = await request.json()
        mine = (p for p in self.office.posts.values() if p.network == self.name)
        if any(post.body == form.get("text") for post in mine):
            return web.json_response({"title": "duplicate content"}, status=403)
        sid = self.number()
        parent = form.get("reply", {}).get("in_reply_to_tweet_id", "")
        post = self.post(sid, str(form.get("text", "")), parent)
        return await self.take(request, post, "", {"data": {"id": sid}})

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """Delete a post."""
        return self.drop(request.match_info["id"])


class Telegram(Network):
    """A bot's channel."""

    name, most = "telegram", 4096

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.post("/botsimulated/sendMessage", self.create),
            web.post("/botsimulated/deleteMessage", self.delete),
        ]

    async def create(self, request: web.Request) -> web.StreamResponse:
        """Write in the channel."""
        form = await request.json()
        sid = self.number()
        parent = str(form.get("reply_parameters", {}).get("message_id", ""))
        post = self.post(sid, str(form.get("text", "")), parent)
        said = {"ok": True, "result": {"message_id": int(sid)}}
        return await self.take(request, post, "", said)

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """Delete a message."""
        form = await request.json()
        return self.drop(str(form.get("message_id")))


class Facebook(Network):
    """A page with the number 1."""

    name, most = "facebook", 63_206

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.post("/1/feed", self.create),
            web.post("/{post:1_[0-9]+}/comments", self.create),
            web.delete("/{post:1_[0-9]+}", self.delete),
        ]

    async def create(self, request: web.Request) -> web.StreamResponse:
        """Post on the page, or comment under a post."""
        if request.headers.get("Authorization") != "Bearer simulated":
            error = {"error": {"code": 190, "message": "Invalid token"}}
            return web.json_response(error, status=401)
        form = await request.post()
        sid = f"1_{self.number()}"
        parent = request.match_info.get("post", "")
        post = self.post(sid, str(form.get("message", "")), parent)
        return await self.take(request, post, "", {"id": sid})

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """Delete a post or comment."""
        return self.drop(request.match_info["post"])


class Mailgun(Network):
    """An e-mail provider with an API, for anymail."""

    name = "mailgun"

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [web.post("/v3/{domain}/messages", self.create)]

    async def create(self, request: web.Request) -> web.StreamResponse:
        """Take a mail."""
        if not request.headers.get("Authorization", "").startswith("Basic "):
            return web.json_response({"message": "Forbidden"}, status=401)
        form = {name: str(value) for name, value in (await request.post()).items()}
        fault = self.office.dice.answer(f"mailgun {form.get('to', '')}")
        if self.office.setup.faults.down:
            fault = "unavailable"
        if fault not in ACCEPTED:
            self.office.note("refused", channel="email", to=self.name, answer=fault)
            return await self.fail(request, fault)
        mail = self._mail(form)
        self.office.take_mail(mail, fault)
        if fault:
            return await self.fail(request, fault.removeprefix("accepted_"))
        return web.json_response({"id": f"<{mail.sid}>", "message": "Queued."})

    def _mail(self, form: dict[str, str]) -> Mail:
        headers = {n[2:]: v for n, v in form.items() if n.startswith("h:")}
        return Mail(
            sid=self.number(),
            to=parseaddr(form.get("to", ""))[1],
            sender=form.get("from", ""),
            subject=form.get("subject", ""),
            body=form.get("text", ""),
            reference=headers.get("Message-Id", headers.get("Message-ID", ""))[1:37],
            at=self.office.now(),
            headers=headers,
        )


ALL = (Bluesky, X, Telegram, Facebook, Mailgun)
