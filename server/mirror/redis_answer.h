/*
 * What an error that Redis answers means for a mirror.
 */
#pragma once

#include "mirror/target.h"

/*
 * redis_answer_judge() - tell what @text, the error without its "-", is: later again, never, or for a person
 * @ret_error: filled with a sentence in which the text stands, without what it repeats of a command
 *
 * Return: TARGET_E_DOWN, TARGET_E_FAILED, TARGET_E_REFUSED or TARGET_E_DENIED.
 */
TargetOutcome redis_answer_judge(Span text, TargetError *ret_error);
