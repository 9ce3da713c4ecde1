"""The progress bar of a training, and where a stopped one goes on."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from transformers import ProgressCallback
from transformers.trainer_utils import get_last_checkpoint


class LossBar(ProgressCallback):
    """Shows the loss at the end of the progress bar."""

    def on_log(self, args, state, control, logs=None, **others):
        """Put the newest loss beside the bar."""
        if state.is_world_process_zero and self.training_bar and "loss" in logs:
            self.training_bar.set_postfix_str(f"loss {float(logs['loss']):.3f}")


@contextmanager
def all_or_nothing(folder: Path) -> Iterator[Path]:
    """Remove the files of a folder when writing them ends in the middle."""
    try:
        yield folder
    except BaseException:
        for file in folder.glob("*"):
            if file.is_file():
                file.unlink()
        raise


@contextmanager
def whole_checkpoints(out: Path) -> Iterator[None]:
    """Keep the checkpoints of a training that ends in the middle, if they are whole."""
    try:
        yield
    finally:
        drop_unfinished(out)


def drop_unfinished(out: Path) -> None:
    """Remove checkpoints that were not written to their end."""
    for folder in out.glob("checkpoint-*"):
        if not (folder / "trainer_state.json").is_file():  # it is written last
            shutil.rmtree(folder)


def last_checkpoint(out: Path, resume: bool) -> str | None:
    """Return where to go on from; to start anew, clear away what an older run left."""
    drop_unfinished(out)
    if resume and out.is_dir():
        return get_last_checkpoint(out)
    for old in out.glob("checkpoint-*"):
        shutil.rmtree(old)
    return None
