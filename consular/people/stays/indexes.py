"""An index from which a match reads all it needs, on both databases."""

from typing import Any

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement


class CoveringIndex(models.Index):
    """An index with included columns; on SQLite, which has none, they end its key.

    Django leaves the included columns out where a database does not know them, and a
    match would then look up the table's row for every entry of the index.
    """

    def create_sql(
        self,
        model: type[models.Model],
        schema_editor: BaseDatabaseSchemaEditor,
        using: str = "",
        **kwargs: Any,
    ) -> Statement:
        """Write the statement that makes the index."""
        if schema_editor.connection.features.supports_covering_indexes:
            return super().create_sql(model, schema_editor, using, **kwargs)
        wide = models.Index(
            fields=[*self.fields, *self.include],
            condition=self.condition,
            name=self.name,
        )
        return wide.create_sql(model, schema_editor, using, **kwargs)
