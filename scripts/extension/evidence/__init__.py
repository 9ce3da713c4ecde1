"""The Evidence page: results as tables, how each was made, and the experiment question by question."""
