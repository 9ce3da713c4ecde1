"""The fields of the break-even form, and texts in them whose sum is known."""

from scripts.extension.lesson import break_even

FIELDS = [field for fields in break_even.GROUPS.values() for field in fields]
MINI = {"calls": "1000", "input": "2000", "output": "500", "making": "90", "upkeep": "5"}
PRICED = MINI | {"teacher-input": "3", "teacher-output": "12", "student-input": "0.5", "student-output": "2"}
TEXTS = dict.fromkeys((field.name for field in FIELDS), "") | PRICED  # a call: 0.012 against 0.002
