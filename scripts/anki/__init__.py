"""The interview questions as an Anki package.

card      one question as a note, and the numbers by which Anki knows a note again
changes   when the words of each question last changed
deck      the package with all notes
`python -m scripts.anki` notes which questions have new words.
"""
