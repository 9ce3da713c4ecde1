"""The decision rules, as data: everything that draws, tabulates or tests them reads them from here."""

RULES_VERSION = "1.0"

# In order of effort: hours, days, weeks, and weeks with a teacher that must already be good.
STEPS = ("prompt", "rag", "fine-tune", "distill")

# No step at all is left to do: keep the prompt, and guard it with evals.
SHIP = "ship"

# Which answer asks for which steps. An answer that is not here asks for none.
NEEDS = {
    ("tried", "no"): ("prompt",),
    ("gap", "facts"): ("rag",),
    ("gap", "behavior"): ("fine-tune",),
    ("gap", "both"): ("rag", "fine-tune"),
    ("scale", "narrow"): ("distill",),
}
