"""Queue, batches, worker processes, models and their reload, metrics."""
