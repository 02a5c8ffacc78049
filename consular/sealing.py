"""Encrypt what people wrote, find addresses without storing them, derive links.

Three keys come from one secret by HKDF: for fields, for the blind index, for links.
The first of `settings.SEALING_KEYS` writes; all of them read, so that a key can be
rotated while the service runs. The index and the links use `settings.INDEX_KEY`,
which stays. Neither is in the database or in its backups.
"""

import base64
import binascii
import functools
import hashlib
import hmac
import os
from collections.abc import Iterable
from typing import Any

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models

# Letters and digits that cannot be mistaken for one another when read aloud.
CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
NONCE_BYTES = 12
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
TOKEN_BYTES = 17  # 136 bits: 23 characters of base64url


class SealError(ValueError):
    """Say that a sealed value cannot be opened with the keys that are set."""


@functools.lru_cache(maxsize=32)
def _derived(secret: str, use: str) -> bytes:
    kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=use.encode())
    return kdf.derive(secret.encode())


@functools.lru_cache(maxsize=32)
def _key_id(secret: str) -> str:
    return hashlib.sha256(_derived(secret, "key id")).hexdigest()[:8]


@functools.lru_cache(maxsize=32)
def _cipher(secret: str) -> AESGCM:
    return AESGCM(_derived(secret, "fields"))


def seal(text: str) -> str:
    """Encrypt a text with the newest key (AES-256-GCM); an empty one stays empty."""
    if not text:
        return ""
    secret = settings.SEALING_KEYS[0]
    nonce = os.urandom(NONCE_BYTES)
    sealed = _cipher(secret).encrypt(nonce, text.encode(), None)
    return f"1.{_key_id(secret)}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"


def seal_all(texts: Iterable[str]) -> list[str]:
    """Encrypt many texts as `seal` does one; what is sealed already stays."""
    listed = list(texts)
    prefix, encrypt = newest_prefix(), _cipher(settings.SEALING_KEYS[0]).encrypt
    nonces = os.urandom(NONCE_BYTES * len(listed))
    sealed = []
    for number, text in enumerate(listed):
        if text and type(text) is not Sealed:
            nonce = nonces[NONCE_BYTES * number : NONCE_BYTES * (number + 1)]
            raw = nonce + encrypt(nonce, text.encode(), None)
            body = binascii.b2a_base64(raw, newline=False).translate(_URL_SAFE)
            text = prefix + body.decode("ascii")
        sealed.append(text)
    return sealed


def newest_prefix() -> str:
    """Return how every value begins that was sealed with the newest key."""
    return f"1.{_key_id(settings.SEALING_KEYS[0])}."


def prefixes() -> list[str]:
    """Return how values begin that can be opened, one for each key that is set."""
    return [f"1.{_key_id(secret)}." for secret in settings.SEALING_KEYS]


def unseal(sealed: str) -> str:
    """Decrypt what `seal` wrote with any of the keys that are set.

    Raises
    ------
    SealError
        When the key is not there, or the value was changed.
    """
    if not sealed:
        return ""
    try:
        _, key_id, body = sealed.split(".")
        data = base64.urlsafe_b64decode(body)
    except ValueError:
        raise SealError("a sealed value is damaged") from None
    for secret in settings.SEALING_KEYS:
        if _key_id(secret) == key_id:
            try:
                plain = _cipher(secret).decrypt(
                    data[:NONCE_BYTES], data[NONCE_BYTES:], None
                )
            except (InvalidTag, ValueError):
                raise SealError("a sealed value was changed") from None
            return plain.decode()
    raise SealError("the key of a sealed value is not set; add it to MUSTER_KEYS")


def _mac(use: str, text: str) -> bytes:
    key = _derived(settings.INDEX_KEY, use)
    return hmac.digest(key, text.encode(), "sha256")


def blind_index(kind: str, normalised: str) -> str:
    """Return the 128-bit key (32 hexadecimal digits) under which a value is found."""
    return _mac(f"index {kind}", normalised.lower()).hex()[:32]


def token(purpose: str, subject: str) -> str:
    """Derive the 136-bit token of a link for one purpose and one subject.

    The same purpose and subject give the same token, so that no token is stored;
    the database holds its `token_key` only.
    """
    raw = _mac(f"link {purpose}", subject)[:TOKEN_BYTES]
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def token_key(token: str) -> str:
    """Return the key (64 hexadecimal digits) under which a token's row is found."""
    return hashlib.sha256(token.encode()).hexdigest()


def token_keys(purpose: str, subjects: Iterable[str]) -> list[str]:
    """Return the `token_key` of the `token` that each of many subjects gets."""
    key = _derived(settings.INDEX_KEY, f"link {purpose}")
    keys = []
    for subject in subjects:
        raw = hmac.digest(key, subject.encode(), "sha256")[:TOKEN_BYTES]
        text = binascii.b2a_base64(raw, newline=False).translate(_URL_SAFE)
        keys.append(hashlib.sha256(text.rstrip(b"=")).hexdigest())
    return keys


def new_code(length: int = 4) -> str:
    """Make up a short code such as `7K2Q` for answers by SMS.

    It has a digit and a letter: no word is like it, no number, and no call for help.
    """
    return new_codes(1, length)[0]


def new_codes(count: int, length: int = 4) -> list[str]:
    """Make up many codes, each as `new_code` does; the same may come twice."""
    letters = np.frombuffer(CODE_LETTERS.encode(), np.uint8)
    found: list[str] = []
    while len(found) < count:
        drawn = np.frombuffer(os.urandom(2 * length * count), np.uint8)
        fair = drawn[drawn < 256 - 256 % len(letters)]  # all letters as often
        whole = fair[: len(fair) // length * length].reshape(-1, length)
        codes = letters[whole % len(letters)]
        is_digit = codes < ord("A")
        mixed = codes[is_digit.any(axis=1) & ~is_digit.all(axis=1)]
        found += mixed.view(f"S{length}").ravel().astype(str).tolist()
    return found[:count]


class Sealed(str):
    """A text that is sealed already, copied from one row to another unopened."""


class SealedTextField(models.TextField):  # type: ignore[type-arg]
    """A text that is encrypted on its way into the database; it cannot be searched."""

    def get_prep_value(self, value: Any) -> Any:
        """Seal a value before it is written."""
        return value if value is None or type(value) is Sealed else seal(str(value))

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Open a value after it was read."""
        return value if value is None else unseal(value)
