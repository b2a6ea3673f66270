"""Takes words, gives calls: one file per stage."""

import os

# One thread a call, set before numpy loads: on a busy machine a second thread made calls ten times slower,
# because each waits for the other to be scheduled.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
