"""The same pipeline, served by what a user would otherwise pick."""
