"""Work on a thread of its own: its answer, its error, its limit."""

import gc
import threading
import time

import pytest

from tests.tools.markets import close_of, context, market
from trader.domain.value import Value
from trader.tools.tool import Tool, ToolContext
from trader.tools.toolbox import LiveToolbox
from trader.tools.worker import OutOfTime, Worker


class Asked(Value):
    hangs: bool = True


class Given(Value):
    thread: str


def test_an_answer_and_an_error_are_those_of_the_work() -> None:
    worker = Worker()
    assert worker.within(10.0, lambda: 42) == 42
    with pytest.raises(ZeroDivisionError):
        worker.within(10.0, lambda: 1 // 0)
    with pytest.raises(TimeoutError, match="its own"):
        worker.within(10.0, lambda: (_ for _ in ()).throw(TimeoutError("its own")))
    assert worker.within(10.0, lambda: 43) == 43


def test_what_hangs_is_left_behind_and_the_next_work_does_not_wait_for_it() -> None:
    worker, release = Worker(), threading.Event()
    with pytest.raises(OutOfTime):
        worker.within(0.05, release.wait)
    assert worker.within(10.0, lambda: "next") == "next"
    release.set()


def test_the_thread_ends_with_its_worker() -> None:
    worker = Worker()
    thread = worker.within(10.0, threading.current_thread)
    assert thread is worker.within(10.0, threading.current_thread)
    assert thread.daemon
    del worker
    gc.collect()
    thread.join(10.0)
    assert not thread.is_alive()


def test_a_tool_out_of_time_is_evidence_and_the_others_go_on() -> None:
    release = threading.Event()

    def run(_: ToolContext, asked: Asked) -> Given:
        if asked.hangs:
            release.wait()
        return Given(thread=threading.current_thread().name)

    box = LiveToolbox([Tool("slow", "Waits", Asked, Given, run, time_limit_s=0.05)])
    here = context(market(30), close_of(20))
    began = time.monotonic()
    late = box.call("slow", {}, here)
    assert (late.error, late.result) == ("slow took longer than its 0.05 seconds", None)
    assert late.arguments == {"hangs": True}
    assert time.monotonic() - began < 5.0
    assert box.call("slow", {"hangs": False}, here).result == {"thread": "tools"}
    assert box.call("slow", {}, here) is late
    release.set()
