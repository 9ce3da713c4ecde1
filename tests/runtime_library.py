"""The library of a runtime, as the tests look into it."""

import gzip
import io
import zipfile


def open_library(folder):
    """Open the Python library that a runtime ships."""
    return zipfile.ZipFile(io.BytesIO(gzip.decompress((folder / "python_stdlib.gzip").read_bytes())))
