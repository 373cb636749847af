import subprocess
import sys

IMPORTS = """
import sys, pkgutil, importlib, trader.llm
for module in pkgutil.iter_modules(trader.llm.__path__, "trader.llm."):
    if module.name != "trader.llm.bounded":  # comes with litellm
        importlib.import_module(module.name)
from trader.llm.litellm_client import LitellmClient
from trader.clock import SystemClock
LitellmClient(SystemClock())
loaded = {name.partition(".")[0] for name in sys.modules}
print(sorted(loaded & {"litellm", "openai", "httpx", "aiohttp", "tiktoken"}))
"""


def test_no_library_of_models_is_imported_before_the_first_call() -> None:
    ran = subprocess.run([sys.executable, "-c", IMPORTS], capture_output=True, text=True, timeout=60)
    assert (ran.stdout, ran.stderr) == ("[]\n", "")
