"""Queue, batches and metrics; worker processes and models in rooms of their own."""
