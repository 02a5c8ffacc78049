"""Let made-up shapes take their time on a busy machine."""

from hypothesis import settings

settings.register_profile("steady", deadline=None, max_examples=60)
settings.load_profile("steady")
