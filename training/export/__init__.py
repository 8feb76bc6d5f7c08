"""From a trained run to a model file that the service loads."""
