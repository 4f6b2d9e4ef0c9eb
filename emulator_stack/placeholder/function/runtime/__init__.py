"""Stands in for the functions' code until it has been built: whoever deploys this learns what to do."""

raise RuntimeError(
    "this function was deployed without its code: run `uv run python scripts/build_zip.py`, then deploy again"
)
