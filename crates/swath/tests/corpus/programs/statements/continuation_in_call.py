print("", end=""
      )
x = len("a"
        "b")
y = [1,
     2
     ]
