"""Books that differ in who is asked, and as whom."""

from pathlib import Path

import pytest

from trader.commands.backtest_plan import Flags, planned
from trader.commands.session import Session
from trader.domain.errors import UsageError
from trader.workspace import Workspace

ROLES = """
[llm.roles.fast]
models = ["openai/small"]
knowledge_cutoff = {day}
[llm.budget]
per_day_usd = 1.0
"""


def flags(*vary: str) -> Flags:
    return Flags(symbols=["IBM"], start="2012-03-02", end="2012-03-16", vary=vary)


def session(folder: Path, day: str = "2012-01-01") -> Session:
    Workspace(folder).config.write_text(ROLES.format(day=day), encoding="utf-8")
    return Session(folder)


def test_books_differ_in_model_and_persona_and_share_what_a_day_may_cost(tmp_path: Path) -> None:
    varied = ("llm.roles.fast.models=openai/small,openai/large", "agents.value.persona=contrarian,aggressive")
    plan, settings = planned(session(tmp_path), flags(*varied))
    asked = [(one.llm.roles["fast"].models, one.agents["value"]["persona"]) for one in settings]
    assert asked == [
        (("openai/small",), "contrarian"),
        (("openai/small",), "aggressive"),
        (("openai/large",), "contrarian"),
        (("openai/large",), "aggressive"),
    ]
    assert {
        one.llm.budget.per_day_usd * len(plan.books) for one in settings if one.llm.budget.per_day_usd
    } == {1}
    assert plan.books[3].label == "llm.roles.fast.models=openai/large, agents.value.persona=aggressive"


def test_a_persona_that_is_none_is_an_error_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nobody"):
        planned(session(tmp_path), flags("agents.value.persona=nobody"))


def test_what_is_known_about_a_model_names_no_other_backtest(tmp_path: Path) -> None:
    one, _ = planned(session(tmp_path), flags())
    other, _ = planned(session(tmp_path, "2013-01-01"), flags())
    assert one.id == other.id
