"""A reader of Holdfast repositories, written from agent/repository/FORMAT.md alone.

It shares no line with Holdfast. It is there so that backups can be read when nothing else of Holdfast is left, and to
show that the page suffices. "§" in this package means a section of that page. Start reading at `repository.py`, which
follows §15, and `snapshot_reader.py`; what an object looks like is in the file of its name.
"""
