"""The words of the sixteen verdicts: eight situations (prompt tried, what is wrong), each at two scales."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """What one verdict says. `because` has one reason for each question, in order; `evidence` are source keys."""

    headline: str
    because: tuple[str, str, str]
    first_moves: tuple[str, str, str]
    avoid: str
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class AtScale:
    """What the third answer adds to a situation: the headline, its reason, the third move and what to avoid."""

    headline: str
    reason: str
    third_move: str
    avoid: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class Situation:
    """What the first two answers say together: a reason each, the first two moves, and the sources."""

    tried: str
    gap: str
    moves: tuple[str, str]
    evidence: tuple[str, ...]
    ordinary: AtScale
    narrow: AtScale


SITUATIONS = {
    ("no", "none"): Situation(
        tried="Answers that look fine in a quick try are an impression. Half a day with a written prompt makes it a result.",
        gap="Then nothing needs to be added. First find out whether that is true.",
        moves=(
            "Collect twenty real questions, with the answers that you would accept. That is your first eval set.",
            "Write one clear prompt with two or three worked examples, run all twenty, and read every answer.",
        ),
        evidence=("openai-accuracy", "gpt3"),
        ordinary=AtScale(
            headline="Write the prompt down and score it. You may already be done.",
            reason="A smaller or tuned model would cost more to make and keep than it saves.",
            third_move="If all twenty pass, ship, and keep the set as a regression test. If not, come back and say what is wrong.",
            avoid="Calling it good enough after five questions that somebody picked because they work.",
            evidence=("prompt-format",),
        ),
        narrow=AtScale(
            headline="Score a clear prompt first. If it holds, it becomes the teacher of a smaller model.",
            reason="One job at high volume is what distillation is for, but a student can only copy a teacher that is good.",
            third_move="Write down cost and latency per request at the volume you expect. That number decides whether to distil.",
            avoid="Choosing the small model first, and finding out later that nobody knows how good the large one was.",
            evidence=("distilling-step-by-step",),
        ),
    ),
    ("no", "facts"): Situation(
        tried="The cheapest test has not been made: paste the page that holds the answer into the prompt and ask again.",
        gap="They have to come from outside the model. What the prompt can hold comes first, an index after that.",
        moves=(
            "Take twenty questions that it gets wrong, paste the right page into the prompt, and count how many turn right.",
            "Measure your documents: if they fit into the context window, put them all in the prompt, cache it, and build no index.",
        ),
        evidence=("openai-accuracy", "ovadia"),
        ordinary=AtScale(
            headline="Paste the right page into the prompt first. If it then answers, you need retrieval, not training.",
            reason="There is no pressure on price or speed, so the index can stay simple and the model general.",
            third_move="Write down which facts change, how often, and who may see them. That is the specification of the retrieval to come.",
            avoid='"The model doesn\'t know our product, so we need to fine-tune it." It needs to be shown the page.',
            evidence=("gekhman",),
        ),
        narrow=AtScale(
            headline="Paste the right page in first, then retrieve it, and only then make the model small.",
            reason="Price and speed matter, but in the end: a student learns to read the passage, from a teacher that already does.",
            third_move="Write down which facts change and how often, and log cost and latency per request: retrieval and student both start there.",
            avoid="Training a small model on the documents to save the retrieval. It will be wrong on the day that a fact changes.",
            evidence=("soudani",),
        ),
    ),
    ("no", "behavior"): Situation(
        tried="Format, tone and skill are what clear instructions and a few examples change most cheaply. Find out how far they go.",
        gap="The facts are there, so retrieval would add nothing. What may come later is fine-tuning, and it needs the same examples.",
        moves=(
            "Write the output that you want as a short specification with three to five worked examples, and put both in the prompt.",
            "If only the structure is wrong (JSON, a label, a date), switch on constrained decoding. That may be all you need.",
        ),
        evidence=("openai-accuracy", "jsonschemabench"),
        ordinary=AtScale(
            headline="Show the model what you want before you train it to want it.",
            reason="A longer prompt costs little here, so examples in the prompt are a fair rival to training.",
            third_move="Score format, tone and skill separately on twenty held-out inputs. What still fails is what fine-tuning is for.",
            avoid="Collecting thousands of training examples before writing five good ones into the prompt.",
            evidence=("many-shot",),
        ),
        narrow=AtScale(
            headline="Specify and show the behaviour first. Training and then shrinking the model come after.",
            reason="A long prompt is paid for at every request. Tuning makes the prompt shorter, distilling makes the model smaller.",
            third_move="Keep every output that an expert accepts, with its input: it is training data for the tuning and for the student.",
            avoid="Fine-tuning to save tokens before knowing which of the instructions matter.",
            evidence=("azure-fine-tuning",),
        ),
    ),
    ("no", "both"): Situation(
        tried="Two gaps at once cannot be told apart until a clear prompt has been tried. What is left after it is the real list.",
        gap="Missing facts and wrong behaviour have different cures: retrieval for the first, training for the second.",
        moves=(
            "Take twenty failures and paste the right page into each. Right now: a missing fact. Still wrong: behaviour. Make two piles.",
            "For the second pile, put a specification and three to five examples in the prompt, or constrained decoding if it is only structure.",
        ),
        evidence=("openai-accuracy", "ovadia", "raft"),
        ordinary=AtScale(
            headline="Sort the failures into two piles with one good prompt, before you build anything.",
            reason="Nothing forces you to hurry past the cheap steps: one step, one measurement, then the next.",
            third_move="Keep both piles as two eval sets. Every later step must shrink its own pile and leave the other alone.",
            avoid="Starting a retrieval project and a fine-tune in the same sprint. You will not know which of them helped.",
            evidence=("balaguer",),
        ),
        narrow=AtScale(
            headline="Sort the failures first. Retrieval, tuning and a smaller model follow in that order.",
            reason="The whole ladder may be needed, so every rung you can skip saves weeks. The piles tell you which.",
            third_move="Keep both piles as two eval sets, and log cost and latency: the small model must pass the sets and beat the bill.",
            avoid="Planning the small, tuned, retrieving model as one project. Each part hides the faults of the others.",
            evidence=("distilling-step-by-step",),
        ),
    ),
    ("yes", "none"): Situation(
        tried="A clear prompt was run on real questions and the answers were read. That is evidence, not an impression.",
        gap="So there is nothing that retrieval or fine-tuning would repair.",
        moves=(
            "Put the prompt under version control, together with the model's exact version and settings.",
            "Turn the questions you read into an eval set that runs on every change, and blocks one that makes it worse.",
        ),
        evidence=("anthropic-evals",),
        ordinary=AtScale(
            headline="Ship it. Keep the prompt, and guard it with evals.",
            reason="No bill or delay asks for a smaller model, so the simplest thing that works is the right one.",
            third_move="Each week, read a sample of real questions, label the failures, and add them to the set.",
            avoid="Fine-tuning anyway because there is budget. It adds a model to keep, and nothing that anyone asked for.",
            evidence=("openai-accuracy",),
        ),
        narrow=AtScale(
            headline="The prompt is good enough to teach. Distil it into a smaller model.",
            reason="The same narrow job at high volume repays a small model, and your prompt is a teacher that passes.",
            third_move="Let it label some thousands of real inputs, where its licence allows that; keep what passes your checks; train the smallest student that might do.",
            avoid="Comparing student and teacher on the inputs that the student was trained on.",
            evidence=("distilling-step-by-step", "distilbert"),
        ),
    ),
    ("yes", "facts"): Situation(
        tried="A clear prompt was not enough, so better wording will not close this gap.",
        gap="Such facts have to be handed to the model. An index can be changed, cited and deleted from; with weights each of these is hard.",
        moves=(
            "Measure your documents: if they fit into the context window, put them all in the prompt, cache it, and build no index.",
            "Otherwise index them. Start with full-text search, and measure how often the right passage is among the first five.",
        ),
        evidence=("ovadia", "gekhman", "lewis"),
        ordinary=AtScale(
            headline="Retrieve it. The facts are missing, and RAG adds facts.",
            reason="Nothing asks for a smaller or tuned model, so retrieval is the whole job.",
            third_move="Only then score the answers, and for each wrong one ask first: was the answer in the retrieved text at all?",
            avoid="Fine-tuning on the documents. The text may be learned by heart while questions about it still fail.",
            evidence=("lost-in-the-middle",),
        ),
        narrow=AtScale(
            headline="Retrieve it now. Once that passes its evals, distil the reading into a smaller model.",
            reason="A small model can learn to answer from a passage. It comes after retrieval, because retrieval is what feeds it.",
            third_move="Score retrieval and answers separately. Log question, passage and accepted answer: that is the student's training set.",
            avoid="Distilling the facts instead of the reading. A student that knows the answers by heart is out of date at once.",
            evidence=("soudani", "distilling-step-by-step"),
        ),
    ),
    ("yes", "behavior"): Situation(
        tried="Instructions and examples were given and scored. What still varies is a candidate for training.",
        gap="The facts are there and the behaviour is not, which is what fine-tuning changes.",
        moves=(
            "Ask whether it is only structure. If so, use constrained decoding, validate the values, and stop here.",
            "Collect fifty or more inputs with outputs that an expert accepts, and hold a fifth of them out as the eval set.",
        ),
        evidence=("openai-accuracy", "lora", "jsonschemabench"),
        ordinary=AtScale(
            headline="Fine-tune the behaviour, with LoRA. The facts are there already.",
            reason="The tuned model will still be asked many things, so check that it keeps what it could do before.",
            third_move="Tune an adapter on a model that you are allowed to tune: all linear layers, three learning rates, judged against the best prompt.",
            avoid="Putting the style guide into a vector store. The model may quote it and go on writing as before.",
            evidence=("biderman",),
        ),
        narrow=AtScale(
            headline="Fine-tune the behaviour now. When it passes, distil it into a smaller model.",
            reason="Tuning shortens the prompt at once. A student comes next, and needs the tuned model as its teacher.",
            third_move="Tune an adapter on a model that you are allowed to tune, judge it against the best prompt, and log cost per request for both.",
            avoid="Tuning the small model directly on a few examples, with no teacher to say what it lost.",
            evidence=("qlora", "on-policy-distillation"),
        ),
    ),
    ("yes", "both"): Situation(
        tried="A clear prompt was not enough, and the failures are of two kinds. They are cured one after the other.",
        gap="Retrieval brings the facts, training sets the behaviour. Facts first: they change which behaviour is still wrong.",
        moves=(
            "Bring the facts in: all of them in the prompt if they fit, else an index with full-text search. Measure how often the right passage arrives.",
            "Score again with the right passage in place. If what is left is only structure, constrained decoding replaces the fine-tune.",
        ),
        evidence=("ovadia", "balaguer", "raft"),
        ordinary=AtScale(
            headline="Retrieve first, then fine-tune what is still wrong. You need both, in that order.",
            reason="There is time to measure between the two steps, and the first may make the second smaller.",
            third_move="Build the tuning examples with retrieved passages in their inputs, some of them wrong ones, so that the model learns to use them.",
            avoid="One fine-tune for both. It may learn the format, recite some facts, and stop reading what it is given.",
            evidence=("lora",),
        ),
        narrow=AtScale(
            headline="Retrieve first, then fine-tune, then distil. You need the whole ladder, one measured rung at a time.",
            reason="A small model that reads passages in your format is worth making, from a large one that does it already.",
            third_move="Log question, passage and accepted output from the first day: the same data tunes the teacher and trains the student.",
            avoid="Going straight to a small tuned model. When it fails, nobody can say whether retrieval, tuning or size was at fault.",
            evidence=("distilling-step-by-step",),
        ),
    ),
}


def compose(situation: Situation, scale: AtScale) -> Words:
    """Return the words of one verdict: a situation at a scale."""
    return Words(
        headline=scale.headline,
        because=(situation.tried, situation.gap, scale.reason),
        first_moves=(*situation.moves, scale.third_move),
        avoid=scale.avoid,
        evidence=(*situation.evidence, *scale.evidence),
    )


WORDS = {
    (tried, gap, scale): compose(situation, getattr(situation, scale))
    for (tried, gap), situation in SITUATIONS.items()
    for scale in ("ordinary", "narrow")
}
