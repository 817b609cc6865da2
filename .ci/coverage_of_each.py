"""Read `coverage json` from standard input; fail where one module is below the bound, however good the sum is."""

import json
import sys

AT_LEAST = 95.0

files = json.load(sys.stdin)["files"]
low = {name: file["summary"]["percent_covered"] for name, file in files.items()}
low = {name: percent for name, percent in low.items() if percent < AT_LEAST}
for name, percent in sorted(low.items()):
    print(f"{name}: {percent:.1f} % of lines and branches, at least {AT_LEAST:g} % wanted")
if not files:
    sys.exit("nothing was measured")
sys.exit(bool(low))
