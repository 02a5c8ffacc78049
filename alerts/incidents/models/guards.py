"""Rules of the tables that look at two rows, or at what a row was before.

A check constraint sees one row as it will be. That a correction is its alert's own,
that broken glass is real, and that what was approved stays as it was, needs a trigger:
the same conditions on both databases, refused as a constraint is.

SQLite drops a table's triggers when a migration makes it anew, and refuses to do so
while another's trigger names it: such a migration runs `lift` before and `lay` after.
"""

from typing import Any

ALERTS, GLASSES = "incidents_alert", "incidents_breakglass"
# What two people said yes to. Times and counts of its way, and its state, go on.
APPROVED = (
    "draft_id",
    "incident_id",
    "kind",
    "mode",
    "zones",
    "texts",
    "channels",
    "correction",
    "corrects_id",
    "corrected_by_id",
    "include",
    "fallback",
    "submitted_by_id",
    "approved_by_id",
    "glass_id",
    "approved_at",
    "not_after",
)
BROKEN = ("incident_id", "draft_id", "officer_id", "at", "people", "most")
_OF_ITS_ALERT = """NEW.corrects_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM incidents_alert was WHERE was.id = NEW.corrects_id
    AND was.corrects_id IS NULL AND was.settled_at IS NOT NULL
    AND was.opens_at IS NOT NULL AND was.mode = NEW.mode
    AND was.incident_id = NEW.incident_id AND was.draft_id = NEW.draft_id
    AND was.submitted_by_id = NEW.submitted_by_id
    AND was.approved_by_id = NEW.approved_by_id
    AND was.approved_at = NEW.approved_at AND was.correction = NEW.texts)"""
_OF_ITS_GLASS = """NEW.glass_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM incidents_breakglass glass WHERE glass.id = NEW.glass_id
    AND glass.incident_id = NEW.incident_id AND glass.draft_id = NEW.draft_id
    AND glass.officer_id = NEW.approved_by_id AND glass.at <= NEW.approved_at
    AND (glass.reviewed_at IS NULL OR glass.reviewed_at >= NEW.approved_at))"""


def _changed(columns: tuple[str, ...], differ: str) -> str:
    return " OR ".join(f"NEW.{column} {differ} OLD.{column}" for column in columns)


def _rules(differ: str) -> list[tuple[str, str, str, str]]:
    """Return table, name, moment and what is refused, for a database's own words."""
    live = "(OLD.mode = 'live' OR NEW.mode = 'live')"
    return [
        (ALERTS, "alert_corrects_its_own", "INSERT", _OF_ITS_ALERT),
        (ALERTS, "alert_glass_is_real", "INSERT", _OF_ITS_GLASS),
        (
            ALERTS,
            "alert_stays_as_approved",
            "UPDATE",
            f"{live} AND ({_changed(APPROVED, differ)})",
        ),
        (GLASSES, "break_glass_stays", "UPDATE", _changed(BROKEN, differ)),
    ]


def lay(editor: Any) -> None:
    """Write the rules into the database; what is there already is written anew."""
    lift(editor)
    is_sqlite = editor.connection.vendor == "sqlite"
    for table, name, moment, refused in _rules(
        "IS NOT" if is_sqlite else "IS DISTINCT FROM"
    ):
        if is_sqlite:
            editor.execute(
                f"CREATE TRIGGER {name} BEFORE {moment} ON {table} WHEN {refused} "
                f"BEGIN SELECT RAISE(ABORT, '{name}'); END"
            )
            continue
        editor.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {refused} THEN RAISE EXCEPTION '{name}' USING ERRCODE = "
            "'check_violation'; END IF; RETURN NEW; END $$"
        )
        editor.execute(
            f"CREATE TRIGGER {name} BEFORE {moment} ON {table} FOR EACH ROW "
            f"EXECUTE FUNCTION {name}()"
        )


def lift(editor: Any) -> None:
    """Take the rules away, for a migration that makes a table of theirs anew."""
    is_sqlite = editor.connection.vendor == "sqlite"
    for table, name, _, _ in _rules("IS"):
        on = "" if is_sqlite else f" ON {table}"
        editor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")
        if not is_sqlite:
            editor.execute(f"DROP FUNCTION IF EXISTS {name}()")
