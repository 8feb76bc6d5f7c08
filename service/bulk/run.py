"""Parts through actors, on Ray Data."""

import logging
from collections.abc import Iterator, Sequence
from typing import Any, cast

import ray.data

from service.bulk.worker import Done, Job, Part, PartWorker


def score(
    parts: Sequence[Part],
    job: Job,
    *,
    actors: int,
    networks: Sequence[Any],
    worker: type = PartWorker,
) -> Iterator[Done]:
    """Score parts, each by one actor.

    An actor that is lost comes back, and scores its part again. Ray's own checkpoints are not used: what is
    written is known by its names, and nothing else can disagree with it.

    Args:
        parts: At least one.
        job: What is to be done with them.
        actors: How many score parts at the same time.
        networks: Actors that run the model; without any, the former do.
        worker: What scores a part.

    Yields:
        What became of each part, as they are done.
    """
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    logging.getLogger("ray.data").setLevel(logging.WARNING)
    pool = ray.data.ActorPoolStrategy(size=actors, max_tasks_in_flight_per_actor=1)
    # A block a part: an actor that is lost has only that one to score again.
    dataset = ray.data.from_items(list(parts), override_num_blocks=len(parts)).map(
        cast("Any", worker),
        fn_constructor_args=(job, networks),
        compute=pool,
        num_cpus=job.settings.workers,
    )
    for row in dataset.iter_rows():
        yield Done(**row)
