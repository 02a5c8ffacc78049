"""Something that happens on another connection while a test goes on."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction


def meanwhile(work: Callable[[], Any]) -> threading.Thread:
    """Do something in another thread, on a connection of its own."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def until(sql: str) -> None:
    """Ask the database until it finds something."""
    pause = threading.Event()
    for _ in range(400):
        with connection.cursor() as cursor:
            cursor.execute(sql)
            if cursor.fetchall():
                return
        pause.wait(0.05)
    raise AssertionError(f"never: {sql}")


def until_one_waits() -> None:
    """Wait until a transaction waits for another's lock."""
    until("SELECT 1 FROM pg_locks WHERE NOT granted")


@contextmanager
def only_reads() -> Iterator[None]:
    """Let the database refuse to write, as while another one takes its place.

    Outside a transaction alone: PostgreSQL asks when one begins.
    """
    said = "SET default_transaction_read_only = {}"
    if connection.vendor == "sqlite":
        said = "PRAGMA query_only = {}"
    with connection.cursor() as cursor:
        cursor.execute(said.format("on"))
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(said.format("off"))


class Uncommitted:
    """Work done in a transaction on another connection, which commits when told to."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._done, self._may_commit = threading.Event(), threading.Event()
        self._work = work
        self._thread = meanwhile(self._run)
        assert self._done.wait(20), "the other transaction did not do its work"

    def _run(self) -> None:
        with transaction.atomic():
            self.result = self._work()
            self._done.set()
            self._may_commit.wait(20)

    def commit(self) -> None:
        """Let it commit, and wait until it has."""
        self._may_commit.set()
        self._thread.join()


class Before:
    """Do something once, just before a statement that holds some words."""

    def __init__(self, words: str, act: Callable[[], Any]) -> None:
        self.words = words
        self.act: Callable[[], Any] | None = act

    def __call__(
        self, execute: Any, sql: str, params: Any, many: Any, context: Any
    ) -> Any:
        """Pass a statement on, as a wrapper of Django's connections does."""
        if self.act and self.words in sql:
            act, self.act = self.act, None
            act()
        return execute(sql, params, many, context)
