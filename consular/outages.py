"""Tell a database that is away from a statement that is wrong.

What is away comes back, and whoever asked tries again; what is wrong stays so.
"""

from django.db import DatabaseError, InterfaceError, InternalError, OperationalError

READ_ONLY = "25006"  # PostgreSQL's code, while another server takes its place


def is_away(error: BaseException) -> bool:
    """Tell whether an error passes by itself.

    A server that dies in the middle of a statement is a plain `DatabaseError`. An
    `InternalError` is one that only reads for a while, or a transaction in which
    something was wrong before.

    References
    ----------
    https://www.postgresql.org/docs/current/errcodes-appendix.html
    """
    if isinstance(error, InternalError):
        return getattr(error.__cause__, "pgcode", "") == READ_ONLY
    is_lost = isinstance(error, OperationalError | InterfaceError)
    return is_lost or type(error) is DatabaseError
