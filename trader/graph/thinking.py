"""The nodes of `decide`. Each records its step as it happens; what breaks is an abstention with its cause."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Protocol

from langgraph.runtime import Runtime

from trader.agents.agent import Agent
from trader.agents.case import Case as AgentCase
from trader.agents.speaking import Spoken, broken, by_rule
from trader.domain.errors import JournalError, NoModelAnswers
from trader.domain.ids import DecisionId, decision_id
from trader.domain.instruments import Instrument
from trader.domain.lessons import Rule
from trader.domain.opinions import Abstention, Opinion, Verdict
from trader.domain.portfolio import Account
from trader.domain.reports import Evidence, Report
from trader.domain.trades import MarketState
from trader.domain.value import Value
from trader.graph.consensus import Question, Worth, conclude, undecided
from trader.graph.state import Case, Desk
from trader.graph.turn import Turn
from trader.graph.validating import heard
from trader.journal.records import FORMS, DecisionMade, Form, Step
from trader.memory.experience import facts_of
from trader.memory.rules import MEMORY, RECORD, remembered
from trader.tools.tool import ToolContext
from trader.tools.validator import NAME as VALIDATOR

Update = dict[str, object]


class Node(Protocol):
    """What the graph calls with a case."""

    def __call__(self, state: Case, *, runtime: Runtime[Desk]) -> Awaitable[Update]:
        """The update of the state, and nothing else of it."""
        ...


STAGES = {"brief": 0, "junior": 1, "senior": 2, "executive": 3}
FORM_OF: Mapping[type[Value], Form] = {kind: form for form, kind in FORMS.items()}


async def brief(state: Case, runtime: Runtime[Desk]) -> Update:
    """Who is asked: those whose mandate covers the instrument; seniors first, where there are too many."""
    desk = runtime.context
    instrument = desk.market.instruments[state["symbol"]]
    passed_over = {agent.name: agent.consulted(instrument) for agent in desk.agents}
    covering = [agent for agent in desk.agents if passed_over[agent.name] is None]
    for agent in sorted(covering, key=lambda one: -one.tier.rank)[desk.max_consulted :]:
        passed_over[agent.name] = f"no more than {desk.max_consulted} agents are consulted"
    asked = tuple(name for name, reason in passed_over.items() if reason is None)
    body: dict[str, object] = {
        "consulted": list(asked),
        "not_consulted": {name: reason for name, reason in passed_over.items() if reason is not None},
    }
    chief = next(agent for agent in desk.agents if agent.tier == "executive")
    _record(desk, state, chief, "brief", body, stage=STAGES["brief"], named="brief")
    update: Update = {"consulted": asked}
    return update if desk.models is None else {**update, "until": desk.models.due()}


def consulted(agents: Sequence[Agent], otherwise: str) -> Callable[[Case], list[str]]:
    """A router: those of `agents` that the brief asked, or the node that comes after them all."""
    names = [agent.name for agent in agents]

    def route(state: Case) -> list[str]:
        return [name for name in names if name in state["consulted"]] or [otherwise]

    return route


async def reports_are_in(state: Case, runtime: Runtime[Desk]) -> Update:
    """Where juniors join, and memory speaks, if a rule holds here. Without one there is nothing to do."""
    desk, rules = runtime.context, _rules(state)
    known = state["learned"].of_symbol(state["symbol"])
    if not rules or known is None:
        return {}
    opinion = remembered(rules, known.base_rate)
    filed = Step(
        decision=case_decision(state, desk),
        round=state["round"],
        book=desk.book.id,
        as_of=state["as_of"],
        symbol=state["symbol"],
        stage=STAGES["senior"],
        agent=MEMORY,
        tier="senior",
        form="opinion",
        body=opinion.model_dump(mode="json"),
        source="rules",
        record=RECORD,
    )
    desk.recorder.append(filed)
    return {"forms": {MEMORY: opinion}, "records": {MEMORY: RECORD}}


def _rules(state: Case) -> tuple[Rule, ...]:
    """The rules that hold in the case."""
    lessons, conditions = state["learned"].lessons, state.get("conditions")
    return () if lessons is None or conditions is None else lessons.holding(facts_of(conditions))


def speaks(agent: Agent) -> Node:
    """A node that runs the agent's tools and has it file its form: a report, an opinion or a verdict."""

    async def node(state: Case, *, runtime: Runtime[Desk]) -> Update:
        desk = runtime.context
        began = desk.clock.monotonic()

        def file(spoken: Spoken, evidence: Mapping[str, Evidence]) -> None:
            form, ms = spoken.form, (desk.clock.monotonic() - began) * 1000.0
            _record(desk, state, agent, FORM_OF[type(form)], form, spoken=spoken, evidence=evidence, ms=ms)

        try:
            context = tool_context(state, desk)
            evidence = agent.gather(desk.toolbox, context) | agent.recollect(desk.toolbox, context)
            spoken = await _spoken(agent, state, desk, evidence)
            file(spoken, evidence)
        except (JournalError, NoModelAnswers):
            raise
        except Exception as error:  # one agent's trouble is not the decision's
            spoken = broken(agent, f"broke: {type(error).__name__}: {error}")
            file(spoken, {})
        form = spoken.form
        if isinstance(form, Verdict):
            return {"verdict": form}
        if isinstance(form, Report):
            return {"reports": {agent.name: form}}
        return {"forms": {agent.name: form}, "records": {agent.name: spoken.record}}

    return node


