"""`trader doctor` against models that answer, refuse, talk, and are not there."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.llm.conftest import call_of
from tests.llm.server import Reply, Server, in_thread, serving
from trader.agents.roster import roster
from trader.cli import main
from trader.commands.doctor import PROMPT_TOKENS, a_decision
from trader.llm.budget import Budget, Price
from trader.settings.llm import Role

FORM = json.dumps(
    {"kind": "verdict", "symbol": "TEST", "action": "approve", "factor": 1.0, "reason": "it is well"}
)
ASKING = ("news", "momentum", "quant", "risk", "sentiment", "value")
Run = Callable[..., tuple[int, dict[str, Any]]]


def served(*replies: Reply) -> AbstractContextManager[Server]:
    """A server in a thread: the command has an event loop of its own."""
    return in_thread(serving(*replies))


@pytest.fixture
def doctor(workspace: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command with a role at an address; its exit code and what it said of the model."""

    def run(
        api_base: str = "", timeout_s: float = 10.0, model: str = "openai/small", more: str = ""
    ) -> tuple[int, dict[str, Any]]:
        address = f"api_base = '{api_base}'\n" if api_base else ""
        if api_base or model != "openai/small":
            (workspace / "trader.toml").write_text(
                f"[llm.roles.fast]\nmodels = ['{model}']\n{address}timeout_s = {timeout_s}\n{more}"
            )
        code = main(["doctor", "--json"])
        checks = json.loads(capsys.readouterr().out)["checks"]
        return code, {check["name"]: check for check in checks}

    return run


def test_with_no_model_all_is_well_and_it_says_where_to_read_on(doctor: Run) -> None:
    code, checks = doctor()
    assert code == 0
    assert checks["language models"]["detail"] == "none are configured: every agent follows its rule"
    assert "docs/language-models.md" in checks["language models"]["mend"]


def test_a_model_that_fills_the_form_is_well(doctor: Run) -> None:
    with served(Reply(FORM)) as server:
        code, checks = doctor(server.api_base)
    check = checks["openai/small"]
    assert (code, check["ok"], check["mend"]) == (0, True, "")
    assert check["detail"].startswith("a form; 100 tokens in, 20 out, no price known, ")
    assert check["detail"].endswith("by its own JSON schema, and the schema in the prompt")
    assert (check["took"]["means"], check["took"]["priced"]) == ("both", False)
    assert len(server.requests) == 1


def test_what_a_model_costs_is_said_and_what_a_decision_would_at_worst(doctor: Run) -> None:
    with served(Reply(FORM, tokens=(1000, 100, 0))) as server:
        code, checks = doctor(server.api_base, model="openai/gpt-4o-mini")
    assert code == 0
    assert "0.00021 USD" in checks["openai/gpt-4o-mini"]["detail"]
    detail = checks["a decision"]["detail"]
    assert detail.startswith(
        "6 agents with a model (news, momentum, quant, risk, sentiment, value): at worst "
    )
    tokens = 6 * (PROMPT_TOKENS + 800)
    usd = 6 * (PROMPT_TOKENS * Decimal("1.5e-7") + 800 * Decimal("6e-7"))
    assert f"at worst {tokens:,} tokens and {usd.normalize():f} USD" in detail


def test_who_is_asked_several_times_is_counted_as_often(doctor: Run) -> None:
    with served(Reply(FORM)) as server:
        _, checks = doctor(server.api_base, more="[agents.value]\nsamples = 3\ntool_rounds = 1\n")
    assert f"at worst {(5 + 3 * 2) * (PROMPT_TOKENS + 800):,} tokens" in checks["a decision"]["detail"]


def test_a_model_that_one_agent_alone_names_is_asked_too(doctor: Run) -> None:
    more = "[agents.value]\nmodels = ['fast', 'openai/gpt-4o-mini']\n"
    with served(Reply(FORM)) as server:
        code, checks = doctor(server.api_base, more=more)
    assert code == 1
    assert "there is no key for openai" in checks["openai/gpt-4o-mini"]["detail"]


@pytest.mark.parametrize(
    ("budget", "told"),
    [("", "set per_decision_tokens in [llm.budget]"), ("per_decision_tokens = 60000", "bounds it")],
)
def test_a_price_that_nobody_knows_is_said(budget: str, told: str) -> None:
    call = call_of("https://models.example.com/v1", model="openai/small")
    bound = Budget(per_decision_tokens=60000 if budget else None)
    check = a_decision(
        roster(roles={"fast": Role(models=("openai/small",))}), [call], {call.model: Price()}, bound
    )
    assert check.ok
    assert "without openai/small" in check.detail
    assert check.mend.startswith("nobody knows the price of openai/small: a budget in USD counts it as 0")
    assert told in check.mend


