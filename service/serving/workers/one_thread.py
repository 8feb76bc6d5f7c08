"""Imported before NumPy by what workers are forked from: a process with threads cannot be forked safely."""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"
