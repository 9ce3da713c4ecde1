"""The words of the verdicts, by answers: what each situation says, then what the way it runs adds to it."""

from quiz.words import Words

WORDS = (
    # Nothing is wrong, and no prompt was scored.
    Words(
        when={"tried": "no", "gap": "none"},
        because={
            "tried": "Answers that look fine in a quick try are an impression. Half a day with a written prompt turns it into a result.",
            "gap": "Then nothing needs adding, if it is true. Twenty questions will tell you.",
        },
        first_moves=(
            "Collect twenty real questions, with the answers that you would accept. That is your first eval set.",
            "Write one clear prompt with two or three worked examples, run all twenty, and read every answer.",
        ),
        evidence=("openai-accuracy", "gpt3"),
    ),
    Words(
        when={"tried": "no", "gap": "none", "scale": "ordinary"},
        headline="Write the prompt down and score it. You may already be done.",
        because={"scale": "A smaller or tuned model would cost more to make and keep than it saves."},
        first_moves=(
            "If all twenty pass, ship, and keep the set as a regression test. If not, come back with the failures.",
        ),
        avoid="Calling it good enough after five questions that somebody picked because they work.",
        evidence=("prompt-format",),
    ),
    Words(
        when={"tried": "no", "gap": "none", "scale": "narrow"},
        headline="Score a clear prompt first. If it holds, it becomes the teacher of a smaller model.",
        because={
            "scale": "One job at high volume is what distillation is for, but a student needs a teacher that is known to be good."
        },
        first_moves=(
            "Write down cost and latency per request at the volume you expect. They decide whether a smaller model is worth making.",
        ),
        avoid="Choosing the small model first, and finding out later that nobody knows how good the large one was.",
        evidence=("distilling-step-by-step",),
    ),
    # Facts are missing, and no prompt was scored.
    Words(
        when={"tried": "no", "gap": "facts"},
        because={
            "tried": "The cheapest test has not been made: paste the page that holds the answer into the prompt, and ask again.",
            "gap": "They have to come from outside the model: in the prompt first, from an index once the prompt cannot hold them.",
        },
        first_moves=(
            "Take twenty questions that it gets wrong, paste the right page into the prompt, and count how many turn right.",
            "Count the tokens of your documents: if they fit into the context window, put them all in the prompt, cache it, and build no index.",
        ),
        evidence=("openai-accuracy", "ovadia"),
    ),
    Words(
        when={"tried": "no", "gap": "facts", "scale": "ordinary"},
        headline="Paste the right page into the prompt first. If it then answers, you need the page, not training.",
        because={
            "scale": "There is no pressure on price or speed, so whatever brings the page can stay simple, and the model general."
        },
        first_moves=(
            "Write down which facts change, how often, and who may see them. That is the specification of the retrieval to come.",
        ),
        avoid='"The model doesn\'t know our product, so we need to fine-tune it." It needs to be shown the page.',
        evidence=("gekhman",),
    ),
    Words(
        when={"tried": "no", "gap": "facts", "scale": "narrow"},
        headline="Paste the right page in first, then retrieve it, and only then make the model small.",
        because={
            "scale": "Price and speed matter, but in the end: a student learns to read the passage, from a teacher that already does."
        },
        first_moves=(
            "Write down which facts change and how often, and log cost and latency per request: retrieval and student both start there.",
        ),
        avoid="Training a small model on the documents to save the retrieval. It will be wrong on the day that a fact changes.",
        evidence=("soudani",),
    ),
    # The form is wrong, and no prompt was scored.
    Words(
        when={"tried": "no", "gap": "structure"},
        because={
            "tried": "A model cannot guess the form that your program expects. Say it and show it before you force it.",
            "gap": "The content is right, so there is nothing to retrieve and no behaviour to train. A form can be asked for, and then enforced.",
        },
        first_moves=(
            "Write the form down as a schema, and put it into the prompt with three replies in exactly that form.",
            "Run twenty real inputs through your program's own parser, and keep every reply that it refuses.",
        ),
        evidence=("prompt-format", "openai-structured-outputs"),
    ),
    Words(
        when={"tried": "no", "gap": "structure", "scale": "ordinary"},
        headline="Show the exact form in the prompt. If replies still break, a schema will hold them to it.",
        because={
            "scale": "At this volume you can retry a reply that does not parse, while you count how often it happens."
        },
        first_moves=(
            "If some still fail, switch on constrained decoding with the same schema. Do not write a second prompt about commas.",
        ),
        avoid="Repairing replies with one more regular expression for each new way of being wrong.",
        evidence=("jsonschemabench",),
    ),
    Words(
        when={"tried": "no", "gap": "structure", "scale": "narrow"},
        headline="Show the form, then enforce it, and make the model small last.",
        because={
            "scale": "A schema holds a small model to the form as well as a large one, so settle the form before you choose a size."
        },
        first_moves=(
            "Log each input with the reply that was accepted, and its cost: the eval set of today trains the student of tomorrow.",
        ),
        avoid="Training a small model to write valid JSON. Constrained decoding does that without a single example.",
        evidence=("jsonschemabench", "distilling-step-by-step"),
    ),
    # The behaviour is wrong, and no prompt was scored.
    Words(
        when={"tried": "no", "gap": "behavior"},
        because={
            "tried": "Tone and skill are what clear instructions and a few examples change most cheaply. Find out how far they go.",
            "gap": "The facts are there, so retrieval would add nothing. What may come later is fine-tuning, and it needs the same examples.",
        },
        first_moves=(
            "Write the output that you want as a short specification with three to five worked examples, and put both in the prompt.",
            "Run the same prompt once on the next better model. If that behaves, its price is the one that a fine-tune has to beat.",
        ),
        evidence=("openai-accuracy",),
    ),
    Words(
        when={"tried": "no", "gap": "behavior", "scale": "ordinary"},
        headline="Show the model what you want before you train it to want it.",
        because={"scale": "A longer prompt costs little here, so examples in the prompt are a fair rival to training."},
        first_moves=(
            "Score tone, skill and reliability separately on twenty held-out inputs. What still fails is what fine-tuning is for.",
        ),
        avoid="Collecting thousands of training examples before writing five good ones into the prompt.",
        evidence=("many-shot",),
    ),
    Words(
        when={"tried": "no", "gap": "behavior", "scale": "narrow"},
        headline="Specify and show the behaviour first. Training and then shrinking the model come after.",
        because={
            "scale": "A long prompt is paid for at every request. Tuning makes the prompt shorter, distilling makes the model smaller."
        },
        first_moves=(
            "Keep every output that an expert accepts, with its input: it is training data for the tuning and for the student.",
        ),
        avoid="Fine-tuning to save tokens before knowing which of the instructions matter.",
        evidence=("azure-fine-tuning",),
    ),
    # Facts and behaviour are wrong, and no prompt was scored.
    Words(
        when={"tried": "no", "gap": "both"},
        because={
            "tried": "Two gaps at once cannot be told apart until a clear prompt has been tried. What is left after it is the real list.",
            "gap": "Missing facts and wrong behaviour have different cures: retrieval for the first, training for the second.",
        },
        first_moves=(
            "Take twenty failures and paste the right page into each. Right now: a missing fact. Still wrong: behaviour. Make two piles.",
            "For the second pile, put a specification and three to five examples in the prompt, or constrained decoding if only the form is wrong.",
        ),
        evidence=("openai-accuracy", "ovadia", "raft"),
    ),
    Words(
        when={"tried": "no", "gap": "both", "scale": "ordinary"},
        headline="Sort the failures into two piles with one good prompt, before you build anything.",
        because={
            "scale": "Nothing forces you to hurry past the cheap steps: one step, one measurement, then the next."
        },
        first_moves=(
            "Keep both piles as two eval sets. Every later step must shrink its own pile and leave the other alone.",
        ),
        avoid="Starting a retrieval project and a fine-tune in the same sprint. You will not know which of them helped.",
        evidence=("balaguer",),
    ),
    Words(
        when={"tried": "no", "gap": "both", "scale": "narrow"},
        headline="Sort the failures first. Retrieval, tuning and a smaller model follow in that order.",
        because={
            "scale": "The whole ladder may be needed, so every rung you can skip saves weeks. The piles tell you which."
        },
        first_moves=(
            "Keep both piles as two eval sets, and log cost and latency: the small model must pass the sets and beat the bill.",
        ),
        avoid="Planning the small, tuned, retrieving model as one project. Each part hides the faults of the others.",
        evidence=("distilling-step-by-step",),
    ),
    # Something is wrong, nobody knows what, and no prompt was scored.
    Words(
        when={"tried": "no", "gap": "unknown"},
        because={
            "tried": "Without a written prompt and a fixed set of questions, a missing fact and a vague instruction look the same.",
            "gap": "An honest answer, and a cheap one to improve: one clear prompt and fifty answers, read one by one, will name the gap.",
        },
        first_moves=(
            "Collect fifty real questions with the answers that you would accept, and run them through one clear prompt with examples.",
            "For each wrong answer, paste in the page that holds the fact and ask again. Right now: a fact was missing. Still wrong: it is the behaviour or the form.",
        ),
        evidence=("openai-accuracy", "anthropic-evals"),
    ),
    Words(
        when={"tried": "no", "gap": "unknown", "scale": "ordinary"},
        headline="Write one clear prompt and read fifty answers. Then you will know what is wrong.",
        because={"scale": "Nothing presses, so the first week can go into finding out, and none of it into building."},
        first_moves=("Count the piles, and come back with the largest: it names your next step.",),
        avoid="Choosing RAG or fine-tuning because it helped another team. Their failures are not yours.",
    ),
    Words(
        when={"tried": "no", "gap": "unknown", "scale": "narrow"},
        headline="Write one clear prompt and read what it gets wrong. Whatever that is, the smaller model comes last.",
        because={
            "scale": "High volume makes a smaller model worth having in the end, and a wrong guess now more expensive."
        },
        first_moves=(
            "Count the piles, and write down cost and latency per request: together they say what a small model would have to reach.",
        ),
        avoid="Making the model small while its failures are unexplained. You would train them in.",
        evidence=("distilling-step-by-step",),
    ),
    # A prompt was scored, and nothing is wrong.
    Words(
        when={"tried": "yes", "gap": "none"},
        because={
            "tried": "A clear prompt was run on real questions and the answers were read. That is evidence, not an impression.",
            "gap": "So there is nothing that retrieval or fine-tuning would repair.",
        },
        first_moves=(
            "Put the prompt under version control, together with the model's exact version and settings.",
            "Turn the questions you read into an eval set that runs on every change, and blocks one that makes it worse.",
        ),
        evidence=("anthropic-evals",),
    ),
    Words(
        when={"tried": "yes", "gap": "none", "scale": "ordinary"},
        headline="Ship it. Keep the prompt, and guard it with evals.",
        because={
            "scale": "No bill or delay asks for a smaller model, so the simplest thing that works is the right one."
        },
        first_moves=("Each week, read a sample of real questions, label the failures, and add them to the set.",),
        avoid="Fine-tuning anyway because there is budget. It adds a model to keep, and nothing that anyone asked for.",
        evidence=("openai-accuracy",),
    ),
    Words(
        when={"tried": "yes", "gap": "none", "scale": "narrow"},
        headline="The prompt is good enough to teach. Distill it into a smaller model.",
        because={
            "scale": "The same narrow job at high volume repays a small model, and your prompt is a teacher that passes."
        },
        first_moves=(
            "Let it label some thousands of real inputs, where its licence allows that; keep what passes your checks; train the smallest student that might do.",
        ),
        avoid="Comparing student and teacher on the inputs that the student was trained on.",
        evidence=("distilling-step-by-step", "distilbert"),
    ),
    # A prompt was scored, and facts are missing.
    Words(
        when={"tried": "yes", "gap": "facts"},
        because={
            "tried": "A clear prompt was not enough, so better wording will not close this gap.",
            "gap": "Such facts have to be handed to the model with the question. A page can be changed, cited and deleted; with weights each of these is hard.",
        },
        first_moves=(
            "Count the tokens of your documents. If they fit into the context window, put them all in the prompt and cache it: the simplest retrieval is none.",
            "If they do not fit, index them. Start with full-text search, and measure how often the right passage is among the first five.",
        ),
        evidence=("ovadia", "gekhman", "lewis"),
    ),
    Words(
        when={"tried": "yes", "gap": "facts", "scale": "ordinary"},
        headline="Put the facts in front of it: all of them if they fit the prompt, the retrieved page if they do not.",
        because={
            "scale": "Nothing asks for a smaller or tuned model, so getting the right page in front of this one is the whole job."
        },
        first_moves=(
            "Only then score the answers, and for each wrong one ask first: was the answer in the retrieved text at all?",
        ),
        avoid="Fine-tuning on the documents. The text may be learned by heart while questions about it still fail.",
        evidence=("lost-in-the-middle",),
    ),
    Words(
        when={"tried": "yes", "gap": "facts", "scale": "narrow"},
        headline="Put the facts in front of it now. Once that passes its evals, distill the reading into a smaller model.",
        because={
            "scale": "A small model can learn to answer from a passage. It comes after retrieval, because retrieval is what feeds it."
        },
        first_moves=(
            "Score retrieval and answers separately: was the right passage there, and was it used? Log both with the accepted answer, to train the student.",
        ),
        avoid="Distilling the facts instead of the reading. A student that knows the answers by heart is out of date at once.",
        evidence=("soudani", "distilling-step-by-step"),
    ),
    # A prompt was scored, and the form is wrong.
    Words(
        when={"tried": "yes", "gap": "structure"},
        because={
            "tried": "Instructions and examples were given and scored. They make the form likely; only the decoder can make it certain.",
            "gap": "The content is right, so there is nothing to retrieve and no behaviour to train. The form can be enforced while the model writes.",
        },
        first_moves=(
            "Write the form down as a JSON Schema or a grammar. Where the task takes steps, give it a field for them before the answer.",
            "Switch on constrained decoding: your provider's structured output, or a grammar engine on a model that you run yourself.",
        ),
        evidence=("openai-structured-outputs", "jsonschemabench"),
    ),
    Words(
        when={"tried": "yes", "gap": "structure", "scale": "ordinary"},
        headline="Hold the answer to a schema. It takes an afternoon, and no training.",
        because={"scale": "The bill and the wait are fine, so keep the model that already gets the content right."},
        first_moves=(
            "Validate the values too, and score the content with and without the schema: a reply can fit the form and be wrong.",
        ),
        avoid="Fine-tuning for valid JSON. It makes the form likelier, costs weeks, and still guarantees nothing.",
        evidence=("tam",),
    ),
    Words(
        when={"tried": "yes", "gap": "structure", "scale": "narrow"},
        headline="Hold the answer to a schema now. Then distill into a smaller model, held to the same schema.",
        because={
            "scale": "One narrow job at high volume repays a small model, and the schema goes with it for nothing."
        },
        first_moves=(
            "Validate the values too, and log each input with the reply that passed: the student's training data, made while you serve.",
        ),
        avoid="Judging the small model by whether its replies parse. Held to a schema they will, right or wrong.",
        evidence=("tam", "distilling-step-by-step"),
    ),
    # A prompt was scored, and the behaviour is wrong.
    Words(
        when={"tried": "yes", "gap": "behavior"},
        because={
            "tried": "Instructions and examples were given and scored. What still varies is a candidate for training.",
            "gap": "The facts are there and the behaviour is not, which is what fine-tuning changes. Where a program can score an answer that nobody can write, reinforcement learning may follow it.",
        },
        first_moves=(
            "Collect fifty or more inputs with outputs that an expert accepts, and hold a fifth of them out as the eval set.",
            "Score your best prompt on that eval set, and the next better model once. These are what the fine-tune has to beat.",
        ),
        evidence=("openai-accuracy", "lora"),
    ),
    Words(
        when={"tried": "yes", "gap": "behavior", "scale": "ordinary"},
        headline="Fine-tune the behaviour, with LoRA. The facts are there already.",
        because={
            "scale": "The tuned model will still be asked many things, so check that it keeps what it could do before."
        },
        first_moves=(
            "Tune an adapter on a model that you are allowed to tune: all linear layers, three learning rates, judged against the best prompt.",
        ),
        avoid="Putting the style guide into a vector store. The model may quote it and go on writing as before.",
        evidence=("biderman",),
    ),
    Words(
        when={"tried": "yes", "gap": "behavior", "scale": "narrow"},
        headline="Fine-tune the behaviour now. When it passes, distill it into a smaller model.",
        because={
            "scale": "Tuning shortens the prompt at once. A student comes next, and needs the tuned model as its teacher."
        },
        first_moves=(
            "Tune an adapter on a model that you are allowed to tune, judge it against the best prompt, and log cost per request for both.",
        ),
        avoid="Tuning the small model directly on a few examples, with no teacher to say what it lost.",
        evidence=("qlora", "on-policy-distillation"),
    ),
    # A prompt was scored, and facts and behaviour are wrong.
    Words(
        when={"tried": "yes", "gap": "both"},
        because={
            "tried": "A clear prompt was not enough, and the failures are of two kinds. They are cured one after the other.",
            "gap": "Retrieval brings the facts, training sets the behaviour. Facts first: they change which behaviour is still wrong.",
        },
        first_moves=(
            "Bring the facts in: all of them in the prompt if they fit, else an index with full-text search. Measure how often the right passage arrives.",
            "Score again with the right passage in place. If only the form is still wrong, constrained decoding replaces the fine-tune.",
        ),
        evidence=("ovadia", "balaguer", "raft"),
    ),
    Words(
        when={"tried": "yes", "gap": "both", "scale": "ordinary"},
        headline="Retrieve first, then fine-tune what is still wrong. You need both, in that order.",
        because={"scale": "There is time to measure between the two steps, and the first may make the second smaller."},
        first_moves=(
            "Keep each question with the passages that it got, right and wrong ones, and the accepted answer: tuning examples that teach the model to use them.",
        ),
        avoid="One fine-tune for both. It may learn the manners, recite some facts, and stop reading what it is given.",
        evidence=("lora",),
    ),
    Words(
        when={"tried": "yes", "gap": "both", "scale": "narrow"},
        headline="Retrieve first, then fine-tune, then distill: the whole ladder, one measured rung at a time.",
        because={
            "scale": "A small model that reads passages your way is worth making, from a large one that does it already."
        },
        first_moves=(
            "Log question, passage and accepted output from the first day: the same data tunes the teacher and trains the student.",
        ),
        avoid="Going straight to a small tuned model. When it fails, nobody can say whether retrieval, tuning or size was at fault.",
        evidence=("distilling-step-by-step",),
    ),
    # A prompt was scored, something is wrong, and nobody knows what.
    Words(
        when={"tried": "yes", "gap": "unknown"},
        because={
            "tried": "The prompt was run and the answers were read, so everything that a diagnosis needs is on your desk.",
            "gap": "Each step of the ladder treats one kind of failure. Until you know the kind, any of them is a guess.",
        },
        first_moves=(
            "Take fifty answers that are wrong or doubtful. For each, paste the right page into the prompt and ask again.",
            "Sort them into two piles. Right with the page: a fact was missing. Wrong with it: the behaviour, or only the form.",
        ),
        evidence=("openai-accuracy", "sufficient-context"),
    ),
    Words(
        when={"tried": "yes", "gap": "unknown", "scale": "ordinary"},
        headline="Find out first: paste the right page in, ask again, and sort fifty answers into two piles.",
        because={
            "scale": "There is no pressure on price or speed, and a few days of reading cost less than the wrong project."
        },
        first_moves=(
            "Ask the same fifty once of the next better model. What it gets right may need no project at all.",
        ),
        avoid="Starting with the tool that the team would like to learn. The piles may ask for another.",
        evidence=("anthropic-evals",),
    ),
    Words(
        when={"tried": "yes", "gap": "unknown", "scale": "narrow"},
        headline="Find out what is wrong first: sort fifty answers into two piles. Then make small what passes.",
        because={
            "scale": "A smaller model is where this may end, and it will be taught by whatever the large one does, mistakes included."
        },
        first_moves=(
            "Keep the sorted fifty as your eval set, and log cost and latency: a smaller model must pass the one and beat the others.",
        ),
        avoid="Hoping that a small tuned model will repair, on its way, a failure that nobody has explained.",
        evidence=("distilling-step-by-step",),
    ),
)
