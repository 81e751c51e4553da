#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "access/access.h"
#include "access/password.h"
#include "access/session.h"
#include "access/throttle.h"
#include "util/digest.h"
#include "util/log.h"

#define USER_NAME         "admin"
#define COOKIE_NAME       "confer_session"
#define COOKIE_ATTRIBUTES "; Path=/; HttpOnly; SameSite=Strict"

/*
 * What is longer, a token or a user name and password in base64, is refused unhashed. The settings allow 1024
 * bytes for either secret.
 */
#define CREDENTIAL_SIZE_MAX 2048

#define BASIC_KEY_SIZE 32

struct Access {
        uint8_t token_hash[SHA256_SIZE];
        bool has_token;
        SessionTable *sessions;
        Throttle *throttle;

        /*
         * Programs that use HTTP Basic send the password with each request. The one header that is right is
         * remembered by a SHA-256 under a random key, so that only the first of them hashes. The cost: with
         * this process's memory in hand, the password can be guessed at the price of a SHA-256 from then on.
         * The key stands in front of what is hashed; an HMAC would add nothing, for the result is shown to
         * nobody.
         *
         * The hash is written once, before the flag, and never changes, as the password does not.
         */
        uint8_t basic_key[BASIC_KEY_SIZE];
        uint8_t basic_hash[SHA256_SIZE];
        atomic_bool basic_is_known;

        /*
         * Held while a password is judged, so that the throttle knows each failure before the next try.
         * Guards what follows.
         */
        pthread_mutex_t hashing_lock;
        PasswordHash password;
        PasswordCost password_cost;
        char unhashed_password[PASSWORD_SIZE_MAX + 1]; /* "" once it is hashed */
};

static void secret_deinit(Buf *buf) {
        if (buf->data)
                wipe(buf->data, buf->capacity);
        buf_deinit(buf);
}

static int init_token(Access *access, const char *token, Problem *ret_problem) {
        Span text = span_from_string(token);

        if (!token)
                return 0;
        if (text.size == 0 || text.size > CREDENTIAL_SIZE_MAX) {
                problem_set(ret_problem, NULL, "the admin token has %zu bytes; 1 to %d can be used",
                            text.size, CREDENTIAL_SIZE_MAX);
                return -EINVAL;
        }

        sha256(text, access->token_hash);
        access->has_token = true;
        return 0;
}

static int make_password(const AccessOptions *options, char ret_password[static PASSWORD_SIZE_MAX + 1],
                         char ret_made_password[33], Problem *ret_problem) {
        char made[PASSWORD_GENERATED_SIZE + 1];
        int r;

        password_generate(made);
        r = password_file_make(options->data_path, made, ret_problem);
        if (!r) {
                memcpy(ret_password, made, sizeof(made));
                memcpy(ret_made_password, made, sizeof(made));
        }
        wipe(made, sizeof(made));
        return r;
}

/* From the options, from the file, or made, in this order. */
static int find_password(const AccessOptions *options, char ret_password[static PASSWORD_SIZE_MAX + 1],
                         char ret_made_password[33], Problem *ret_problem) {
        Span given = span_from_string(options->admin_password);
        int r;

        if (given.data) {
                if (!password_is_fit("the admin password", given, ret_problem))
                        return -EINVAL;
                memcpy(ret_password, given.data, given.size + 1);
                return 0;
        }

        r = password_file_read(options->data_path, ret_password, ret_problem);
        if (r == -ENOENT)
                r = make_password(options, ret_password, ret_made_password, ret_problem);
        return r;
}

static int init_password(Access *access, const AccessOptions *options, char ret_made_password[33],
                         Problem *ret_problem) {
        char made[33] = "";
        int r;

        access->password_cost = options->password_cost ? *options->password_cost : PASSWORD_COST_DEFAULT;
        r = find_password(options, access->unhashed_password, made, ret_problem);
        if (!r)
                memcpy(ret_made_password, made, sizeof(made));
        wipe(made, sizeof(made));
        return r;
}

/* With the lock held. */
static void hash_password(Access *access) {
        if (!access->unhashed_password[0])
                return;

        password_hash(span_from_string(access->unhashed_password), access->password_cost, &access->password);
        wipe(access->unhashed_password, sizeof(access->unhashed_password));
}

