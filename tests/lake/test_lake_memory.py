import subprocess
import sys

import pytest

# In a process of its own: what other tests have allocated would blur the figure.
CODE = """
from bowerbird.lake.memory import give_back

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096

kept, freed = [], []
for _ in range(200_000):
    freed.append(bytearray(700))
    kept.append(bytearray(40)) if _ % 50 == 0 else None
before = resident()
freed.clear()
give_back()
print(before - resident())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux how much is resident")
def test_memory_freed_by_a_large_job_goes_back_to_the_system() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)

    assert int(done.stdout) > 50_000_000
