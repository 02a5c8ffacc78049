"""Run the simulated provider: its API, its mail server, its pages, its people."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import aiohttp
from aiohttp import web
from aiosmtpd.smtp import SMTP

from alerts.exercises.provider import networks
from alerts.exercises.provider.callbacks import TIMEOUT_S, Caller
from alerts.exercises.provider.calls import Calls
from alerts.exercises.provider.mail import Sink
from alerts.exercises.provider.mastodon import Mastodon
from alerts.exercises.provider.office import HOST, Office, Setup
from alerts.exercises.provider.pages import Pages
from alerts.exercises.provider.people import People
from alerts.exercises.provider.telnyx import Telnyx
from alerts.exercises.provider.twilio import Twilio

MOST_BYTES = 1_000_000
START_S = 10.0


@dataclass(frozen=True, kw_only=True)
class Running:
    """Where a provider listens."""

    url: str
    smtp_port: int


async def serve(
    setup: Setup, stopping: asyncio.Event, started: Callable[[Running], None]
) -> None:
    """Run a provider until an event is set; say where it listens once it does."""
    # aiosmtpd logs every address and every line of a mail.
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    office = Office(setup)
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
    )
    caller = Caller(office, session)
    people = People(office, caller, session)
    app = web.Application(client_max_size=MOST_BYTES)
    twilio = Twilio(office, caller, people.got_text)
    app.add_routes(twilio.routes())
    app.add_routes(Calls(office, caller, twilio, people.got_call).routes())
    app.add_routes(Telnyx(office, caller, people.got_text).routes())
    for network in networks.ALL:
        app.add_routes(network(office).routes())
    app.add_routes(Mastodon(office).routes())
    app.add_routes(Pages(office, caller).routes())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    loop = asyncio.get_running_loop()
    sink = partial(SMTP, Sink(office, people.got_mail), hostname="sink.example.org")
    mail = await loop.create_server(sink, HOST, setup.smtp_port)
    try:
        site = web.TCPSite(runner, HOST, setup.port, backlog=1024)
        await site.start()
        port = runner.addresses[0][1]
        smtp_port = mail.sockets[0].getsockname()[1]
        started(Running(url=f"http://{HOST}:{port}", smtp_port=smtp_port))
        await stopping.wait()
    finally:
        mail.close()
        await runner.cleanup()
        office.close()
        await session.close()


@contextlib.contextmanager
def running(setup: Setup) -> Iterator[Running]:
    """Run a provider in a thread, for as long as the block lasts (tests, bench).

    Raises
    ------
    RuntimeError
        When it does not start, because a port is taken, for example.
    """
    loop = asyncio.new_event_loop()
    stopping = asyncio.Event()
    ready = threading.Event()
    found: list[Running] = []

    def started(where: Running) -> None:
        found.append(where)
        ready.set()

    def work() -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(serve(setup, stopping, started))
        finally:
            ready.set()
            loop.close()

    thread = threading.Thread(target=work, name="provider", daemon=True)
    thread.start()
    ready.wait(START_S)
    if not found:
        raise RuntimeError("the simulated provider did not start")
    try:
        yield found[0]
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(START_S)
