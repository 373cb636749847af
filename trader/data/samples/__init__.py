"""The bundled samples: real bars, corporate actions and macro series in the one format of a data folder.

`docs/data-samples.md` describes the files and what is known to be odd about each of them. They are made by
`python -m trader.data.samples.build`; nothing here is imported to read them.
"""
