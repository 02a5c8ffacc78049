"""What the keepers of accounts and rotas refuse, in words that say what to do."""


class StaffingError(ValueError):
    """Refuse a step, field by field; `errors` maps a field to its words."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors = errors
