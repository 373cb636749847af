"""`trader run --model`: one model for everybody, in this run."""

import dataclasses

import pytest

from trader.commands.run import Flags
from trader.domain.errors import SettingsError
from trader.settings import load

NONE_GIVEN = dict.fromkeys(field.name for field in dataclasses.fields(Flags))


def flags(model: str | None) -> dict[str, object]:
    return Flags(**{**NONE_GIVEN, "mode": "paper", "new": False, "model": model}).settings()  # type: ignore[arg-type]


def test_a_model_is_the_role_of_everybody_and_its_source_is_the_flag():
    settings, sources = load(flags=flags("gemini/flash"))
    assert settings.llm.roles["everyone"].models == ("gemini/flash",)
    assert str(sources["llm.roles.everyone.models"]) == "flag --model"
    assert settings.llm.budget.deadline_s == 60.0


def test_the_model_of_this_machine_is_given_time():
    settings, sources = load(flags=flags("local-demo"))
    assert settings.llm.roles["everyone"].timeout_s == 120.0
    assert settings.llm.budget.deadline_s == 600.0
    assert str(sources["llm.budget.deadline_s"]) == "flag --model"


def test_without_the_flag_there_is_no_such_role_and_books_keep_their_names():
    assert load(flags=flags(None))[0] == load()[0]


def test_a_model_without_a_name_is_wrong_use():
    with pytest.raises(SettingsError, match=r"^flag --model: "):
        load(flags=flags(""))
