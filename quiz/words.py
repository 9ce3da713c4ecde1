"""Put the words of a verdict together from pieces, each of which belongs to some of the answers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Words:
    """What is said when certain answers are given; a verdict is made of all pieces whose answers are among its own.

    when: option ids by question id, all of which must be given. because: the reason of each answer, by question id.
    evidence: keys of references.
    """

    when: Mapping[str, str]
    headline: str = ""
    because: Mapping[str, str] = field(default_factory=dict)
    first_moves: tuple[str, ...] = ()
    avoid: str = ""
    evidence: tuple[str, ...] = ()


def combine(pieces: Iterable[Words], answers: Mapping[str, str]) -> Words:
    """Return the words for a complete set of answers.

    Pieces for few answers come first, those for more after them: moves and evidence add up in that order, and of
    headlines, reasons and warnings the last holds.
    """
    fitting = sorted((piece for piece in pieces if piece.when.items() <= answers.items()), key=lambda p: len(p.when))
    return Words(
        when=dict(answers),
        headline=last(piece.headline for piece in fitting),
        because={question: reason for piece in fitting for question, reason in piece.because.items()},
        first_moves=tuple(move for piece in fitting for move in piece.first_moves),
        avoid=last(piece.avoid for piece in fitting),
        evidence=tuple(dict.fromkeys(key for piece in fitting for key in piece.evidence)),
    )


def last(texts: Iterable[str]) -> str:
    """Return the last text that is not empty; empty when there is none."""
    return next((text for text in reversed(list(texts)) if text), "")