void access_hash_password(Access *access) {
        (void)pthread_mutex_lock(&access->hashing_lock);
        hash_password(access);
        (void)pthread_mutex_unlock(&access->hashing_lock);
}

int access_new(const AccessOptions *options, Access **ret_access, char ret_made_password[33],
               Problem *ret_problem) {
        _cleanup_(access_freep) Access *access = calloc(1, sizeof(*access));
        int r;

        if (!access)
                abort();

        (void)pthread_mutex_init(&access->hashing_lock, NULL);
        random_bytes(access->basic_key, sizeof(access->basic_key));
        access->throttle = throttle_new();
        access->sessions = session_table_new(options->session_idle_ms, options->session_max_ms);
        if (!access->throttle || !access->sessions)
                abort();

        r = init_token(access, options->admin_token, ret_problem);
        if (r)
                return r;

        /* Last, because it may leave a file behind. */
        r = init_password(access, options, ret_made_password, ret_problem);
        if (r)
                return r;

        *ret_access = access;
        access = NULL;
        return 0;
}

Access *access_free(Access *access) {
        if (!access)
                return NULL;

        session_table_free(access->sessions);
        throttle_free(access->throttle);
        (void)pthread_mutex_destroy(&access->hashing_lock);
        wipe(access, sizeof(*access));
        free(access);
        return NULL;
}

/*
 * Reading what requests bring along.
 */

static unsigned char to_lower(char c) {
        return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool equal_in_any_case(Span a, Span b) {
        if (a.size != b.size)
                return false;
        for (size_t i = 0; i < a.size; i++)
                if (to_lower(a.data[i]) != to_lower(b.data[i]))
                        return false;
        return true;
}

static Span span_from(Span text, size_t at) {
        return (Span){ text.data + at, text.size - at };
}

/* What follows @scheme, in any case, and spaces in an Authorization header; absent for another scheme. */
static Span after_scheme(Span header, Span scheme) {
        Span rest;

        if (header.size <= scheme.size || header.data[scheme.size] != ' ' ||
            !equal_in_any_case((Span){ header.data, scheme.size }, scheme))
                return SPAN_NULL;

        rest = span_from(header, scheme.size);
        while (rest.size > 0 && rest.data[0] == ' ')
                rest = span_from(rest, 1);
        return rest;
}

/* Cuts the next pair off @cookie, without the spaces before it. */
static Span next_pair(Span *cookie) {
        const char *end = memchr(cookie->data, ';', cookie->size);
        Span pair = { cookie->data, end ? (size_t)(end - cookie->data) : cookie->size };

        *cookie = span_from(*cookie, end ? pair.size + 1 : pair.size);
        while (pair.size > 0 && pair.data[0] == ' ')
                pair = span_from(pair, 1);
        return pair;
}

/*
 * What may be the id of a session in a Cookie header. Absent too when it names two: then somebody else, such
 * as another server on this host, has set one of them. Other cookies may look as they like, for they are
 * others' business.
 */
static Span session_id_in(Span cookie) {
        const Span prefix = SPAN_LITERAL(COOKIE_NAME "=");
        Span id = SPAN_NULL;

        while (cookie.size > 0) {
                Span pair = next_pair(&cookie);

                if (!span_starts_with(pair, prefix))
                        continue;
                if (id.data)
                        return SPAN_NULL;
                id = span_from(pair, prefix.size);
        }
        return id.size == SESSION_TEXT_SIZE ? id : SPAN_NULL;
}

static bool is_origin_ours(Span origin, Span host) {
        static const char *const schemes[] = { "http://", "https://" };

        for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
                Span scheme = span_from_string(schemes[i]);

                if (host.size > 0 && span_starts_with(origin, scheme) &&
                    equal_in_any_case(span_from(origin, scheme.size), host))
                        return true;
        }
        return false;
}

bool access_is_foreign(const Credentials *credentials) {
        return credentials->origin.data && !is_origin_ours(credentials->origin, credentials->host);
}

/*
 * Judging it.
 */

static void grant(Principal *ret_principal) {
        *ret_principal = (Principal){
                .name = SPAN_LITERAL("user:" USER_NAME),
                .user_name = SPAN_LITERAL(USER_NAME),
                .is_admin = true,
                .csrf = SPAN_NULL,
        };
}

