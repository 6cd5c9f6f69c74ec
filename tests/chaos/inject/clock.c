/* Moves the clock of a process by what a shared file says, as a step of the machine's clock does.

   The file holds seconds as a 64-bit number. Only the time of day moves: what measures how long
   something takes is not stepped on a real machine either. The sandbox vendors keep the right
   time, because their clocks are their own. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *shared;
static int (*next_clock_gettime)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("CHAOS_CLOCK"), *name = getenv("SUPERVISOR_PROCESS_NAME");
    next_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    if (!path || (name && strncmp(name, "sandbox", 7) == 0))
        return;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return;
    void *memory = mmap(NULL, sizeof *shared, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (memory != MAP_FAILED)
        shared = memory;
}

int clock_gettime(clockid_t id, struct timespec *at)
{
    if (!next_clock_gettime)
        next_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    int failed = next_clock_gettime(id, at);
    if (!failed && shared && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
        at->tv_sec += *shared;
    return failed;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone)
{
    (void)zone;
    struct timespec precise;
    if (clock_gettime(CLOCK_REALTIME, &precise))
        return -1;
    at->tv_sec = precise.tv_sec;
    at->tv_usec = precise.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at)
{
    struct timespec precise;
    clock_gettime(CLOCK_REALTIME, &precise);
    if (at)
        *at = precise.tv_sec;
    return precise.tv_sec;
}
