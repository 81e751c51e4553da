/*
 * The server as a whole: what is started in which order, and stopped in the reverse.
 */
#pragma once

#include "model/problem.h"
#include "util/settings.h"

/*
 * Serves until SIGTERM or SIGINT, then lets what is under way finish. SIGHUP opens the access log anew.
 * @version: of the program
 * Return: 0 after a stop that was asked for; a negative errno with @ret_problem filled when the start failed.
 */
int serve(const Settings *settings, const char *version, Problem *ret_problem);
