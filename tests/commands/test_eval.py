"""`trader eval` on the example's day, and what it answers to what cannot be scored."""

import json

import pytest

from tests.commands import example
from trader.cli import main
from trader.domain.decisions import Decision
from trader.domain.ids import decision_id, round_id
from trader.domain.opinions import Abstention, Opinion
from trader.evals.findings import _whole
from trader.journal.reader import JournalReader
from trader.journal.records import BookOpened, DecisionMade, ModelCalled, StateLearned
from trader.journal.writer import Journal
from trader.workspace import Workspace

Captured = pytest.CaptureFixture[str]
KEYS = {
    "name", "cases", "brier", "log_loss", "ece", "ic", "hit_rate", "always_up", "valid_forms", "abstained",
    "usd", "p50_ms",
}  # fmt: skip


def evaluated(capsys: Captured, *given: str, code: int = 0) -> dict[str, object]:
    assert main(["eval", *given, "--json"]) == code
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def failed(capsys: Captured, *given: str) -> tuple[int, str]:
    code = main(["eval", *given])
    shown = capsys.readouterr()
    assert shown.out == ""
    return code, shown.err


def test_the_document_has_the_promised_keys(told: Workspace, capsys: Captured) -> None:
    found = evaluated(capsys)
    assert {"agents", "desk", "baselines", "finding", "provenance"} <= set(found)
    agents = {entry["name"]: entry for entry in found["agents"]}  # type: ignore[attr-defined]
    assert set(agents) == {"momentum", "quant", "risk", "sentiment", "value"}
    assert all(set(entry) >= KEYS for entry in agents.values())
    assert set(found["desk"]) >= KEYS  # type: ignore[call-overload]


def test_scores_are_those_of_the_one_resolved_case(told: Workspace, capsys: Captured) -> None:
    """AAPL rose in the five bars after the example's Friday; nothing is known of IBM, where nobody spoke."""
    (momentum,) = evaluated(capsys, "momentum")["agents"]  # type: ignore[misc]
    assert (momentum["cases"], momentum["hit_rate"], momentum["abstained"]) == (1, 1.0, 0)
    assert momentum["brier"] == pytest.approx(0.16)
    assert momentum["brier_base"] == pytest.approx((1 - 0.5512) ** 2)


def test_too_few_cases_are_insufficient_evidence_and_no_interval(told: Workspace, capsys: Captured) -> None:
    found = evaluated(capsys)
    assert str(found["finding"]).startswith("INSUFFICIENT EVIDENCE: desk has 1 case worth 1.0")
    assert found["desk"]["difference"]["low"] is None  # type: ignore[index]
    assert main(["eval"]) == 0
    assert capsys.readouterr().out.startswith("INSUFFICIENT EVIDENCE")


def test_one_that_never_answered_has_no_scores_and_is_named(told: Workspace, capsys: Captured) -> None:
    found = evaluated(capsys, "sentiment")
    (sentiment,) = found["agents"]  # type: ignore[misc]
    assert (sentiment["cases"], sentiment["abstained"], sentiment["brier"]) == (0, 1, None)
    assert "sentiment never answered: it abstained in 1 of 1 turns" in found["findings"]  # type: ignore[operator]
    assert "nothing to score" in str(found["finding"])


def test_one_whose_mandate_is_not_direction_is_not_scored(told: Workspace, capsys: Captured) -> None:
    assert "risk states no probability" in " ".join(evaluated(capsys, "risk")["findings"])  # type: ignore[arg-type]


def test_bounds_end_with_one_and_say_which(told: Workspace, capsys: Captured) -> None:
    assert evaluated(capsys, "momentum", "--max-brier", "0.2")["broken"] == []
    found = evaluated(capsys, "momentum", "--max-brier", "0.1", "--max-log-loss", "0.9", code=1)
    assert found["broken"] == ["momentum: brier 0.16 is above 0.1"]
    assert evaluated(capsys, "--max-cost", "0")["broken"] == []


