#include "mirror/target_apart.h"

TargetOutcome target_send_apart(Target *target, TargetItem *items, size_t n, TargetSendFn send,
                                TargetError *ret_error) {
        TargetOutcome outcome = send(target, items, n, ret_error);

        if (outcome != TARGET_E_REFUSED)
                return outcome;
        if (n == 1) {
                items->outcome = TARGET_E_REFUSED;
                items->error = *ret_error;
                return TARGET_OK;
        }

        outcome = target_send_apart(target, items, n / 2, send, ret_error);
        if (outcome != TARGET_OK)
                return outcome;
        return target_send_apart(target, items + n / 2, n - n / 2, send, ret_error);
}
