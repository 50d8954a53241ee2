"""Tests of the API's description. Run by `Tests/run`, or alone by
`NEEDLETAIL=FILE .build/python-venv/bin/python Tests/DescriptionTests [FILTER]`."""
