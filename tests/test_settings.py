"""settings.py: a wrong setting is told at the start."""

import os
import pwd

import pytest
from pydantic import ValidationError

from headrace.settings import Settings

OWN = pwd.getpwuid(os.geteuid()).pw_name


@pytest.mark.parametrize("scripts", ["off", "as-service", OWN])
def test_scripts_are_off_or_run_by_the_service_or_by_a_user(scripts: str) -> None:
    assert Settings(scripts=scripts).scripts == scripts


def test_by_default_no_scripts_run() -> None:
    assert Settings().scripts == "off"


@pytest.mark.parametrize("scripts", ["on", "no such user", "as_service", "a\x00b"])
def test_a_user_who_does_not_exist_is_told(scripts: str) -> None:
    with pytest.raises(ValidationError, match="give off, as-service or the name of a user of this machine"):
        Settings(scripts=scripts)


def test_only_root_can_run_scripts_as_somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings(scripts=OWN).scripts == OWN
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(ValidationError, match="only a service that runs as root can run scripts as another user"):
        Settings(scripts=OWN)
