"""montauk starts here and says which collectors it has."""

import subprocess
import sys

NAME = "collector-info"

done = subprocess.run(
    [sys.executable, "-m", "montauk_tui", "--collector-info"],
    capture_output=True, text=True, check=False,
)  # fmt: skip
print(done.stdout, done.stderr, file=sys.stderr)
active = [line for line in done.stdout.splitlines() if line.startswith("  [active] ")]
if done.returncode != 0:
    print(f"FAIL {NAME} exit code {done.returncode}")
elif len(active) != 1:
    print(f"FAIL {NAME} {len(active)} active collectors")
else:
    print(f"pass {NAME} {active[0].split(maxsplit=1)[1]}")
