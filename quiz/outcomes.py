"""What each step is: its name, what it does, what it costs, where to learn it, and how to know that it worked."""

from dataclasses import dataclass

from quiz.rules import DIAGNOSE, SHIP


@dataclass(frozen=True)
class Outcome:
    """One possible `now`, in words.

    label: its name. phrase: as something to do. adds: what it gives the model. effort: its usual scale.
    when: the situation that asks for it. not_chosen: why an engineer would leave it out when nothing asks for it.
    proof: the eval that shows whether it worked. lesson: page relative to the site's root. snippet: file name.
    """

    label: str
    phrase: str
    adds: str
    effort: str
    when: str
    not_chosen: str
    proof: str
    lesson: str
    snippet: str


OUTCOMES = {
    "prompt": Outcome(
        label="Prompt",
        phrase="write a clear prompt with examples",
        adds="a clear task, in words and examples",
        effort="hours",
        when="no clear prompt has been tried and scored yet",
        not_chosen="Done: a clear prompt with examples was tried, and its results were read.",
        proof=(
            "Score the prompt on about twenty real questions with accepted answers, written before the prompt was. "
            "Sort every failure into missing fact or wrong behaviour: the larger pile names the next step."
        ),
        lesson="prompting/",
        snippet="few_shot.py",
    ),
    DIAGNOSE: Outcome(
        label="Diagnose",
        phrase="find out what is wrong",
        adds="a reason: which answers lack a fact, which misbehave",
        effort="a day or two",
        when="a prompt was tried, and nobody can tell yet what is wrong",
        not_chosen="No. What is wrong is known already.",
        proof=(
            "Let a second person sort the same fifty answers, and count how often you agree. The larger pile, once two "
            "people see it, names the next step."
        ),
        lesson="evals/",
        snippet="evals.py",
    ),
    "constrain": Outcome(
        label="Constrain",
        phrase="hold the answer to a schema (constrained decoding)",
        adds="the exact form that a program needs",
        effort="hours",
        when="the answers are right, but not in the form a program needs",
        not_chosen="No. Nothing in the answers says that a program cannot read them.",
        proof=(
            "Parse every reply of a held-out set with the program's own parser: all must pass, cut and refused ones "
            "counted as failures. Then compare the content with and without the schema, paired: it should cost no facts."
        ),
        lesson="constrained-decoding/",
        snippet="constrained_decoding.py",
    ),
    "rag": Outcome(
        label="RAG",
        phrase="retrieve the facts (RAG)",
        adds="knowledge that can be changed and cited",
        effort="days",
        when="facts are missing, private or changing",
        not_chosen="No. Nothing in the answers says that facts are missing, so there is nothing to retrieve.",
        proof=(
            "Measure two numbers, in this order: how often the right passage was retrieved, and how often the answer was "
            "right when it was. Then change a fact in a document, index again, and check that the answer follows."
        ),
        lesson="rag/",
        snippet="rag.py",
    ),
    "fine-tune": Outcome(
        label="Fine-tune",
        phrase="fine-tune the behaviour (LoRA or QLoRA)",
        adds="behaviour: tone, a skill, reliability",
        effort="weeks",
        when="the facts are there, but the behaviour is not",
        not_chosen=(
            "No. Nothing in the answers says that the behaviour is wrong, and fine-tuning is a poor way to add facts."
        ),
        proof=(
            "Compare the tuned model with the best prompt on the same held-out inputs, paired, with an interval. Check "
            "also what it could do before: general questions, and answers from a passage that contradicts its memory."
        ),
        lesson="lora-qlora/",
        snippet="lora.py",
    ),
    "distill": Outcome(
        label="Distill",
        phrase="distill into a smaller model",
        adds="speed and a lower price, for one narrow task",
        effort="weeks, once a teacher passes",
        when="one narrow task runs at high volume, or on a tight budget or latency",
        not_chosen="No. Volume and task are ordinary: a student model would not earn back what it costs to make and keep.",
        proof=(
            "Compare student and teacher on the same held-out inputs, paired: quality kept, latency, cost per request. "
            "Divide the cost of making the student by what it saves per request: that is the break-even volume."
        ),
        lesson="distillation/",
        snippet="distill.py",
    ),
    SHIP: Outcome(
        label="Ship it",
        phrase="ship the prompt, guarded by evals",
        adds="nothing new: the prompt is enough",
        effort="a day",
        when="the prompt was tried, and nothing is wrong",
        not_chosen="Not yet. Something is still to be done before this can ship.",
        proof=(
            "Keep the questions that convinced you as a regression set. Run it on every change of prompt, model or "
            "settings, and block the change when the paired difference is worse than you can accept."
        ),
        lesson="evals/",
        snippet="evals.py",
    ),
}


def outline(now: str, later: list[str]) -> str:
    """Return a plan as one sentence: what to do now, and what comes after it."""
    labels = [OUTCOMES[step].label for step in (now, *later)]
    return f"{', then '.join([f'{labels[0]} now', *labels[1:]])}."
