from abc import ABC, abstractmethod


class Base(ABC):
    @abstractmethod  # cov: excluded
    def f(self):  # pragma: no cover  # cov: excluded
        return 1  # cov: excluded


x = 1
