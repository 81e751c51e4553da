#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "cache_file.h"
#include "client.h"
#include "clock.h"
#include "keeper.h"

#define COST_FACTOR      10
#define CONFIRM_SHARE    4 /* of the age at which a file is no longer used */
#define CONFIRM_LEAST_MS 1000

/* -------------------------------------------------------------------------------------------------- reading
 */

/* How long ago the file was confirmed. A wall clock that was set back does not make it younger than now. */
static int64_t age_of(const Cache *cache) {
        return MAX(clock_wall_ms() - cache->confirmed_at_ms, (int64_t)0);
}

static int use_cache(confer_client *client, const Cache *cache) {
        const confer_options *options = client->options;
        int64_t age_ms = age_of(cache);
        int r;

        if (options->cache_max_age_ms > 0 && (uint64_t)age_ms > options->cache_max_age_ms) {
                log_write(&client->log, CONFER_LOG_WARNING,
                          "The cache file %s is not used: it was confirmed %" PRId64 " s ago",
                          options->cache_path, age_ms / 1000);
                return 0;
        }

        provenance_set_confirmed(client->provenance, clock_now_ms() - age_ms);
        r = follower_load(client, &cache->releases, cache->revision, cache->epoch, cache->is_known);
        if (r)
                return r;
        client->keeper.due_at_ms = INT64_MAX;
        log_write(&client->log, CONFER_LOG_INFO,
                  "%zu configs are known from the cache file, as of %" PRId64 " s ago",
                  cache->releases.n_releases, age_ms / 1000);
        return 0;
}

int keeper_load(confer_client *client) {
        const char *path = client->options->cache_path;
        Cache cache = CACHE_NULL;
        int r;

        if (!path)
                return 0;
        r = cache_file_read(path, &client->scope, client->provenance, &cache);
        if (r == -ENOMEM || r == CACHE_E_ABSENT)
                return r == -ENOMEM ? r : 0;
        if (r) {
                log_write(&client->log, CONFER_LOG_WARNING, "The cache file %s is not used: %s", path,
                          cache_error_to_string(r));
                return 0;
        }

        r = use_cache(client, &cache);
        cache_deinit(&cache);
        return r;
}

/* -------------------------------------------------------------------------------------------------- writing
 */

static int write_file(confer_client *client) {
        Follower *follower = &client->follower;
        /* What may lack something goes without a revision, so that all of it is asked for. */
        Cache cache = { .revision = follower->is_complete ? atomic_load(&client->replica.revision) : 0 };
        int64_t now_ms = clock_now_ms();
        Buf buf = BUF_NULL;
        int r;

        cache.confirmed_at_ms =
                clock_wall_ms() - (now_ms - provenance_confirmed_ms(client->provenance, now_ms));
        (void)snprintf(cache.epoch, sizeof(cache.epoch), "%s", follower->epoch);
        cache.is_known = calloc(client->scope.n_wanted, sizeof(bool));
        if (!cache.is_known)
                return -ENOMEM;
        for (size_t i = 0; i < client->scope.n_wanted; i++)
                cache.is_known[i] = atomic_load(&client->scope.wanted[i]->is_known);

        cache.releases = *replica_catalog(&client->replica);
        r = cache_encode(&buf, &cache, &client->scope);
        if (r == 0)
                r = cache_file_write(client->options->cache_path, buf_span(&buf));
        buf_deinit(&buf);
        free(cache.is_known);
        return r;
}

void keeper_write(confer_client *client) {
        Keeper *keeper = &client->keeper;
        int64_t began_ms = clock_now_ms(), now_ms;
        int r;

        keeper->due_at_ms = INT64_MAX;
        if (!client->options->cache_path || client->follower.epoch[0] == '\0')
                return;

        r = write_file(client);
        if (r && !keeper->has_failed)
                log_write(&client->log, CONFER_LOG_WARNING, "The cache file %s cannot be written: %s",
                          client->options->cache_path, cache_error_to_string(r));
        now_ms = clock_now_ms();
        keeper->has_failed = r != 0;
        keeper->pause_until_ms = now_ms + COST_FACTOR * (now_ms - began_ms);
        if (atomic_load(&client->provenance->is_current))
                keeper_note_confirmation(keeper, now_ms);
}

void keeper_note_change(Keeper *keeper, int64_t now_ms) {
        keeper->due_at_ms = MIN(keeper->due_at_ms, now_ms + KEEPER_CHANGE_DELAY_MS);
}

void keeper_note_confirmation(Keeper *keeper, int64_t now_ms) {
        keeper->due_at_ms = MIN(keeper->due_at_ms, now_ms + keeper->confirm_interval_ms);
}

static int64_t due_at_ms(const Keeper *keeper) {
        return MAX(keeper->due_at_ms, keeper->pause_until_ms);
}

void keeper_tick(confer_client *client, int64_t now_ms) {
        if (client->options->cache_path && now_ms >= due_at_ms(&client->keeper))
                keeper_write(client);
}

int64_t keeper_timeout_ms(const confer_client *client, int64_t now_ms) {
        int64_t due_ms = due_at_ms(&client->keeper);

        return !client->options->cache_path || due_ms == INT64_MAX ? INT64_MAX
                                                                   : MAX(due_ms - now_ms, (int64_t)0);
}

void keeper_init(Keeper *keeper, uint64_t max_age_ms) {
        *keeper = KEEPER_NULL;
        if (max_age_ms > 0 && max_age_ms / CONFIRM_SHARE < KEEPER_CONFIRM_INTERVAL_MS)
                keeper->confirm_interval_ms = MAX((int64_t)(max_age_ms / CONFIRM_SHARE), CONFIRM_LEAST_MS);
}
