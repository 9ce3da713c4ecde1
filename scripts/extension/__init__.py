"""The site's Markdown extension: what our pages may say beyond Markdown, and what stops the build.

Every page may use, and every mistake in it ends the build with `file:line: problem; nearest fix`:

- `::: name argument`, alone on its line: a block from the table in `blocks.py`;
- `[@key]`, `[@key; @other]`: citations of entries in `docs/_data/references.yml` (`sources/citations.py`);
- `[=result:key]`: a measured value from `results/` (`numbers/inline.py`);
- `::: once-measured NAME` to `::: end`: words that wait for a result (`numbers/once_measured.py`);
- no number with a unit without one of the two beside it (`numbers/loose_numbers.py`), and none beside a source that
  lacks it (`numbers/source_numbers.py`);
- a lesson says how long it takes (`lesson/reading_time.py`);
- the first mention of an abbreviation says what it stands for (`lesson/glossary.py`).

It is a plain Python-Markdown extension and uses no hook of one site generator, so that the pages outlive
the generator. The only thing taken from MkDocs, when it is there, is the class of the exception (`page.py`).
Option: `root`, the folder that holds `docs/` and `results/`; the repository by default.
"""


def makeExtension(**options):  # the name that Python-Markdown looks for
    """Return the extension. Imported only here, so that a room can be used without all the others."""
    from scripts.extension.site_extension import SiteExtension

    return SiteExtension(**options)
