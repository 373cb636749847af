"""Workers on all cores: processes that take one book after another, and are heard until each has ended.

A worker that dies costs the round it was in: its book is reported, and another worker takes the next one.
"""

import signal
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from queue import SimpleQueue

from trader.backtest.books.work import Ended, Failed, Going, Job, News, work
from trader.runner import Control

LOOK_S = 0.2
"""How often it looks whether people want it to stop."""
STOP = "stop"


@dataclass
class _Worker:
    process: BaseProcess
    line: Connection
    job: Job | None = None
    going: bool = False
    """Whether a round of its book is in hand, so that there is something to finish."""
    told: bool = False
    """Whether it knows that it is to stop."""


@dataclass
class Stop:
    """Set by a signal: books in hand finish their round, others are not begun."""

    asked: bool = False


def run_in_processes(
    jobs: Sequence[Job], workers: int, hear: Callable[[News], None], stop: Stop
) -> tuple[Ended | Failed, ...]:
    """Work on all of `jobs`, at most `workers` at once; how each ended that was begun."""
    waiting, pool, ended = deque(jobs), list[_Worker](), list[Ended | Failed]()
    try:
        while waiting or any(one.job for one in pool):
            if stop.asked:
                waiting.clear()
                _stop(pool)
            _hand_out(waiting, pool, workers)
            for line in wait([one.line for one in pool], LOOK_S):
                worker = next(one for one in pool if one.line is line)
                for news in _heard(worker, pool):
                    hear(news)
                    if isinstance(news, Ended | Failed):
                        ended.append(news)
    finally:
        for one in pool:
            one.line.close()
            if one.job is not None:
                one.process.terminate()
            one.process.join()
    return tuple(ended)


def _hand_out(waiting: deque[Job], pool: list[_Worker], workers: int) -> None:
    """Give books to idle workers, and begin new workers while there are fewer than there may be."""
    for worker in pool:
        if worker.job is None and waiting:
            _give(worker, waiting.popleft())
    while waiting and len(pool) < workers:
        context = get_context("spawn")  # a forked process would have this one's threads half
        mine, theirs = context.Pipe()
        process = context.Process(target=serve, args=(theirs,), daemon=True)
        process.start()
        theirs.close()
        pool.append(_Worker(process, mine))
        _give(pool[-1], waiting.popleft())


def _give(worker: _Worker, job: Job) -> None:
    worker.job = job
    with suppress(OSError):  # it has died: its line says so when it is heard
        worker.line.send(job)


def _stop(pool: list[_Worker]) -> None:
    for worker in pool:
        if worker.job is not None and not worker.told:
            worker.told = True
            if worker.going:
                with suppress(OSError):
                    worker.line.send(STOP)
            else:
                worker.process.terminate()


def _heard(worker: _Worker, pool: list[_Worker]) -> list[News]:
    """What a worker says; where its line is cut, that it died."""
    try:
        news: News = worker.line.recv()
    except (EOFError, OSError):
        worker.process.join()
        pool.remove(worker)
        worker.line.close()
        if worker.job is None:
            return []
        if worker.told and not worker.going:
            return [Ended(worker.job.number, False, 0.0)]
        return [_died(worker.job, worker.process.exitcode or 0)]
    if isinstance(news, Going):
        worker.going = True
    if isinstance(news, Ended | Failed):
        worker.job, worker.going = None, False
    return [news]


def _died(job: Job, code: int) -> Failed:
    how = f"ended with code {code}"
    if code < 0:
        how = f"was killed by {signal.Signals(-code).name}"
    return Failed(
        job.number, f"its worker {how}", "what was closed is kept; the same command goes on with it"
    )


def serve(line: Connection) -> None:
    """A worker: one book after another, until the line is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; who began us tells us
    jobs: SimpleQueue[Job | None] = SimpleQueue()
    control = Control()
    threading.Thread(target=_listen, args=(line, jobs, control), daemon=True).start()

    def tell(news: News) -> None:
        with suppress(OSError):  # who began us is gone: the round in hand is the last
            line.send(news)

    while (job := jobs.get()) is not None:
        tell(work(job, control, tell))


def _listen(line: Connection, jobs: "SimpleQueue[Job | None]", control: Control) -> None:
    """Pass on books; told to stop, or with nobody at the other end, let the round in hand be the last."""
    while True:
        try:
            said = line.recv()
        except (EOFError, OSError):
            said = None
        if isinstance(said, Job):
            jobs.put(said)
            continue
        control.stop = True
        if said is None:
            jobs.put(None)
            return
