"""Models that forecast the event: labels, splits, learners, calibration, cards. Pure functions of arrays."""
