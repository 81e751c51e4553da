/*
 * Rights: their names, and who has which.
 */
#include "access/access.h"

const char *right_to_string(Right right) {
        static const char *const names[RIGHT_N] = {
                [RIGHT_UNSET] = "unset",   [RIGHT_PUBLIC] = "public", [RIGHT_AUTHENTICATED] = "authenticated",
                [RIGHT_READER] = "reader", [RIGHT_EDITOR] = "editor", [RIGHT_PUBLISHER] = "publisher",
                [RIGHT_ADMIN] = "admin",
        };

        return names[right];
}

bool access_allows(const Principal *principal, Right right, Span namespace) {
        /* The only principal yet is the administrator, of everything. */
        (void)namespace;

        switch (right) {
        case RIGHT_PUBLIC:
                return true;
        case RIGHT_AUTHENTICATED:
                return principal && principal->name.data;
        case RIGHT_READER:
        case RIGHT_EDITOR:
        case RIGHT_PUBLISHER:
        case RIGHT_ADMIN:
                return principal && principal->is_admin;
        case RIGHT_UNSET:
        case RIGHT_N:
                break;
        }
        return false;
}
