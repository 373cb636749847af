"""The one format of a data folder: a file of bars for each symbol, and the dated facts beside them.

`docs/data.md` describes it for users. Each module reads one kind of file and says what is wrong by file and
row.
"""
