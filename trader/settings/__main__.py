"""`python -m trader.settings` prints docs/settings.md."""

from trader.settings.document import page

if __name__ == "__main__":
    print(page(), end="")
