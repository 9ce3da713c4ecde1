"""The worked case: a ferry line's handbook, and the code that the scripts share.

Every script imports this first: Ctrl-C during the slow imports ends in one line too.
"""

import logging
import os
import sys
import warnings
from pathlib import Path

MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"  # hub id of the default model
CASE = Path(__file__).parent
STOPPED = 130  # exit status of a program that Ctrl-C ended


def stop_in_one_line(kind: type, error: BaseException, trace: object) -> None:
    """Report an uncaught Ctrl-C in one line; leave every other error to Python."""
    if not issubclass(kind, KeyboardInterrupt):
        return sys.__excepthook__(kind, error, trace)
    print(f"\n{os.path.basename(sys.argv[0])}: stopped", file=sys.stderr, flush=True)
    os._exit(STOPPED)  # not sys.exit: half-imported libraries would print as they go


sys.excepthook = stop_in_one_line
os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # idle threads sleep: shared cores
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # the trainer forks
warnings.filterwarnings("ignore", category=FutureWarning, module="transformers|trl")
for library in ("bitsandbytes", "huggingface_hub"):  # kernels no CPU needs, retries
    logging.getLogger(library).setLevel(logging.ERROR)
