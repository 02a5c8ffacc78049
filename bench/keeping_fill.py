"""Load invented registrations for `bench.keeping` into the environment's database."""

import sys

import django

django.setup()

from django.utils import timezone  # noqa: E402 - after set-up

from alerts.exercises.population import Population  # noqa: E402
from consular.people.stays import loading  # noqa: E402

if __name__ == "__main__":
    now = timezone.now()
    parties = Population(int(sys.argv[1]), now.date(), 7).parties()
    loading.load((party.entry for party in parties), now, confirmed=True)
