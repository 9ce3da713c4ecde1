"""The three questions and their options, in the words that the reader sees."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Option:
    """One answer: its id in links and forms, its label, what makes sure of it, and a word for tables."""

    id: str
    label: str
    hint: str
    short: str


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
            Option("no", "Not yet", "or only a quick try that nobody scored", "not yet"),
            Option("yes", "Yes", "on real questions, and somebody read the answers", "yes"),
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
                "Facts are missing, private or changing",
                "paste the right page in, and it answers",
                "facts",
            ),
            Option(
                "behavior",
                "The facts are there, but format, tone, skill or reliability is not",
                "even with the right page in front of it",
                "behaviour",
            ),
            Option("both", "Both", "it lacks facts, and misbehaves when it has them", "both"),
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
                "High volume, one narrow task, tight budget or latency",
                "the same job, all day long",
                "narrow",
            ),
        ),
    ),
)

BY_ID = {question.id: question for question in QUESTIONS}
