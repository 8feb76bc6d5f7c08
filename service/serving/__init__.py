"""A request between HTTP and the network: queue, batches, worker processes, models and their reload."""
