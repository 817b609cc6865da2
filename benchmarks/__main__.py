"""`python -m benchmarks [LINE ...]`: measure, print the table; exit 1 where a bound does not hold."""

import sys
import time

from benchmarks.figures import machine, summary
from benchmarks.lines import LINES
from benchmarks.processes import allow_many_files


def main(chosen: list[int]) -> int:
    allow_many_files()
    print(machine(), flush=True)
    figures = []
    for number in chosen or list(LINES):
        begun = time.monotonic()
        figure = LINES[number]()
        figures.append(figure)
        print(f"{figure}  [{time.monotonic() - begun:.0f} s]", flush=True)
    print(summary(figures))
    return int(not all(figure.holds for figure in figures))


if __name__ == "__main__":
    sys.exit(main([int(argument) for argument in sys.argv[1:]]))
