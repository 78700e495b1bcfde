"""Tasks of loky and of joblib, which brings a loky of its own."""

import joblib
import loky
import pytest
from pooled import fail, task


@pytest.mark.parametrize("number", [1, 2])
def test_loky(number):
    executor = loky.get_reusable_executor(max_workers=1)
    assert executor.submit(task, "loky %d" % number).result() == "loky %d" % number
    with pytest.raises(KeyError) as caught:
        executor.submit(fail, "loky %d fails" % number).result()
    assert "swath_attribution" not in str(caught.value.__cause__)


@pytest.mark.parametrize("number", [1, 2])
def test_joblib(number):
    joblib.Parallel(n_jobs=2)(joblib.delayed(task)("joblib %d" % number) for _ in range(9))
