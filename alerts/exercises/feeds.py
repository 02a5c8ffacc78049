"""Serve the recorded feeds on this machine, with ETag and 304 as the real ones have."""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

from aiohttp import web

from alerts.exercises.recording import Recording

HOST = "127.0.0.1"
USGS_PATH = "/usgs/all_week.geojson"
GDACS_PATH = "/gdacs/rss.xml"


class Feeds:
    """Answer the feeds' addresses; `clock` is another machine's, so it is its own."""

    def __init__(
        self,
        recording: Recording,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.recording = recording
        self.clock = clock

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [web.get(USGS_PATH, self.usgs), web.get(GDACS_PATH, self.gdacs)]

    async def usgs(self, request: web.Request) -> web.Response:
        """Serve the earthquakes of the past week."""
        body = self.recording.usgs(self.clock())
        return self._answer(request, body, "application/json")

    async def gdacs(self, request: web.Request) -> web.Response:
        """Serve the feed that was made."""
        body = self.recording.gdacs(self.clock())
        return self._answer(request, body, "application/rss+xml")

    def _answer(self, request: web.Request, body: bytes, kind: str) -> web.Response:
        etag = '"' + hashlib.sha256(body).hexdigest()[:32] + '"'
        headers = {"ETag": etag, "X-Muster-Recorded": self.recording.note}
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, content_type=kind, headers=headers)


async def serve(
    recording: Recording,
    port: int,
    stopping: asyncio.Event,
    started: Callable[[str], None],
) -> None:
    """Serve until an event is set; say the address once it answers."""
    app = web.Application()
    app.add_routes(Feeds(recording).routes())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port).start()
        started(f"http://{HOST}:{runner.addresses[0][1]}")
        await stopping.wait()
    finally:
        await runner.cleanup()
