"""Files for readers to take home: the snippets and their zip, and the runs of each experiment."""
