"""A cassette: what it has is replayed in order, what it lacks is asked and recorded, a torn line is cut."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from trader.clock import SystemClock
from trader.domain.errors import ModelRefused, ModelTimeout, ModelUnavailable, RateLimited, UsageError
from trader.llm.cassette import Cassette, CassetteClient
from trader.llm.client import Answer, Call, Message, ModelClient

CLOCK = SystemClock()
PATIENCE = 10.0


def call(text: str = "what?") -> Call:
    return Call(model="openai/small", messages=(Message(role="user", content=text),), form_schema={"b": 1})


class Script:
    """Answers the n-th call with the n-th of its outcomes, after a while."""

    def __init__(self, *outcomes: str | Exception, delay_s: float = 0.0) -> None:
        self.outcomes, self.delay_s = list(outcomes), delay_s
        self.asked = 0

    async def ask(self, call: Call, timeout_s: float) -> Answer:
        outcome = self.outcomes[self.asked]
        self.asked += 1
        await asyncio.sleep(self.delay_s)
        if isinstance(outcome, Exception):
            raise outcome
        return Answer(text=outcome, usd=Decimal("0.001"), tokens_in=10, tokens_out=5, ms=1.0)


async def said(client: ModelClient, *texts: str) -> list[str]:
    """What comes of each call, one after the other; errors by their class and words."""
    found = []
    for text in texts:
        try:
            found.append((await client.ask(call(text), PATIENCE)).text)
        except (ModelRefused, ModelTimeout, ModelUnavailable, RateLimited) as error:
            found.append(f"{type(error).__name__}: {error}")
    return found


async def test_what_was_recorded_comes_again_in_its_order_errors_too(tmp_path: Path):
    path = tmp_path / "run.cassette"
    asking = Script("one", RateLimited("slowly", retry_after=0.5), "two", ModelRefused("no key"))
    recording = Cassette.open(path)
    texts = ("a", "b", "b", "c")
    first = await said(CassetteClient(recording, asking, CLOCK), *texts)
    assert first == ["one", "RateLimited: slowly", "two", "ModelRefused: no key"]
    assert (recording.played, recording.recorded) == (0, 4)
    recording.close()
    playing = Cassette.open(path, replay_only=True)
    silent = Script()
    assert await said(CassetteClient(playing, silent, CLOCK), *texts) == first
    assert (playing.played, silent.asked) == (4, 0)


async def test_an_answer_from_it_says_so_and_what_it_took_then(tmp_path: Path):
    path = tmp_path / "run.cassette"
    for source in ("", "cassette"):
        cassette = Cassette.open(path)
        answer = await CassetteClient(cassette, Script("one"), CLOCK).ask(call(), PATIENCE)
        assert (answer.source, answer.usd, answer.tokens_in) == (source, Decimal("0.001"), 10)
        cassette.close()


async def test_what_it_lacks_is_asked_and_added(tmp_path: Path):
    path = tmp_path / "run.cassette"
    for texts, outcomes in ((("a",), ("one",)), (("a", "b"), ("two",))):
        cassette = Cassette.open(path)
        answers = await said(CassetteClient(cassette, Script(*outcomes), CLOCK), *texts)
        cassette.close()
    assert answers == ["one", "two"]
    assert len(path.read_bytes().splitlines()) == 2


async def test_with_replay_only_nobody_is_asked_and_the_file_stays_as_it_is(tmp_path: Path):
    path = tmp_path / "run.cassette"
    cassette = Cassette.open(path)
    await said(CassetteClient(cassette, Script("one"), CLOCK), "a")
    cassette.close()
    before, asking = path.read_bytes(), Script("two")
    (lacking,) = await said(CassetteClient(Cassette.open(path, replay_only=True), asking, CLOCK), "b")
    assert (
        lacking
        == "ModelUnavailable: the cassette run.cassette has no answer of openai/small to this question"
    )
    assert asking.asked == 0
    assert path.read_bytes() == before


@pytest.mark.parametrize("lost", [1, 2, 30, 200])
async def test_a_last_line_that_a_dying_process_tore_is_cut_off_with_a_note(tmp_path: Path, lost: int):
    path = tmp_path / "run.cassette"
    cassette = Cassette.open(path)
    await said(CassetteClient(cassette, Script("one", "two"), CLOCK), "a", "b")
    cassette.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:-lost])
    reading = Cassette.open(path, replay_only=True)
    torn = lost > 1  # without its last byte, which ends the line, it is whole
    assert len(reading.notes) == torn
    again = Cassette.open(path)
    asking = Script("two")
    assert await said(CassetteClient(again, asking, CLOCK), "a", "b") == ["one", "two"]
    assert asking.asked == torn
    again.close()
    lines = path.read_bytes().splitlines(keepends=True)
    assert len(lines) == 2
    assert lines[0] == whole.splitlines(keepends=True)[0]


async def test_a_deadline_that_passed_over_a_call_passes_over_it_again(tmp_path: Path):
    path = tmp_path / "run.cassette"
    for asking in (Script("late", delay_s=30.0), Script()):
        cassette = Cassette.open(path)
        client = CassetteClient(cassette, asking, CLOCK)
        began = CLOCK.monotonic()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.6):
                await client.ask(call(), 0.6)
        assert CLOCK.monotonic() - began >= 0.55
        cassette.close()
    assert (cassette.played, cassette.recorded) == (1, 0)


async def test_a_run_that_is_stopped_leaves_nothing_of_a_call_that_was_on_its_way(tmp_path: Path):
    path = tmp_path / "run.cassette"
    cassette = Cassette.open(path)
    asking = asyncio.create_task(
        CassetteClient(cassette, Script("late", delay_s=30.0), CLOCK).ask(call(), PATIENCE)
    )
    await asyncio.sleep(0.05)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert path.read_bytes() == b""


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda line: b"not json\n" + line, "run.cassette:1: no line of a cassette"),
        (lambda line: line.replace(b'"what?"', b'"that?"') + line, "run.cassette:1: the call was changed"),
        (lambda line: line.replace(b'"asked"', b'"asker"') + line, "run.cassette:1: no line of a cassette"),
    ],
)
async def test_what_is_no_cassette_is_refused_by_its_line(tmp_path: Path, spoil, told: str):
    path = tmp_path / "run.cassette"
    cassette = Cassette.open(path)
    await CassetteClient(cassette, Script("one"), CLOCK).ask(call(), PATIENCE)
    cassette.close()
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(UsageError, match=told):
        Cassette.open(path)


def test_a_cassette_that_is_not_there_or_cannot_be_is_said(tmp_path: Path):
    with pytest.raises(UsageError, match="there is no cassette") as missing:
        Cassette.open(tmp_path / "none", replay_only=True)
    assert "without --replay-only" in missing.value.hint
    assert not (tmp_path / "none").exists()
    with pytest.raises(UsageError, match="cannot be used"):
        Cassette.open(tmp_path)
    with pytest.raises(UsageError, match="there is no folder"):
        Cassette.open(tmp_path / "no folder" / "run.cassette")
