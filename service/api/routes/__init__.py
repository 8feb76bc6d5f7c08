"""What each path answers: prediction, health and metadata, administration."""
