class BadInput(Exception):
    """Unusable input; the message is one line: what, where, and the nearest fix."""
