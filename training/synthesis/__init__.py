"""The anomaly generator: pure functions of arrays and a random generator."""
