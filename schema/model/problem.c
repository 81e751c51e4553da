#include <stdio.h>

#include "model/problem.h"

void problem_set_args(Problem *problem, const char *field, const char *format, va_list args) {
        Problem made = PROBLEM_NULL;

        (void)snprintf(made.field, sizeof(made.field), "%s", field ? field : "");
        (void)vsnprintf(made.text, sizeof(made.text), format, args);
        *problem = made;
}

void problem_set(Problem *problem, const char *field, const char *format, ...) {
        va_list args;

        va_start(args, format);
        problem_set_args(problem, field, format, args);
        va_end(args);
}
