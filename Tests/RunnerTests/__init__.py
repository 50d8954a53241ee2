"""Tests of `Tests/run` itself. Run by it, or alone by `python3 Tests/RunnerTests [FILTER]`."""
