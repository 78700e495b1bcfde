# Processes of multiprocessing, by the start method that the first argument names.
import multiprocessing
import sys


def work(number):
    square = number * number
    return square


def answer(queue):
    text = "from a process of its own"
    queue.put(text)


def unasked():
    return "nobody calls this"  # miss


def main():
    context = multiprocessing.get_context(sys.argv[1])
    with context.Pool(2) as pool:
        squares = pool.map(work, range(8))
    queue = context.Queue()
    process = context.Process(target=answer, args=(queue,))
    process.start()
    text = queue.get(timeout=60)
    process.join()
    print(sum(squares), text)


if __name__ == "__main__":
    main()