static void grant_session(const Session *session, Principal *ret_principal) {
        grant(ret_principal);
        memcpy(ret_principal->csrf_text, session->csrf, sizeof(session->csrf));
        ret_principal->csrf = (Span){ ret_principal->csrf_text, SESSION_TEXT_SIZE };
        ret_principal->expires_at_ms = session->expires_at_ms;
}

static AccessVerdict authenticate_bearer(const Access *access, Span token, Principal *ret_principal) {
        uint8_t hash[SHA256_SIZE];

        if (!access->has_token || token.size > CREDENTIAL_SIZE_MAX)
                return ACCESS_UNAUTHENTICATED;

        sha256(token, hash);
        if (!equal_in_constant_time(hash, access->token_hash, sizeof(hash)))
                return ACCESS_UNAUTHENTICATED;

        grant(ret_principal);
        return ACCESS_GRANTED;
}

static void hash_basic(const Access *access, Span encoded, uint8_t ret_hash[SHA256_SIZE]) {
        Sha256 sha;

        sha256_init(&sha);
        sha256_update(&sha, access->basic_key, sizeof(access->basic_key));
        sha256_update(&sha, encoded.data, encoded.size);
        sha256_final(&sha, ret_hash);
        wipe(&sha, sizeof(sha));
}

static bool is_remembered(const Access *access, Span encoded) {
        uint8_t hash[SHA256_SIZE];

        if (!atomic_load_explicit(&access->basic_is_known, memory_order_acquire))
                return false;

        hash_basic(access, encoded, hash);
        return equal_in_constant_time(hash, access->basic_hash, sizeof(hash));
}

static void remember(Access *access, Span encoded) {
        (void)pthread_mutex_lock(&access->hashing_lock);
        if (!atomic_load_explicit(&access->basic_is_known, memory_order_relaxed)) {
                hash_basic(access, encoded, access->basic_hash);
                atomic_store_explicit(&access->basic_is_known, true, memory_order_release);
        }
        (void)pthread_mutex_unlock(&access->hashing_lock);
}

/* An unknown name costs the same hashing as a wrong password, so that the time does not tell who exists. */
static AccessVerdict judge_password(Access *access, Span user_name, Span password, Span address,
                                    int64_t now_ms) {
        bool matches;

        if (throttle_is_shut(access->throttle, address, now_ms))
                return ACCESS_TOO_MANY_FAILURES;

        hash_password(access);
        matches = password_matches(&access->password, password);
        if (matches && span_equal_string(user_name, USER_NAME))
                return ACCESS_GRANTED;

        if (throttle_count_failure(access->throttle, address, now_ms))
                log_warning("access.address_shut_out",
                            "address=%.*s failures=%d Passwords from this address are refused for a minute.",
                            (int)address.size, address.data ? address.data : "", THROTTLE_FAILURES_MAX);
        return ACCESS_UNAUTHENTICATED;
}

static AccessVerdict check_password(Access *access, Span user_name, Span password, Span address,
                                    int64_t now_ms) {
        AccessVerdict verdict;

        /* Hashing takes longer the more bytes there are. */
        if (password.size > PASSWORD_SIZE_MAX)
                return ACCESS_UNAUTHENTICATED;

        (void)pthread_mutex_lock(&access->hashing_lock);
        verdict = judge_password(access, user_name, password, address, now_ms);
        (void)pthread_mutex_unlock(&access->hashing_lock);
        return verdict;
}

/* The name ends at the first colon, so that a password may have colons. */
static AccessVerdict check_basic(Access *access, Span encoded, bool may_hash, Span address, int64_t now_ms) {
        _cleanup_(secret_deinit) Buf decoded = BUF_NULL;
        Span password, user_name;
        const char *colon;

        /* Enough for all of it: a buffer that grew would leave the password behind in the memory it left. */
        if (encoded.size == 0 || !buf_reserve(&decoded, encoded.size) || !base64_decode(encoded, &decoded))
                return ACCESS_UNAUTHENTICATED;

        colon = memchr(decoded.data, ':', decoded.size);
        if (!colon)
                return ACCESS_UNAUTHENTICATED;
        if (!may_hash)
                return ACCESS_NEEDS_HASHING;

        user_name = (Span){ decoded.data, (size_t)(colon - decoded.data) };
        password = span_from(buf_span(&decoded), user_name.size + 1);
        return check_password(access, user_name, password, address, now_ms);
}

