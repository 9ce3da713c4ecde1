"""What was measured: runs, the summaries computed from them, and the results that pages read."""
