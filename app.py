"""The composition root and the ``slava`` command."""


def main() -> None:
    """Run the ``slava`` command."""


if __name__ == "__main__":
    main()
