"""The questions, their options, and the steps that each option asks for, in the words that the reader sees."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Option:
    """One answer to a question.

    id: its name in links and forms. label: the answer. hint: what makes sure of it. short: a word for tables.
    needs: the steps that it asks for. undiagnosed: nobody can say yet which steps those are.
    """

    id: str
    label: str
    hint: str
    short: str
    needs: tuple[str, ...] = ()
    undiagnosed: bool = False


@dataclass(frozen=True)
class Question:
    """One question: its id, the words that ask it, a name for it in a sentence, and its options."""

    id: str
    asks: str
    name: str
    options: tuple[Option, ...]

    def option(self, option_id: str) -> Option:
        """Return the option with this id; KeyError when there is none."""
        return {option.id: option for option in self.options}[option_id]


QUESTIONS = (
    Question(
        id="tried",
        asks="Have you tried a clear prompt with a few examples, and looked at the results?",
        name="Prompt tried",
        options=(
            Option("no", "Not yet", "or only a quick try that nobody scored", "not yet", needs=("prompt",)),
            Option("yes", "Yes", "on real questions, and read the answers", "yes"),
        ),
    ),
    Question(
        id="gap",
        asks="What is still wrong with the answers?",
        name="What is wrong",
        options=(
            Option("none", "Nothing", "they are good enough", "nothing"),
            Option(
                "facts",
                "Facts missing, private or changing",
                "paste the right page in, and it answers",
                "facts",
                needs=("rag",),
            ),
            Option(
                "structure",
                "Right, but in the wrong form",
                "a program needs it exact: JSON, a label, a date",
                "structure",
                needs=("constrain",),
            ),
            Option(
                "behavior",
                "Tone, skill or reliability is off",
                "even with the right page in front of it",
                "behaviour",
                needs=("fine-tune",),
            ),
            Option(
                "both",
                "Facts and behaviour",
                "it lacks facts, and misbehaves when it has them",
                "both",
                needs=("rag", "fine-tune"),
            ),
            Option(
                "unknown",
                "We cannot tell yet",
                "nobody has sorted the failures",
                "unknown",
                undiagnosed=True,
            ),
        ),
    ),
    Question(
        id="scale",
        asks="How will it run?",
        name="How it runs",
        options=(
            Option("ordinary", "Ordinary volume or a broad task", "the bill and the wait are fine", "ordinary"),
            Option(
                "narrow",
                "High volume, one narrow task",
                "or a tight budget, or tight latency",
                "narrow",
                needs=("distill",),
            ),
        ),
    ),
)

BY_ID = {question.id: question for question in QUESTIONS}
