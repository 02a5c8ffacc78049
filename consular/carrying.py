"""Name the tables that a backup carries, and write their values as JSON holds them."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models

from consular import sealing

# What a new installation makes by itself, or what is over with the old machine.
LEFT_OUT = {
    "admin",
    "auth",
    "axes",
    "contenttypes",
    "django_q",
    "sessions",
    "messages",
    "staticfiles",
}


@dataclass(frozen=True)
class Table:
    """A table as it is carried: its model and its fields."""

    model: type[models.Model]

    @property
    def name(self) -> str:
        """The name of the table."""
        return str(self.model._meta.db_table)  # noqa: SLF001 - Django documents it

    @property
    def fields(self) -> list["models.Field[Any, Any]"]:
        """Its columns."""
        return list(self.model._meta.concrete_fields)  # noqa: SLF001

    @property
    def names(self) -> set[str]:
        """The tables whose rows its rows name."""
        related = [field.related_model for field in self.fields]
        return {str(model._meta.db_table) for model in related if model}  # noqa: SLF001

    @property
    def key(self) -> str:
        """The column of its primary key."""
        return str(self.model._meta.pk.column)  # noqa: SLF001


def tables() -> list[Table]:
    """Return every table that is carried, in a fixed order: first what others name.

    Some rules of a table look at the rows of one before it.
    """
    kept = [
        Table(model)
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed  # noqa: SLF001
        and model._meta.app_label not in LEFT_OUT  # noqa: SLF001
        and not model.__name__.endswith("_user_permissions")
        and not model.__name__.endswith("_groups")
    ]
    waiting = sorted(kept, key=lambda table: table.name)
    ordered: list[Table] = []
    while waiting:
        left = {table.name for table in waiting}
        ready = [table for table in waiting if not table.names & (left - {table.name})]
        ordered += ready or waiting[:1]  # a ring begins with its first
        waiting = [table for table in waiting if table not in ordered]
    return ordered


def _moment(value: Any) -> str:
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return str(at.astimezone(UTC).isoformat())


# The two databases give these kinds of values in different ways.
_PLAIN: dict[str, Callable[[Any], Any]] = {
    "BooleanField": bool,
    "DateTimeField": _moment,
    "DateField": lambda value: str(value)[:10],
    "UUIDField": lambda value: UUID(str(value)).hex,
    "JSONField": lambda v: json.loads(v) if isinstance(v, str | bytes) else v,
    "BinaryField": lambda value: base64.b64encode(bytes(value)).decode(),
    "FloatField": float,
}
_BACK: dict[str, Callable[[Any], Any]] = {
    "DateTimeField": datetime.fromisoformat,
    "DateField": date.fromisoformat,
    "UUIDField": UUID,
    "BinaryField": base64.b64decode,
    "TextField": sealing.Sealed,  # what is sealed stays as it is
}


def plain(kind: str, value: Any) -> Any:
    """Return a value as JSON holds it, the same from both databases."""
    if value is None or kind not in _PLAIN:
        return value
    return _PLAIN[kind](value)


def back(kind: str, value: Any) -> Any:
    """Return a value as a model's field takes it."""
    if value is None or kind not in _BACK:
        return value
    return _BACK[kind](value)