CASES = [
    (Reply("I would love to!"), "no form: ", "a larger model may help"),
    (Reply("who are you", status=401), "who are you", "check the key of openai in .env"),
    (Reply("no such model", status=404), "no such model", "check the model's name and its api_base"),
    (Reply("quota", status=429), "quota", "lower [llm.limits.openai]"),
    (Reply("oops", status=500), "oops", "the server's own log may say more"),
    (Reply(FORM, delay_s=5.0), "no whole answer within 1 s", "raise timeout_s of its role above 1"),
    (
        Reply("This model's maximum context length is 64 tokens.", status=400),
        "maximum context length",
        "a longer context",
    ),
]


@pytest.mark.parametrize(("reply", "detail", "mend"), CASES, ids=[case[1] for case in CASES])
def test_what_is_not_well_is_said_with_how_to_mend_it(
    doctor: Run, reply: Reply, detail: str, mend: str
) -> None:
    with served(reply) as server:
        code, checks = doctor(server.api_base, timeout_s=1.0)
    check = checks["openai/small"]
    assert (code, check["ok"]) == (1, False)
    assert detail in check["detail"]
    assert mend in check["mend"]


def test_no_key_is_said_with_the_name_of_the_variable(doctor: Run) -> None:
    code, checks = doctor(model="anthropic/claude-haiku-4-5")
    check = checks["anthropic/claude-haiku-4-5"]
    assert code == 1
    assert check["detail"] == "there is no key for anthropic"
    assert check["mend"] == "put ANTHROPIC_API_KEY into .env"


@pytest.mark.parametrize(
    ("model", "address", "mend"),
    [
        ("openai/small", "/other", "ends in /v1 at most servers"),
        ("ollama/llama3.2", "", "`ollama pull llama3.2` fetches it"),
    ],
)
def test_a_model_that_a_server_does_not_know_is_looked_for(
    doctor: Run, model: str, address: str, mend: str
) -> None:
    with served(Reply("no such model", status=404)) as server:
        _, checks = doctor(server.api_base.removesuffix("/v1") + address, model=model)
    assert mend in checks[model]["mend"]


def test_a_model_without_json_is_asked_by_plainer_means_and_these_are_named(doctor: Run) -> None:
    refusal = Reply("response_format is not supported", status=400)
    with served(refusal, refusal, Reply(FORM)) as server:
        code, checks = doctor(server.api_base)
    assert code == 0
    assert "by the schema in the prompt alone" in checks["openai/small"]["detail"]


@pytest.mark.parametrize("budget", ["per_decision_tokens = 0", "per_day_usd = 0", "per_agent_usd = 0"])
def test_with_a_budget_of_zero_nothing_is_sent(doctor: Run, budget: str) -> None:
    with served(Reply(FORM)) as server:
        code, checks = doctor(server.api_base, model="openai/gpt-4o-mini", more=f"[llm.budget]\n{budget}\n")
    assert code == 1
    assert server.requests == []
    check = checks["openai/gpt-4o-mini"]
    assert check["detail"].startswith("not asked: the budget of ")
    assert "raise [llm.budget]" in check["mend"]


def test_a_budget_that_holds_one_call_and_no_decision_is_not_well(doctor: Run) -> None:
    with served(Reply(FORM)) as server:
        code, checks = doctor(server.api_base, more="[llm.budget]\nper_decision_tokens = 10000\n")
    assert (code, checks["openai/small"]["ok"], checks["a decision"]["ok"]) == (1, True, False)
    assert checks["a decision"]["mend"].startswith("the budget of a decision is 10000 tokens, and ")


def test_a_role_that_nobody_asks_is_found(doctor: Run) -> None:
    more = "[llm.roles.spare]\nmodels = ['openai/small']\n"
    off = "".join(f"[agents.{name}]\nmodel = 'none'\n" for name in ASKING)
    with served(Reply(FORM)) as server:
        code, checks = doctor(server.api_base, more=more + off)
    assert code == 1
    assert checks["a decision"]["detail"] == "no agent asks any of these models"


def test_a_server_that_is_not_there_is_named(doctor: Run) -> None:
    with served(Reply(FORM)) as server:
        pass
    code, checks = doctor(server.api_base)
    assert code == 1
    assert checks["openai/small"]["detail"] == f"no connection to {server.api_base}"
    assert checks["openai/small"]["mend"] == "is the server running?"


def test_a_key_of_the_dotenv_file_reaches_the_provider_and_no_screen(
    doctor: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "")  # taken back, with what the command lends, after the test
    monkeypatch.delenv("OPENAI_API_KEY")
    (workspace / ".env").write_text("OPENAI_API_KEY=sk-planted-0123456789\n")
    with served(Reply("wrong key sk-planted-0123456789", status=401)) as server:
        _, checks = doctor(server.api_base)
    assert server.headers[0]["authorization"] == "Bearer sk-planted-0123456789"
    assert "planted" not in json.dumps(checks)


def test_what_init_writes_is_well_and_fits_its_budget(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole of first use, up to the first run."""
    with served(Reply(FORM)) as server:
        arguments = ["--provider", "vllm", "--model", "small", "--api-base", server.api_base, "--yes"]
        assert main(["init", *arguments]) == 0
        assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "7 agents with a model (news, momentum, quant, risk, sentiment, value, executive)" in said
