"""Ask the database the same question many times, and make its SQL once.

Django turns a query into SQL each time it is asked, and that takes several times as
long as asking. It is what a tap on a personal link costs most, and thousands of people
tap within minutes. What is asked stays written as a query; the values are put in later.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from django.db import connection, models
from django.db.models import QuerySet

Value = str | int | Sequence[int]
LONGEST = 16  # of a list whose SQL is kept; a longer one is asked as Django does
_FIRST_MARK = -9_000_000_000_000_000
Row = tuple[Any, ...]
Kept = TypeVar("Kept", bound=models.Model)


@dataclass(frozen=True)
class _Made:
    """A query's SQL, where each value goes, and what a column needs when it is read.

    `places` holds for each parameter the number of the value that stands there, or
    none and the parameter itself.
    """

    sql: str
    places: list[tuple[int | None, Any]]
    converters: list[tuple[int, list[Callable[..., Any]], Any]]


class Compiled:
    """A query whose SQL is made once for each length of the lists it is given.

    Parameters
    ----------
    build : callable
        Makes the query, one that ends in `values_list`, from its values. Each value
        must stand in it as it is: an exact text or number, or a list of numbers after
        `__in`; never a number that stands for a relation's small integer.

    Raises
    ------
    ValueError
        When the SQL does not hold each of the values once or more.

    Notes
    -----
    The expressions come from `SQLCompiler.select` and its converters, which Django does
    not document. The tests ask each question both ways on both databases.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Any]]) -> None:
        self.build = build
        self._made: dict[tuple[Any, ...], _Made] = {}

    def ask(self, *values: Value) -> list[Row]:
        """Return the rows for some values; an empty list among them has none."""
        lengths = tuple(_length(value) for value in values)
        if 0 in lengths:
            return []
        if max(lengths, default=1) > LONGEST:
            return list(self.build(*values))
        key = (connection.vendor, *lengths, *map(type, values))
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = _make(self.build, values)
        given = list(_flat(values))
        with connection.cursor() as cursor:
            cursor.execute(
                made.sql,
                [other if at is None else given[at] for at, other in made.places],
            )
            rows: list[Row] = cursor.fetchall()
        return [_read(row, made) for row in rows] if made.converters else rows


def _length(value: Value) -> int:
    return 1 if isinstance(value, str | int) else len(value)


def _flat(values: Sequence[Value]) -> Iterator[str | int]:
    for value in values:
        if isinstance(value, str | int):
            yield value
        else:
            yield from value


def _make(build: Callable[..., QuerySet[Any, Any]], values: Sequence[Value]) -> _Made:
    """Make the SQL with marks in it that nothing else is, and find them again."""
    marks: list[str | int] = []

    def mark(value: str | int) -> str | int:
        number = _FIRST_MARK - len(marks)
        marks.append(f"\x01{number}" if isinstance(value, str) else number)
        return marks[-1]

    marked = [
        mark(value) if isinstance(value, str | int) else [mark(each) for each in value]
        for value in values
    ]
    compiler = build(*marked).query.get_compiler(connection=connection)
    sql, parameters = compiler.as_sql()
    places: list[tuple[int | None, Any]] = [
        (marks.index(each), None) if each in marks else (None, each)
        for each in parameters
    ]
    if {at for at, _ in places if at is not None} != set(range(len(marks))):
        raise ValueError("a value is not in the SQL as it is")
    expressions = [expression for expression, *_ in compiler.select]
    converters = [
        (at, functions, expression)
        for at, (functions, expression) in compiler.get_converters(expressions).items()
    ]
    return _Made(sql, places, converters)


def _read(row: Row, made: _Made) -> Row:
    read = list(row)
    for at, functions, expression in made.converters:
        for convert in functions:
            read[at] = convert(read[at], expression, connection)
    return tuple(read)


def instance(model: type[Kept], **values: Any) -> Kept:
    """Return a row of which these fields were read; the others are read when needed.

    A relation goes by its column (`person_id`).
    """
    fields = [f for f in _fields(model) if f.attname in values]
    if len(fields) != len(values):
        raise ValueError("not all of these are fields")
    names = [field.attname for field in fields]
    return model.from_db(connection.alias, names, [values[name] for name in names])


@cache
def _fields(model: type[models.Model]) -> tuple[Any, ...]:
    return tuple(model._meta.concrete_fields)  # noqa: SLF001 - Django documents it
