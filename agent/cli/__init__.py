"""The `lineside` command."""


def main() -> int:
    return 0
