"""The quiz on the page: form, verdict cards, table, ladder and situations."""
