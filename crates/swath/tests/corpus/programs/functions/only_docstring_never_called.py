def f():
    """Nothing else."""
