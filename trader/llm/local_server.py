"""The process behind `local-demo`: serves weights on a free port of loopback until its standard input ends.

It is run as a file, by `local_demo.py`, which holds the other end of that pipe: the system closes it however
the run ends, so that even a run that was killed leaves no server behind.
"""

import os
import signal
import sys

from xllamacpp import CommonParams, Server

HOST = "127.0.0.1"
CONTEXT = 8192
"""Tokens: what SmolLM2 was trained on. The longest prompt of the packaged desk has fewer than 5,000."""

CACHE_MIB = 1024
"""What was read is kept, some 50 MB a prompt, so that four symbols can take turns."""


def serve(weights: str) -> None:
    """Prints the address on a line of its own once the model is loaded. Never returns."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the run, which finishes its round first
    params = CommonParams()
    params.model.path = weights
    params.n_ctx = CONTEXT
    params.n_parallel = 1  # whoever comes next begins with the same reports, which are read only once
    params.n_gpu_layers = 0
    params.cpuparams.n_threads = 1  # two that wait for each other are slower wherever the desk works too
    params.cpuparams_batch.n_threads = min(4, os.cpu_count() or 1)
    params.cpuparams.poll = params.cpuparams_batch.poll = 0
    params.cache_ram_mib = CACHE_MIB
    params.hostnames = [HOST]
    params.port = 0
    params.ui = False
    params.offline = True
    server = Server(params)
    print(server.listening_address, flush=True)
    sys.stdin.read()
    os._exit(0)  # the library's own threads may be in the middle of an answer that nobody waits for


if __name__ == "__main__":
    serve(sys.argv[1])
