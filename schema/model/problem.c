#include <stdio.h>

#include "model/problem.h"

void problem_set(Problem *problem, const char *field, const char *format, ...) {
        va_list args;

        *problem = PROBLEM_NULL;
        (void)snprintf(problem->field, sizeof(problem->field), "%s", field ? field : "");

        va_start(args, format);
        (void)vsnprintf(problem->text, sizeof(problem->text), format, args);
        va_end(args);
}
