"""What the decision room refuses, in words that say what to do next."""


class IncidentError(ValueError):
    """Refuse a step; the message is for the officer."""


class FieldsError(IncidentError):
    """Refuse what was typed, field by field; `errors` maps a field to its words."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors = errors


class ConflictError(IncidentError):
    """Say that somebody else was quicker: the row is no longer what was on screen."""


class ForbiddenError(IncidentError):
    """Say that this officer may not take this step, and who can."""
