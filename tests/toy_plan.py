"""What the tests measure: the toy, on two seeds unless they say otherwise; and which of its runs were kept."""

from pathlib import Path

from scripts.measure import Plan


def plan(*arguments: str, seeds=(0, 1), **more) -> Plan:
    """Return the plan of a measurement of the toy."""
    return Plan("toy", "cpu", "python -m scripts.measure toy", seeds=seeds, arguments=arguments, **more)


def kept(root: Path, capsys) -> int:
    """Return of how many runs it was said that they are there already."""
    return capsys.readouterr().err.count("it is there already, from the same code and arguments")
