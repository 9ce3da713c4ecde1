"""Practice: the interview questions and the quick checks."""
