/* Forks without telling the interpreter, as servers do that embed one; the child runs nothing more. */
#include <Python.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int status = 0;
    Py_Initialize();
    if (PyRun_SimpleString("import rounds; [rounds.run(round) for round in range(3)]") != 0)
        return 3;
    pid_t child = fork();
    if (child == 0)
        return Py_FinalizeEx() < 0 ? 4 : 0;
    if (waitpid(child, &status, 0) != child || status != 0)
        return 5;
    return Py_FinalizeEx() < 0 ? 6 : 0;
}
