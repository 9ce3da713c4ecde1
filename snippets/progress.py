"""The progress bar of a training, and where a stopped one goes on."""

import shutil
from pathlib import Path

from transformers import ProgressCallback
from transformers.trainer_utils import get_last_checkpoint


class LossBar(ProgressCallback):
    """Shows the loss at the end of the progress bar."""

    def on_log(self, args, state, control, logs=None, **others):
        """Put the newest loss beside the bar."""
        if state.is_world_process_zero and self.training_bar and "loss" in logs:
            self.training_bar.set_postfix_str(f"loss {float(logs['loss']):.3f}")


def last_checkpoint(out: Path, resume: bool) -> str | None:
    """Return where to go on from; to start anew, clear away what an older run left."""
    if resume and out.is_dir():
        return get_last_checkpoint(out)
    for old in out.glob("checkpoint-*"):
        shutil.rmtree(old)
    return None
