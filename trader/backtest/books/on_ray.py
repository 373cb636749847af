"""The same books on a Ray cluster: each is a task. Every machine must see the workspace's folder.

`RAY_ADDRESS` names the cluster; without it a local one is begun, and ended with the backtest.
"""

import os
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from trader.backtest.books.pool import LOOK_S, Stop
from trader.backtest.books.work import Ended, Failed, Job, News, work
from trader.domain.errors import MissingExtra
from trader.runner import Control


def run_on_ray(
    jobs: Sequence[Job], workers: int, hear: Callable[[News], None], stop: Stop
) -> tuple[Ended | Failed, ...]:
    """Work on all of `jobs`; how each ended. Asked to stop, tasks are cancelled: what was closed is kept.

    Raises MissingExtra where Ray is not installed.
    """
    try:
        ray: Any = import_module("ray")
    except ImportError:
        raise MissingExtra("ray", "ray") from None
    ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR", **_size(workers))
    try:
        task = ray.remote(num_cpus=1, max_retries=0)(_worked)
        left = {task.remote(job): job for job in jobs}
        ended: list[Ended | Failed] = []
        while left and not stop.asked:
            done, _ = ray.wait([*left], timeout=LOOK_S)
            for reference in done:
                ended.append(_result(ray, reference, left.pop(reference)))
                hear(ended[-1])
        for reference in left:
            ray.cancel(reference, force=True)
        return tuple(ended)
    finally:
        ray.shutdown()


def _size(workers: int) -> dict[str, int]:
    """How large a local cluster is; one that is there has its own size."""
    return {} if "RAY_ADDRESS" in os.environ else {"num_cpus": workers}


def _worked(job: Job) -> Ended | Failed:
    """On whatever machine the task runs; how far it is, is in the book's journal."""
    return work(job, Control(), lambda news: None)


def _result(ray: Any, reference: Any, job: Job) -> Ended | Failed:
    try:
        ended: Ended | Failed = ray.get(reference)
    except ray.exceptions.RayError as error:
        said = str(error).strip().splitlines()[0]
        return Failed(
            job.number,
            f"its task broke off: {said}",
            "what was closed is kept; the same command goes on with it",
        )
    return ended