static AccessVerdict authenticate_basic(Access *access, Span encoded, bool may_hash,
                                        const Credentials *credentials, int64_t now_ms,
                                        Principal *ret_principal) {
        AccessVerdict verdict = ACCESS_GRANTED;

        if (encoded.size > CREDENTIAL_SIZE_MAX)
                return ACCESS_UNAUTHENTICATED;
        if (credentials->is_unsafe && access_is_foreign(credentials))
                return ACCESS_CSRF_FAILED;
        if (throttle_is_shut(access->throttle, credentials->address, now_ms))
                return ACCESS_TOO_MANY_FAILURES;

        if (!is_remembered(access, encoded)) {
                verdict = check_basic(access, encoded, may_hash, credentials->address, now_ms);
                if (verdict == ACCESS_GRANTED)
                        remember(access, encoded);
        }
        if (verdict == ACCESS_GRANTED)
                grant(ret_principal);
        return verdict;
}

/* The CSRF value shows that a page could read an answer of ours, the origin that it is a page of ours. */
static bool is_from_our_page(const Credentials *credentials, const Session *session) {
        return credentials->csrf.size == SESSION_TEXT_SIZE &&
               equal_in_constant_time(credentials->csrf.data, session->csrf, SESSION_TEXT_SIZE) &&
               is_origin_ours(credentials->origin, credentials->host);
}

static AccessVerdict authenticate_session(Access *access, const Credentials *credentials, int64_t now_ms,
                                          Principal *ret_principal) {
        Span id = session_id_in(credentials->cookie);
        Session session;

        if (!id.data || !session_use(access->sessions, id, now_ms, &session))
                return ACCESS_UNAUTHENTICATED;
        if (credentials->is_unsafe && !is_from_our_page(credentials, &session))
                return ACCESS_CSRF_FAILED;

        grant_session(&session, ret_principal);
        return ACCESS_GRANTED;
}

static AccessVerdict authenticate(Access *access, const Credentials *credentials, bool may_hash,
                                  int64_t now_ms, Principal *ret_principal) {
        Span text;

        if (!credentials->authorization.data)
                return authenticate_session(access, credentials, now_ms, ret_principal);

        text = after_scheme(credentials->authorization, SPAN_LITERAL("Bearer"));
        if (text.data)
                return authenticate_bearer(access, text, ret_principal);

        text = after_scheme(credentials->authorization, SPAN_LITERAL("Basic"));
        if (text.data)
                return authenticate_basic(access, text, may_hash, credentials, now_ms, ret_principal);

        return ACCESS_UNAUTHENTICATED;
}

AccessVerdict access_authenticate(Access *access, const Credentials *credentials, int64_t now_ms,
                                  Principal *ret_principal) {
        return authenticate(access, credentials, false, now_ms, ret_principal);
}

AccessVerdict access_authenticate_slowly(Access *access, const Credentials *credentials, int64_t now_ms,
                                         Principal *ret_principal) {
        return authenticate(access, credentials, true, now_ms, ret_principal);
}

AccessVerdict access_login(Access *access, Span user_name, Span password, Span address, int64_t now_ms,
                           Principal *ret_principal, Buf *ret_cookie) {
        char id[SESSION_TEXT_SIZE + 1];
        AccessVerdict verdict;
        Session session;

        verdict = check_password(access, user_name, password, address, now_ms);
        if (verdict != ACCESS_GRANTED)
                return verdict;

        session_open(access->sessions, now_ms, id, &session);
        grant_session(&session, ret_principal);
        buf_append_format(ret_cookie, COOKIE_NAME "=%s" COOKIE_ATTRIBUTES, id);
        wipe(id, sizeof(id));
        return ACCESS_GRANTED;
}

void access_logout(Access *access, Span cookie, Buf *ret_cookie) {
        Span id = session_id_in(cookie);

        if (id.data)
                session_close(access->sessions, id);
        buf_append_literal(ret_cookie, COOKIE_NAME "=" COOKIE_ATTRIBUTES "; Max-Age=0");
}
