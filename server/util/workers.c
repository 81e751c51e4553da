#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "util/workers.h"

typedef struct Worker {
        Workers *workers;
        void *state;
        pthread_t thread;
} Worker;

struct Workers {
        pthread_mutex_t lock;
        pthread_cond_t not_empty;
        Job *first;
        Job **end;
        size_t n_jobs;
        size_t n_jobs_max;
        bool is_stopping;
        size_t n_started;
        Worker threads[];
};

static Job *take_job(Workers *workers) {
        Job *job;

        pthread_mutex_lock(&workers->lock);
        while (!workers->first && !workers->is_stopping)
                pthread_cond_wait(&workers->not_empty, &workers->lock);

        job = workers->first;
        if (job) {
                workers->first = job->next;
                workers->n_jobs--;
                if (!workers->first)
                        workers->end = &workers->first;
        }
        pthread_mutex_unlock(&workers->lock);

        return job;
}

static void *worker_main(void *context) {
        Worker *worker = context;
        Job *job;

        while ((job = take_job(worker->workers)))
                job->run(job, worker->state);
        return NULL;
}

int workers_start(void *const *states, size_t n_threads, size_t queue_max, Workers **ret_workers) {
        Workers *workers = calloc(1, sizeof(*workers) + n_threads * sizeof(Worker));

        if (!workers)
                return -ENOMEM;

        pthread_mutex_init(&workers->lock, NULL);
        pthread_cond_init(&workers->not_empty, NULL);
        workers->end = &workers->first;
        workers->n_jobs_max = queue_max;

        for (size_t i = 0; i < n_threads; i++) {
                Worker *worker = &workers->threads[i];
                int r;

                *worker = (Worker){ .workers = workers, .state = states[i] };
                r = -pthread_create(&worker->thread, NULL, worker_main, worker);
                if (r) {
                        workers_stop(workers);
                        return r;
                }
                workers->n_started++;
        }

        *ret_workers = workers;
        return 0;
}

Workers *workers_stop(Workers *workers) {
        if (!workers)
                return NULL;

        pthread_mutex_lock(&workers->lock);
        workers->is_stopping = true;
        pthread_cond_broadcast(&workers->not_empty);
        pthread_mutex_unlock(&workers->lock);

        for (size_t i = 0; i < workers->n_started; i++)
                (void)pthread_join(workers->threads[i].thread, NULL);

        pthread_cond_destroy(&workers->not_empty);
        pthread_mutex_destroy(&workers->lock);
        free(workers);
        return NULL;
}

bool workers_submit(Workers *workers, Job *job) {
        bool is_full;

        job->next = NULL;

        pthread_mutex_lock(&workers->lock);
        is_full = workers->n_jobs >= workers->n_jobs_max || workers->is_stopping;
        if (!is_full) {
                *workers->end = job;
                workers->end = &job->next;
                workers->n_jobs++;
                pthread_cond_signal(&workers->not_empty);
        }
        pthread_mutex_unlock(&workers->lock);

        return !is_full;
}
