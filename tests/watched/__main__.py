"""Start a demo of its own, watch one of the walks, print what was seen."""

import json
import os
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests import chromium
from tests.flows import demos
from tests.scratch import Scratch
from tests.watched import answers, send

WALKS = {"send": send, "answers": answers}
FILLED_WITHIN_S = 900


def main() -> int:
    """Watch one walk."""
    parser = ArgumentParser(prog="python -m tests.watched")
    parser.add_argument("walk", choices=WALKS)
    parser.add_argument("--registrations", type=int)
    parser.add_argument("--rate", type=int, help="text parts a second")
    parser.add_argument("--speed", type=float, default=6.0)
    parser.add_argument("--faults", help="JSON; see provider/faults.py")
    parser.add_argument("--shots", type=Path, required=True)
    options = parser.parse_args()
    options.shots.mkdir(parents=True, exist_ok=True)
    walk: Any = WALKS[options.walk]
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with tempfile.TemporaryDirectory(prefix="muster-watched-") as place:
        os.environ["MUSTER_DATA_DIR"] = place
        os.environ["SIMULATED_SMS_RATE"] = str(options.rate or walk.RATE)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consular.settings")
        import django  # noqa: PLC0415 - the folder must be known before

        django.setup()
        said = _watched(walk, Path(place), options)
    print(json.dumps(said, indent=1))
    return 1 if said["wrong"] else 0


def _watched(walk: Any, folder: Path, options: Any) -> dict[str, Any]:
    faults = options.faults or json.dumps(walk.FAULTS)
    words = [f"--speed={options.speed}", f"--faults={faults}", "--port=0"]
    words += [f"--registrations={options.registrations or walk.REGISTRATIONS}"]
    room = Scratch(dict(os.environ))
    with (
        demos.playing(folder, room, *words, longest_s=FILLED_WITHIN_S) as demo,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=chromium.find(), args=chromium.ARGUMENTS
        )
        said: dict[str, Any] = walk.walked(browser, demo, options.shots)
        return said


if __name__ == "__main__":
    sys.exit(main())
