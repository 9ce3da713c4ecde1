"""Which code a result was made with, told from what does not matter to it: comments, messages, layout."""
