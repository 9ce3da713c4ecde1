"""Write the golden file anew: `python -m tests.golden`. Read the difference before you commit it."""

import json
from pathlib import Path

from quiz import all_answers, decide

verdicts = {"-".join(answers.values()): decide(answers).as_dict() for answers in all_answers()}
Path(__file__).with_name("verdicts.json").write_text(json.dumps(verdicts, indent=1) + "\n", encoding="utf-8")
