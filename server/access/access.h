/*
 * The one door: who is asking, and what they may do.
 *
 * The only principal yet is the administrator, known by a bearer token, by a password (HTTP Basic) or by a
 * browser session that the password opened. Users, tokens and grants will widen access_authenticate() and
 * access_allows(); nothing outside this folder looks at credentials.
 *
 * An Authorization header decides alone, also where a cookie comes along. What browsers add by themselves
 * (the cookie, and a password that they remember) counts for unsafe methods only when it comes from a page of
 * this server: its Origin is http:// or https:// with what the Host header says. So a proxy in front keeps
 * Host.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/buf.h"
#include "model/macros.h"
#include "model/problem.h"
#include "model/span.h"

typedef struct PasswordCost PasswordCost;

/* Each right includes those before it, from RIGHT_READER on. */
typedef enum Right {
        RIGHT_UNSET,         /* nobody decided: a route that has it stops the start */
        RIGHT_PUBLIC,        /* no credentials needed */
        RIGHT_AUTHENTICATED, /* any valid credentials */
        RIGHT_READER,
        RIGHT_EDITOR,
        RIGHT_PUBLISHER,
        RIGHT_ADMIN,
        RIGHT_N,
} Right;

const char *right_to_string(Right right);

typedef struct Access Access;

typedef struct AccessOptions {
        const char *data_path;      /* where admin-password lies */
        const char *admin_password; /* or NULL: the one in the file, which is made when there is none */
        const char *admin_token;    /* or NULL: none */
        int64_t session_idle_ms;    /* a session ends when it is not used for so long */
        int64_t session_max_ms;     /* and in any case after so long */
        const PasswordCost *password_cost; /* or NULL: PASSWORD_COST_DEFAULT. For tests, which hash often */
} AccessOptions;

/*
 * access_new() - read or make the password
 * @ret_made_password: "" unless a password was made now, to be shown once and wiped by the caller; at most 32
 *                     printable characters
 *
 * Once access_hash_password() was called, only a memory-hard hash of the password (scrypt, N=2^15 r=8 p=3:
 * OWASP's equivalent of N=2^17 p=1 at 32 MiB) and the SHA-256 of the token are kept in memory; once HTTP
 * Basic has brought the right password, a keyed SHA-256 of that header as well. The options are not needed
 * afterwards.
 *
 * Return: 0 or negative errno; then @ret_problem says in its text what is wrong where, with a file's path.
 */
int access_new(const AccessOptions *options, Access **ret_access, char ret_made_password[33],
               Problem *ret_problem);
Access *access_free(Access *access);

/*
 * Hashes the password, in as long as access_authenticate_slowly() takes, and forgets it. Whoever asks that
 * before is served in the same way, only later.
 */
void access_hash_password(Access *access);

/* What a request brought along; absent where it did not. All borrowed. */
typedef struct Credentials {
        Span authorization; /* header values, without white space around */
        Span cookie;        /* several Cookie headers are joined by "; " */
        Span csrf;
        Span origin;
        Span host;
        Span address;   /* of the client, without the port */
        bool is_unsafe; /* the method changes something: not GET or HEAD */
} Credentials;

typedef struct Principal {
        Span name;      /* "user:admin", as actor in answers and audit; lives as long as the Access */
        Span user_name; /* "admin" */
        bool is_admin;
        Span csrf;             /* of the session; absent where a header authenticated */
        int64_t expires_at_ms; /* of the session unless it is used, wall clock; 0 where a header authenticated
                                */
        char csrf_text[44];    /* what csrf points into, so a Principal is not to be copied */
} Principal;

typedef enum AccessVerdict {
        ACCESS_GRANTED,
        ACCESS_NEEDS_HASHING,     /* a password that was not seen before: ask access_authenticate_slowly() */
        ACCESS_UNAUTHENTICATED,   /* none or wrong credentials */
        ACCESS_CSRF_FAILED,       /* from a foreign page, or without the session's CSRF value */
        ACCESS_TOO_MANY_FAILURES, /* this address has sent too many wrong passwords */
        ACCESS_VERDICT_N,
} AccessVerdict;

/*
 * Never blocks and, for a bearer token, takes no lock. @now_ms is the wall clock.
 * @ret_principal: filled with ACCESS_GRANTED only
 * @thread any
 */
AccessVerdict access_authenticate(Access *access, const Credentials *credentials, int64_t now_ms,
                                  Principal *ret_principal);

/*
 * The same, hashing where needed: some 300 ms of CPU and 32 MiB. Threads that ask at once take turns, so that
 * memory and CPU are bounded. Never on a loop thread.
 */
AccessVerdict access_authenticate_slowly(Access *access, const Credentials *credentials, int64_t now_ms,
                                         Principal *ret_principal);

/* Does a page of another server ask? For requests that change something without credentials: the login. */
bool access_is_foreign(const Credentials *credentials);

/*
 * access_login() - open a browser session; hashes in its turn, so never on a loop thread
 * @ret_cookie: gets the value of the Set-Cookie header, appended
 *
 * The caller has asked access_is_foreign() before.
 */
AccessVerdict access_login(Access *access, Span user_name, Span password, Span address, int64_t now_ms,
                           Principal *ret_principal, Buf *ret_cookie);

/* Ends the session that @cookie names, if any. @ret_cookie: a Set-Cookie that makes the browser forget it. */
void access_logout(Access *access, Span cookie, Buf *ret_cookie);

/* May @principal (NULL or empty: nobody known) use @right in @namespace ("*" or absent: everywhere)? */
bool access_allows(const Principal *principal, Right right, Span namespace);

DEFINE_CLEANUP(Access *, access_free);
