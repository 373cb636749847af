"""Models that forecast the event: labels, splits, learners, calibration, cards. Arrays in, probabilities out."""
