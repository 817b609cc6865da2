"""`python -m agent.cli` is `lineside`."""

import sys

from agent.cli import main

sys.exit(main())
