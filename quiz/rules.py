"""The steps of the ladder, in order. Which answer asks for which step stands with the answer, in `questions.py`."""

RULES_VERSION = "2.0"

# In order of effort: hours, hours with a schema, days, weeks, and weeks with a teacher that must already be good.
STEPS = ("prompt", "constrain", "rag", "fine-tune", "distill")

# A prompt was tried, and nobody can say yet what is wrong: find out before any other step.
DIAGNOSE = "diagnose"

# No step at all is left to do: keep the prompt, and guard it with evals.
SHIP = "ship"
