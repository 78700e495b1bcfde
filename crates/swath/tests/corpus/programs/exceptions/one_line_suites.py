try: x = 1 / 0
except ZeroDivisionError: x = 1
else: x = 2  # cov: miss
finally: y = x
