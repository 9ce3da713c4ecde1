"""Build the runtime into `build/runtime/`: `python -m scripts.runtime`."""

import sys

from scripts.runtime import RuntimeBuildError, build_runtime

if __name__ == "__main__":
    try:
        folder = build_runtime()
    except RuntimeBuildError as error:
        sys.exit(f"runtime: {error}")
    for file in sorted(folder.iterdir()):
        print(f"{file.stat().st_size:>10,}  {file.name}", file=sys.stderr)
    print(folder)
