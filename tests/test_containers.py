"""What can be checked of the container files without a container engine."""

from pathlib import Path

import pytest
import yaml
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parent.parent
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_the_image_is_built_in_two_stages_and_does_not_run_as_root():
    lines = DOCKERFILE.splitlines()
    assert sum(line.startswith("FROM ") for line in lines) == 2
    assert [line for line in lines if line.startswith("USER ")] == ["USER muster"]
    assert "HEALTHCHECK" in DOCKERFILE
    assert "--require-hashes" in DOCKERFILE


def test_every_file_that_the_image_copies_is_there():
    assert (ROOT / "requirements/run.lock").exists()
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".git", ".venv", "var"} <= set(ignored)


def test_web_dispatch_queue_and_a_database_are_services():
    assert {"web", "dispatch", "queue", "database"} <= set(COMPOSE["services"])


@pytest.mark.parametrize("name", sorted(COMPOSE["services"]))
def test_each_service_runs_a_command_that_exists(name):
    words = COMPOSE["services"][name].get("command")
    if words is None:
        assert "image" in COMPOSE["services"][name]
        return
    assert words[:2] == ["python", "manage.py"]
    assert words[2] in get_commands()


def test_what_a_service_waits_for_and_mounts_is_declared():
    for service in COMPOSE["services"].values():
        assert set(service.get("depends_on", {})) <= set(COMPOSE["services"])
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in COMPOSE["volumes"]


def test_all_parts_share_one_data_folder_that_outlives_them():
    """Phrases, anchors and an exercise's own keys lie in it."""
    for name in ("migrate", "web", "dispatch", "queue"):
        assert "data:/data" in COMPOSE["services"][name]["volumes"]
