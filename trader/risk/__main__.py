"""`python -m trader.risk` prints docs/limits.md."""

from trader.risk.document import page

if __name__ == "__main__":
    print(page(), end="")