def test_a_score_that_does_not_exist_keeps_no_bound(told: Workspace, capsys: Captured) -> None:
    found = evaluated(capsys, "sentiment", "--max-log-loss", "99", code=1)
    assert found["broken"] == ["sentiment: there is no log_loss to hold against 99.0"]


def test_what_models_took_is_counted_and_bounded(told: Workspace, capsys: Captured) -> None:
    call = {
        "decision": example.AAPL, "round": example.ROUND, "book": example.BOOK, "at": example.FRIDAY,
        "agent": "momentum", "model": "openai/small", "stage": 2, "call": "c" * 24, "answer": "a" * 24,
        "tokens_in": 900, "tokens_out": 100, "usd": "0.012",
    }  # fmt: skip
    with Journal.open(told.journal) as journal:
        journal.append(
            ModelCalled.model_validate(
                {**call, "attempt": 0, "error_kind": "ModelError", "error": "no form"}
            ),
            ModelCalled.model_validate({**call, "attempt": 1, "repair": True}),
        )
    found = evaluated(capsys, "momentum", "--max-cost", "0.02", code=1)
    (momentum,) = found["agents"]  # type: ignore[misc]
    assert (momentum["usd"], momentum["tokens_in"], momentum["valid_forms"]) == ("0.024", 1800, 0.0)
    assert found["broken"] == ["momentum: usd 0.024 is above 0.02"]


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (("momentun",), 2, "did you mean momentum?"),
        (("technicals",), 2, "juniors are not scored"),
        (("--on", "jurnal:5"), 2, "did you mean journal"),
        (("--on", "journal:0"), 2, "--on journal:500"),
        (("--on", "journal:many"), 2, "many is no number of decisions"),
        (("--book", "01ZZ"), 2, "unknown book: 01ZZ"),
        (("--prompt", "bold.md"), 2, "are about one agent"),
        (("momentum", "--prompt", "bold.md", "--max-brier", "1"), 2, "have no bounds"),
        (("risk", "--prompt", "bold.md"), 2, "unknown agent that stated a probability: risk"),
        (("--feed", "files:nowhere"), 2, "nowhere"),
        (("--max-cost", "cheap"), 2, "cheap is not an amount of US dollars"),
        (("--max-cost", "-1"), 2, "not an amount"),
    ],
)
def test_wrong_use_is_answered_with_what_to_write(
    told: Workspace, capsys: Captured, given: tuple[str, ...], code: int, said: str
) -> None:
    got, error = failed(capsys, *given)
    assert got == code
    assert said in error


def test_a_book_whose_bars_were_not_kept_asks_for_them(workspace: object, capsys: Captured) -> None:
    with Journal.open(Workspace.find().journal) as journal:
        journal.append(BookOpened(book=example.book().model_copy(update={"feed": "ccxt:binance"})))
    code, error = failed(capsys)
    assert code == 2
    assert "--feed files:DIR" in error


def test_no_journal_and_no_decision_are_errors(workspace: object, capsys: Captured) -> None:
    assert failed(capsys)[0] == 1
    place = Workspace.find()
    with Journal.open(place.journal) as journal:
        journal.append(BookOpened(book=example.book()))
    code, error = failed(capsys)
    assert code == 1
    assert "has no decision yet" in error


