#include "push/poll.h"
void poll_wake(Follower *follower, uint64_t revision) {
        (void)follower;
        (void)revision;
}
void polls_answer_woken(Hub *hub) {
        (void)hub;
}
void polls_answer_all(Hub *hub) {
        (void)hub;
}
void polls_tick(Hub *hub) {
        (void)hub;
}
