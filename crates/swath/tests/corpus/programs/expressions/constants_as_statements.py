x = 1
1
"text"
None
...  # cov: excluded
True
