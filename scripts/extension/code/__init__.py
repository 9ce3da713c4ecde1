"""Code on the page: by symbol, as a difference, and as downloads."""
