"""A share as the pages print it: whole percent, and honest at the edges."""

NO_BREAK = "\N{NO-BREAK SPACE}"


def percent(share: float) -> str:
    """Return "44 %"; a share that is not quite none is "<1 %", one that is not quite all is ">99 %"."""
    whole = round(100 * share)
    if whole == 0 and share > 0:
        return f"<1{NO_BREAK}%"
    if whole == 100 and share < 1:
        return f">99{NO_BREAK}%"
    return f"{whole}{NO_BREAK}%"


def with_interval(number: dict) -> str:
    """Return a measured share, with its interval where it has one: "44 % (30 to 58)"."""
    if not {"low", "high"} <= set(number):
        return percent(number["value"])
    low, high = (percent(number[side]).removesuffix(f"{NO_BREAK}%") for side in ("low", "high"))
    return f"{percent(number['value'])} ({low} to {high})"
