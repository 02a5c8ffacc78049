"""A backup opens with its key, whole, or not at all."""

import io

import pytest

from consular import vault

LINES = [b"one", b"", "zwölf".encode(), b"x" * 3_000_000]


def packed(secret: str = "secret") -> bytes:
    target = io.BytesIO()
    vault.write(target, LINES, secret)
    return target.getvalue()


def opened(data: bytes, secret: str = "secret") -> list[bytes]:
    return list(vault.read(io.BytesIO(data), secret))


def test_what_was_written_is_read() -> None:
    assert opened(packed()) == LINES
    empty = io.BytesIO()
    vault.write(empty, [], "secret")
    assert opened(empty.getvalue()) == []


def test_the_same_twice_looks_different() -> None:
    assert packed() != packed()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data[:-1], "another MUSTER_BACKUP_KEY|cut off"),
        (lambda data: data[: len(data) // 2], "MUSTER_BACKUP_KEY|cut off"),
        (lambda data: data[:60] + b"!" + data[61:], "MUSTER_BACKUP_KEY|damaged"),
        (lambda data: b"PK" + data, "not a backup"),
        (lambda data: data[:-1] + bytes([data[-1] ^ 1]), "MUSTER_BACKUP_KEY"),
    ],
)
def test_a_changed_file_does_not_open(change, words: str) -> None:
    with pytest.raises(vault.VaultError, match=words):
        opened(change(packed()))


def test_another_key_opens_nothing() -> None:
    with pytest.raises(vault.VaultError, match="another MUSTER_BACKUP_KEY"):
        opened(packed(), "other")
