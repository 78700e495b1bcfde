/* Begins the interpreter several times, as servers do that restart it. */
#include <Python.h>

static void run(int round)
{
    char text[64];
    snprintf(text, sizeof text, "import rounds; rounds.run(%d)", round);
    if (PyRun_SimpleString(text) != 0)
        exit(3);
}

int main(void)
{
    for (int round = 0; round < 3; round++) {
        Py_Initialize();
        run(round);
        if (Py_FinalizeEx() < 0)
            return 2;
    }
    return 0;
}
