"""The base class of errors that a user can fix."""


class UserError(Exception):
    """Something that the user can fix; the message says what. The command line shows it in one line."""