async def _spoken(agent: Agent, state: Case, desk: Desk, evidence: Mapping[str, Evidence]) -> Spoken:
    """The agent's form: its model's where one is asked, else its rule's."""
    case = agent_case(state, desk, evidence)
    if desk.models is None:
        return by_rule(agent, case)

    def use(name: str, arguments: Mapping[str, Any]) -> Evidence:
        return desk.toolbox.call(name, arguments, tool_context(state, desk))

    turn = _turn(state, desk, agent)
    return await desk.models.ask(agent, case, turn, state["until"], desk.recorder, use)


async def consensus(state: Case, runtime: Runtime[Desk]) -> Update:
    """Pool, size and decide. A failure is `undecided`; only an unwritable journal stops the round."""
    desk = runtime.context
    asked = replace(question(state, desk), worth=_validated(state, desk))
    try:
        decision = conclude(asked, desk.thresholds)
    except JournalError:
        raise
    except Exception as error:
        held = float(asked.account.weight(asked.symbol))
        decision = undecided(asked, held, f"consensus broke: {type(error).__name__}: {error}")
    desk.recorder.append(DecisionMade(decision=decision))
    return {"decisions": {decision.symbol: decision}}


def _validated(state: Case, desk: Desk) -> Worth | None:
    """What the validator says of the signal, written down as a step; None where it says nothing."""
    said = heard(desk.validator, lambda: desk.toolbox.call(VALIDATOR, {}, tool_context(state, desk)))
    if said is None:
        return None
    worth, report, evidence = said
    desk.recorder.append(
        Step(
            decision=case_decision(state, desk),
            round=state["round"],
            book=desk.book.id,
            as_of=state["as_of"],
            symbol=state["symbol"],
            stage=STAGES["executive"],
            agent=report.agent,
            tier="junior",
            form="report",
            body=report.model_dump(mode="json"),
            evidence=(desk.recorder.put(evidence),),
            source="tools",
        )
    )
    return worth


def question(state: Case, desk: Desk) -> Question:
    """Everything that consensus may use, sorted, so that it cannot tell who answered first."""
    symbol, account = state["symbol"], state["account"]
    forms = sorted(state.get("forms", {}).items())
    opinions = tuple(form for _, form in forms if isinstance(form, Opinion))
    price, instrument = account.marks.get(symbol), desk.market.instruments[symbol]
    return Question(
        book=desk.book.id,
        round=state["round"],
        as_of=state["as_of"],
        symbol=symbol,
        horizon=desk.book.horizon,
        price=price,
        opinions=opinions,
        silent={name: form.reason for name, form in forms if isinstance(form, Abstention)},
        records={agent.name: agent.record for agent in desk.agents} | state.get("records", {}),
        verdict=state.get("verdict"),
        account=account,
        learned=state["learned"],
        cost=desk.costs.round_trip(instrument),
        lot=_lot(instrument, price, account),
        conditions=state.get("conditions", MarketState()),
        fallback_stop=_fallback_stop(state.get("reports", {}), price, desk.stop_atr),
    )


