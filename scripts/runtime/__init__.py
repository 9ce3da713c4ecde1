"""The Python that the reader's browser runs: Pyodide, cut to what the quiz needs. Run: `python -m scripts.runtime`.

bundle    the steps, in order
wheel     the quiz as a wheel, and its entry in the lock file
observe   which modules of the standard library boot and quiz import (Pyodide in Node)
compile   those modules as byte code in a zip (Pyodide in Node)
exercise  requests that take the quiz through everything it does
boot      Pyodide in Node, as the browser's worker boots it
steps     a step runs only when its inputs changed
"""

from scripts.runtime.bundle import build_runtime
from scripts.runtime.steps import RuntimeBuildError

__all__ = ["RuntimeBuildError", "build_runtime"]
