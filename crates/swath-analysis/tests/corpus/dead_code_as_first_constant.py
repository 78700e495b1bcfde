raise E
lambda: 0
