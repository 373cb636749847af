"""One agent: whom it is asked about, what it runs, and the forms it fills."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from tests.agents.conftest import make_case, opinions
from trader.agents.agent import NO_RULE, Agent
from trader.agents.case import Case
from trader.agents.policies import POLICIES
from trader.agents.policies.policy import ExecutivePolicy, Policy
from trader.domain.instruments import AssetClass, Instrument
from trader.domain.opinions import Abstention, Opinion, Verdict, VerdictAction
from trader.domain.reports import Evidence, Fact, Report
from trader.prompts.prompt import Prompt, Tier, ToolCall
from trader.tools.tool import ToolContext

EURUSD = Instrument(
    symbol="EUR/USD", venue="x", asset_class=AssetClass.FX, currency="USD",
    tick_size=Decimal("0.00001"), lot_size=Decimal(1), calendar="24/5",
)  # fmt: skip


def agent(tier: Tier = Tier.SENIOR, policy: Policy | ExecutivePolicy | None = None, **fields: Any) -> Agent:
    given = {
        "name": "carry", "tier": tier, "mandate": "Yield", "family": "carry", "body": "", "body_line": 5,
        "digest": "0" * 24, "text": "", "path": Path("carry.md"),
    }  # fmt: skip
    return Agent(Prompt.model_validate(given | fields), policy)


def tools(*names: str) -> tuple[ToolCall, ...]:
    return tuple(ToolCall(name=name) for name in names)


MOMENTUM = POLICIES[Tier.SENIOR]["momentum"]
EXECUTIVE = POLICIES[Tier.EXECUTIVE]["executive"]


def test_an_agent_is_asked_only_about_its_asset_classes():
    covers = agent(asset_classes=(AssetClass.FX, AssetClass.EQUITY))
    misses = agent(asset_classes=(AssetClass.EQUITY,))
    assert covers.consulted(EURUSD) is None
    assert misses.consulted(EURUSD) == "its mandate does not cover fx"


def test_an_agent_whose_tools_all_lack_their_data_is_not_asked():
    one = agent(tools=tools("news", "macro"))
    assert one.consulted(EURUSD, {"news": "no news.jsonl"}) is None
    assert one.consulted(EURUSD, {"news": "no news.jsonl", "macro": "no macro.csv"}) == (
        "news: no news.jsonl; macro: no macro.csv"
    )
    assert agent().consulted(EURUSD, {"news": "no news.jsonl"}) is None


@pytest.mark.parametrize(
    ("one", "source", "record"),
    [
        (agent(Tier.JUNIOR), "tools", ""),
        (agent(policy=MOMENTUM), "rule:momentum", "carry/rule:momentum"),
        (agent(), "none", "carry/none"),
        (agent(Tier.EXECUTIVE, EXECUTIVE), "rule:executive", "carry/rule:executive"),
    ],
)
def test_every_source_has_a_record_of_its_own(one: Agent, source: str, record: str):
    assert (one.source, one.record) == (source, record)


class Toolbox:
    """Answers with what it was asked."""

    def call(self, name: str, arguments: Mapping[str, Any], context: ToolContext) -> Evidence:
        return Evidence(tool=name, arguments=dict(arguments), result={"n": 1.0})


def test_what_its_rule_needs_is_run_besides_what_its_file_names():
    levels = ToolCall(name="levels", arguments={"bars": 100})
    one = agent(policy=POLICIES[Tier.SENIOR]["value"], tools=(levels, *tools("features")))
    gathered = one.gather(Toolbox(), cast(ToolContext, None))
    assert list(gathered) == ["levels", "features", "fundamentals"]
    assert gathered["levels"].arguments == {"bars": 100}


def evidence(tool: str, result: dict[str, Any] | None = None, error: str = "") -> Evidence:
    return Evidence(tool=tool, arguments={}, result=result, error=error)


def test_a_report_has_a_fact_for_every_value_and_a_sentence_for_what_is_missing():
    features = evidence(
        "features",
        {
            "bars": 300,
            "values": {"rsi_14": 55.5, "return_252": None},
            "closed_at": "2012-06-01",
            "odd": [1, 2],
        },
    )
    macro = evidence("macro", {"vix": None, "oil": 0.1, "missing": ["vix ended on 2010-01-04"]})
    account = evidence("account", {"open": True, "cash": "100.5"})
    one = agent(Tier.JUNIOR, tools=tools("features", "macro", "account", "news", "levels"))
    report = one.report(
        make_case(
            evidence={
                "levels": evidence("levels", error="needs 30 bars, has 2"),
                "macro": macro,
                "account": account,
                "features": features,
            }
        )
    )
    assert report == Report(
        agent="carry",
        facts=(
            Fact(name="features.bars", value=300.0, evidence=features.digest),
            Fact(name="features.closed_at", value="2012-06-01", evidence=features.digest),
            Fact(name="features.values.rsi_14", value=55.5, evidence=features.digest),
            Fact(name="macro.oil", value=0.1, evidence=macro.digest),
            Fact(name="account.cash", value="100.5", evidence=account.digest),
            Fact(name="account.open", value="yes", evidence=account.digest),
        ),
        missing=(
            "features: no value for values.return_252",
            "macro: vix ended on 2010-01-04",
            "news was not run",
            "levels: needs 30 bars, has 2",
        ),
        evidence=(features.digest, macro.digest, account.digest),
    )


def test_a_report_does_not_know_in_which_order_evidence_was_kept():
    """The journal keeps results with sorted keys: a replay reads them in another order than the run."""
    one = agent(Tier.JUNIOR, tools=tools("features", "macro"))
    run = {
        "features": evidence("features", {"b": 1.0, "a": 2.0}),
        "macro": evidence("macro", {"z": 1.0, "y": 2.0}),
    }
    replay = {
        "macro": evidence("macro", {"y": 2.0, "z": 1.0}),
        "features": evidence("features", {"a": 2.0, "b": 1.0}),
    }
    assert one.report(make_case(evidence=run)) == one.report(make_case(evidence=replay))


def test_with_no_model_and_no_rule_a_senior_abstains_and_says_so():
    assert agent().judge(make_case()) == Abstention(
        agent="carry", reason="no model is configured and it follows no rule"
    )


def test_a_senior_follows_its_rule_under_its_own_name():
    form = agent(policy=MOMENTUM).judge(make_case())
    assert isinstance(form, Opinion)
    assert form.agent == "carry"


def test_a_senior_all_of_whose_reports_are_empty_abstains():
    one = agent(policy=MOMENTUM, reads=("technicals", "news"))
    empty = {
        "technicals": Report(agent="technicals", missing=("features: no bars",)),
        "news": Report(agent="news", missing=("news: none",)),
    }
    assert one.judge(make_case(reports=empty)) == Abstention(
        agent="carry", reason="nothing to weigh (technicals: features: no bars; news: news: none)"
    )
    some = empty | {"news": Report(agent="news", facts=(Fact(name="n", value=1.0, evidence="e"),))}
    assert isinstance(one.judge(make_case(reports=some)), Opinion)


def broken(agent: str, case: Case) -> Any:
    raise ZeroDivisionError("division by zero")


def test_a_rule_that_breaks_is_an_abstention_and_not_a_failure_of_the_decision():
    one = agent(policy=Policy("broken", "", "", (), broken))
    assert one.judge(make_case()) == Abstention(
        agent="carry", reason="its rule broke: ZeroDivisionError: division by zero", failed=True
    )


def test_an_executive_whose_rule_breaks_lets_nothing_grow():
    one = agent(Tier.EXECUTIVE, ExecutivePolicy("broken", "", "", broken))
    said = one.rule(make_case())
    assert (said.action, said.factor) == (VerdictAction.VETO, 0.0)
    assert said.reason == "its rule broke: ZeroDivisionError: division by zero"


def test_an_executive_with_no_rule_holds_nothing_back():
    assert agent(Tier.EXECUTIVE).rule(make_case()) == Verdict(
        agent="carry", action=VerdictAction.APPROVE, reason=NO_RULE
    )


def test_an_executive_rules_on_the_opinions_of_its_case():
    said = agent(Tier.EXECUTIVE, EXECUTIVE).rule(make_case(opinions=opinions(a=0.6, b=0.48)))
    assert said.agent == "carry"
    assert said.action is VerdictAction.VETO


def test_a_case_gives_numbers_by_their_path_and_nothing_else():
    case = make_case({"features.values.rsi_14": 50, "features.name": "x", "news": "none"})
    assert case.number("features", "values", "rsi_14") == 50.0
    assert case.number("features", "values") is None
    assert case.number("features", "name", "deeper") is None
    assert case.number("news", "count") is None
    assert case.number("absent", "count") is None
    assert case.lack("absent", "count") == "absent was not run"
    assert case.digests("news", "absent") == (case.evidence["news"].digest,)
