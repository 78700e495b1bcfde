class Protocol:
    def f(self) -> int: ...  # cov: excluded

    def g(  # cov: excluded
        self,  # cov: excluded
        x: int,  # cov: excluded
    ) -> int: ...  # cov: excluded

    async def h(self): ...  # cov: excluded

    x = ...


y = ...