def _lot(instrument: Instrument, price: Decimal | None, account: Account) -> float:
    """What one lot is of the equity; 0 where that is unknown."""
    if price is None or account.equity <= 0:
        return 0.0
    return float(price * account.multiplier(instrument.symbol) * instrument.lot_size / account.equity)


def _fallback_stop(reports: dict[str, Report], price: Decimal | None, ranges: float) -> Decimal | None:
    """Some average true ranges below the price, where a report has the range."""
    facts = (fact for report in reports.values() for fact in report.facts if fact.name.endswith(".atr_14"))
    fact = next(facts, None)
    if price is None or fact is None or not isinstance(fact.value, float):
        return None
    stop = price - Decimal(repr(ranges * fact.value))
    return stop if stop > 0 else None


def tool_context(state: Case, desk: Desk) -> ToolContext:
    """What a tool may see of this case."""
    return ToolContext(
        view=desk.market.view(state["as_of"]),
        symbol=state["symbol"],
        horizon=desk.book.horizon,
        account=state["account"],
        forecaster=desk.forecaster,
        costs=desk.costs.round_trip(desk.market.instruments[state["symbol"]]),
        memory=desk.memory,
    )


def agent_case(state: Case, desk: Desk, evidence: Mapping[str, Evidence]) -> AgentCase:
    """What an agent may look at."""
    symbol = state["symbol"]
    known = state["learned"].of_symbol(symbol)
    return AgentCase(
        symbol=symbol,
        as_of=state["as_of"],
        horizon=desk.book.horizon,
        asset_class=desk.market.instruments[symbol].asset_class,
        base_rate=known.base_rate if known else 0.5,
        bars_a_year=known.bars_a_year if known else 252.0,
        price=state["account"].marks[symbol],
        reports=state.get("reports", {}),
        evidence=evidence,
        opinions=tuple(form for _, form in sorted(state.get("forms", {}).items())),
        account=state["account"],
        signals=state["signals"],
        rules=tuple(rule.told for rule in _rules(state)),
    )


def _turn(state: Case, desk: Desk, agent: Agent) -> Turn:
    return Turn(
        decision=case_decision(state, desk),
        round=state["round"],
        book=desk.book.id,
        agent=agent.name,
        stage=STAGES[agent.tier],
    )


def _record(
    desk: Desk,
    state: Case,
    agent: Agent,
    form: Form,
    body: Value | dict[str, object],
    *,
    spoken: Spoken | None = None,
    evidence: Mapping[str, Evidence] | None = None,
    stage: int | None = None,
    ms: float = 0.0,
    named: str = "",
) -> None:
    gathered = (*(evidence or {}).values(), *(spoken.evidence if spoken else ()))
    desk.recorder.append(
        Step(
            decision=case_decision(state, desk),
            round=state["round"],
            book=desk.book.id,
            as_of=state["as_of"],
            symbol=state["symbol"],
            stage=STAGES[agent.tier] if stage is None else stage,
            agent=named or agent.name,
            tier=agent.tier,
            form=form,
            body=body.model_dump(mode="json") if isinstance(body, Value) else body,
            evidence=tuple(desk.recorder.put(item) for item in gathered),
            prompt=agent.prompt.digest,
            source=spoken.source if spoken else agent.source,
            record=spoken.record if spoken and agent.tier == "senior" else "",
            ms=ms,
        )
    )


def case_decision(state: Case, desk: Desk) -> DecisionId:
    """The id of the decision that this case will become."""
    return decision_id(desk.book.id, state["as_of"], state["symbol"], desk.book.horizon)
