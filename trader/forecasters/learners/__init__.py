"""What can be fitted. Each learner is a file, behind the protocol in `learner.py`."""
