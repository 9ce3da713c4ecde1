"""Sources: citations in the text, the References page, and where each source is cited."""
