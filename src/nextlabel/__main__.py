"""The entry point: ``nextlabel``, or ``python -m nextlabel``."""

import sys


def main() -> None:
    """Exit codes: 0 done, 1 the world said no, 2 wrong use, 130 interrupted."""
    try:
        from nextlabel.cli.app import app  # in here, since it takes long enough to be interrupted
        from nextlabel.cli.encoding import speak_plainly

        speak_plainly()
        app()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
