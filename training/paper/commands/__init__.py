"""``table`` and ``compare``: the commands that reproduce the paper."""
