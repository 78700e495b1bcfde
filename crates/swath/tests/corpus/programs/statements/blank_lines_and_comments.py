# first


x = 1  # a comment

# between

y = 2

# last
