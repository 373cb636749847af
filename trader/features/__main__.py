"""`python -m trader.features` prints docs/features.md."""

from trader.features.document import page

if __name__ == "__main__":
    print(page(), end="")
