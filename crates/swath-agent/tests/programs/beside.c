/* Interpreters beside each other, as servers have one for each application: each runs in turns. */
#include <Python.h>

static void run(const char *text)
{
    if (PyRun_SimpleString(text) != 0)
        exit(3);
}

int main(void)
{
    PyThreadState *states[3];
    char text[64];
    Py_Initialize();
    states[0] = PyThreadState_Get();
    for (int number = 1; number < 3; number++)
        if ((states[number] = Py_NewInterpreter()) == NULL)
            return 2;
    for (int number = 0; number < 3; number++) {
        PyThreadState_Swap(states[number]);
        run("import rounds");
    }
    for (int number = 0; number < 3; number++) {
        PyThreadState_Swap(states[number]);
        snprintf(text, sizeof text, "rounds.run(%d)", number);
        run(text);
    }
    for (int number = 1; number < 3; number++) {
        PyThreadState_Swap(states[number]);
        Py_EndInterpreter(states[number]);
    }
    PyThreadState_Swap(states[0]);
    return Py_FinalizeEx() < 0 ? 2 : 0;
}
