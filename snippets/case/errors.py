"""What a script says when it is given something that it cannot use."""


class BadInput(Exception):
    """Bad input; the message is one line: what, where, and the nearest fix."""
