"""Pure functions of arrays that score: no files, no clock, no opinion on what is good."""
