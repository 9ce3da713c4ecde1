"""What is done to the finished pages, and with them: copies, indexes, checks, pictures, a local host."""