def test_a_book_with_nothing_resolved_says_so(workspace: object, capsys: Captured) -> None:
    """A decision at the last close of the data: nobody knows yet."""
    end = example.FRIDAY.replace(year=2013, month=3, day=1, hour=21)
    made = Decision.model_validate(
        example.trade().model_dump()
        | {
            "id": decision_id(example.BOOK, end, "AAPL", 5),
            "as_of": end,
            "round": round_id(example.BOOK, end),
        }
    )
    said = Opinion(agent="momentum", p_up=0.6, reasoning="It rises.")
    with Journal.open(Workspace.find().journal) as journal:
        journal.append(
            BookOpened(book=example.book()),
            StateLearned.of(example.BOOK, example.learned()),
            example.step("momentum", said, decision=made.id, round=made.round, as_of=end),
            example.step(
                "quant", Abstention(agent="quant", reason="none"), decision=made.id, round=made.round
            ),
            DecisionMade(decision=made),
        )
    found = evaluated(capsys)
    assert found["finding"] == (
        "INSUFFICIENT EVIDENCE: no case of desk has resolved, so there is nothing to score."
    )
    assert found["desk"]["brier"] is None  # type: ignore[index]
    assert "1 of 1 decisions have not resolved, or had no base rate" in found["findings"]  # type: ignore[operator]
    with JournalReader(Workspace.find().journal) as reader:
        assert reader.turns(example.BOOK)[0].p_up == 0.6


def test_what_was_found_is_kept_listed_shown_and_compared(told: Workspace, capsys: Captured) -> None:
    first = evaluated(capsys, "momentum")
    evaluated(capsys, "quant")
    listed = evaluated(capsys, "list")["evaluations"]
    assert [(one["kind"], one["agents"], one["source"]) for one in listed] == [  # type: ignore[attr-defined]
        ("decisions", ["quant"], "journal"),
        ("decisions", ["momentum"], "journal"),
    ]
    assert listed[1]["finding"] == first["finding"]  # type: ignore[index]
    shown = evaluated(capsys, "show", "2")
    assert shown["id"] == listed[1]["id"]  # type: ignore[index]
    assert shown["document"]["agents"] == first["agents"]  # type: ignore[index]
    assert evaluated(capsys, "show", str(shown["id"]).lower())["id"] == shown["id"]
    found = evaluated(capsys, "compare", "2", "1")
    assert {row["name"]: row["cases"] for row in found["rows"]} == {"desk": 1, "momentum": 1, "quant": 1}  # type: ignore[attr-defined]
    for screen in (["list"], ["show", "1"], ["compare", "1", "2"]):
        assert main(["eval", *screen]) == 0
        assert "INSUFFICIENT EVIDENCE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("show", "01ZZ"), "unknown evaluation: 01ZZ"),
        (("compare", "1", "9"), "unknown evaluation: 9"),
        (("show", "0"), "more than one evaluation begins with 0"),
    ],
)
def test_an_evaluation_that_is_not_there_is_answered(
    told: Workspace, capsys: Captured, given: tuple[str, ...], said: str
) -> None:
    evaluated(capsys, "momentum")
    evaluated(capsys, "momentum")
    code, error = failed(capsys, *given)
    assert code == 2
    assert said in error


def test_an_edit_keeps_no_forecasts_that_could_be_paired(told: Workspace, capsys: Captured) -> None:
    evaluated(capsys, "momentum")
    with JournalReader(told.journal) as reader:
        (kept,) = reader.evaluations()
    bare = kept.model_copy(update={"id": "0" * 26, "kind": "behaviour", "document": {"finding": "PASSED"}})
    with Journal.open(told.journal) as journal:
        journal.append(bare)
    code, error = failed(capsys, "compare", kept.id, bare.id)
    assert code == 1
    assert "has no forecasts to compare: it was about behaviour" in error


def test_weights_that_do_not_add_up_are_told(told: Workspace, capsys: Captured) -> None:
    assert "weights" not in " ".join(evaluated(capsys)["findings"])  # type: ignore[arg-type]
    made = example.trade()
    assert made.pool is not None
    half = tuple(row.model_copy(update={"weight": row.weight / 2}) for row in made.pool.contributions)
    odd = made.model_copy(update={"pool": made.pool.model_copy(update={"contributions": half})})
    assert not _whole(odd.pool)  # type: ignore[arg-type]
    assert _whole(made.pool)
