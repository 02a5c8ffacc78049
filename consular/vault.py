"""Write and read one encrypted file, piece by piece, so that its size does not matter.

The key of a file comes from a secret and the file's own salt (HKDF). Each piece is
compressed and sealed (AES-256-GCM) with its number and whether it is the last: a file
that was cut, or whose pieces were moved, does not open.
"""

import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"MUSTER-VAULT-1\n"
SALT_BYTES = 32
PIECE_BYTES = 1 << 20
_LENGTH = struct.Struct(">I")
LONGEST = 1 << 24


class VaultError(ValueError):
    """Say why a file does not open, and what to do."""


def _cipher(secret: str, salt: bytes) -> AESGCM:
    kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=b"muster vault")
    return AESGCM(kdf.derive(secret.encode()))


def _label(number: int, is_last: bool) -> bytes:
    return number.to_bytes(8, "big") + bytes([is_last])


def write(target: BinaryIO, lines: Iterable[bytes], secret: str) -> None:
    """Write lines, each without its end, to an encrypted file."""
    salt = os.urandom(SALT_BYTES)
    cipher = _cipher(secret, salt)
    target.write(MAGIC + salt)
    number, waiting = 0, bytearray()
    for line in lines:
        waiting += line + b"\n"
        if len(waiting) >= PIECE_BYTES:
            _put(target, cipher, number, bytes(waiting), is_last=False)
            number, waiting = number + 1, bytearray()
    _put(target, cipher, number, bytes(waiting), is_last=True)


def _put(
    target: BinaryIO, cipher: AESGCM, number: int, plain: bytes, *, is_last: bool
) -> None:
    # A key seals one file, so a piece's number is a nonce that never comes twice.
    nonce = number.to_bytes(12, "big")
    sealed = cipher.encrypt(nonce, zlib.compress(plain, 1), _label(number, is_last))
    target.write(bytes([is_last]) + _LENGTH.pack(len(sealed)) + sealed)


def read(source: BinaryIO, secret: str) -> Iterator[bytes]:
    """Yield the lines of an encrypted file.

    Raises
    ------
    VaultError
        When it is none, was changed or cut, or the secret is another one.
    """
    if source.read(len(MAGIC)) != MAGIC:
        raise VaultError("this is not a backup of Muster")
    cipher = _cipher(secret, source.read(SALT_BYTES))
    number, is_last = 0, False
    while not is_last:
        head = source.read(1 + _LENGTH.size)
        if len(head) < 1 + _LENGTH.size:
            raise VaultError("the file is cut off: fetch it again")
        is_last, (length,) = bool(head[0]), _LENGTH.unpack(head[1:])
        if length > LONGEST:
            raise VaultError("the file is damaged: fetch it again")
        try:
            plain = cipher.decrypt(
                number.to_bytes(12, "big"), source.read(length), _label(number, is_last)
            )
        except InvalidTag:
            raise VaultError(
                "it does not open: another MUSTER_BACKUP_KEY, or the file was changed"
            ) from None
        yield from zlib.decompress(plain).splitlines()
        number += 1
