"""`python -m trader.tools` prints docs/tools.md."""

from trader.tools.document import page

if __name__ == "__main__":
    print(page(), end="")
