"""Pictures of data, drawn by Observable Plot in Node when the site is built."""
