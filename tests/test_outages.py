"""A database that is away comes back; a statement that is wrong stays so."""

import pytest
from django.db import DatabaseError, InternalError, OperationalError, connection
from django.db import transaction as transactions

from consular import outages
from consular.missions.models import Mission
from tests.meanwhile import only_reads


@pytest.mark.django_db(transaction=True)
def test_a_database_that_only_reads_is_away() -> None:
    with only_reads(), pytest.raises(DatabaseError) as refused:
        Mission.objects.create(name="Invented", place="Invented")
    assert outages.is_away(refused.value)


@pytest.mark.django_db
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite goes on")
def test_a_transaction_in_which_something_was_wrong_is_not_away() -> None:
    with transactions.atomic(), connection.cursor() as cursor:
        with pytest.raises(DatabaseError) as wrong:
            cursor.execute("SELECT nothing")
        with pytest.raises(InternalError) as aborted:
            cursor.execute("SELECT 1")
        transactions.set_rollback(True)
    assert not outages.is_away(wrong.value)
    assert not outages.is_away(aborted.value)


def test_a_server_that_dies_in_the_middle_of_a_statement_is_away() -> None:
    assert outages.is_away(DatabaseError("server closed the connection"))
    assert outages.is_away(OperationalError("could not connect"))
    assert not outages.is_away(ValueError("no database at all"))
