"""What lessons need beside words: glossary, reading time, worked tables and forms."""
