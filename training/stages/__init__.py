"""Both training stages over one shared loop."""
