// What Glibc's module hides from Swift: functions behind _GNU_SOURCE and one instruction.
// Each wrapper is small and keeps its errno. _GNU_SOURCE is set in clinux.c only: here it would clash with Glibc's module.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// An eventfd(2): counter 0, non-blocking, close-on-exec. -1 and errno on failure.
int clinux_eventfd(void);

/// A close-on-exec epoll(7) instance. -1 and errno on failure.
int clinux_epoll_create(void);

enum { CLINUX_EPOLL_IN = 1, CLINUX_EPOLL_OUT = 2, CLINUX_EPOLL_FAILED = 4 };

typedef struct {
    uint64_t token;
    uint32_t events; // CLINUX_EPOLL_… bits
} clinux_epoll_event;

/// Registers `fd`, or changes it where it is registered already. `events`: CLINUX_EPOLL_… bits.
int clinux_epoll_set(int epoll, int fd, uint32_t events, uint64_t token);
/// Forgets `fd`. A descriptor that is closed or unknown already is no error.
int clinux_epoll_remove(int epoll, int fd);
/// epoll_pwait2(2) with nanoseconds where the kernel has it, else epoll_wait(2) rounded up. A negative timeout waits for ever.
/// Retries EINTR. At most 256 events a call.
int clinux_epoll_wait(int epoll, clinux_epoll_event *out, int capacity, int64_t timeout_ns);

/// Waits until `fd` is readable or the time is over (ppoll(2); negative: for ever). May return early.
void clinux_wait_readable(int fd, int64_t timeout_ns);

/// From now on the first SIGTERM or SIGINT makes the returned eventfd(2) readable, and gives both signals their default action
/// back before its handler returns (sigaction(2)): a second one ends the process. Once in a process. -1 and errno on failure.
int clinux_catch_stop(void);

/// Names the calling thread (15 bytes at most; longer names are cut).
void clinux_name_thread(const char *name);

/// Gives the pages of freed memory back to the kernel (malloc_trim(3)): some milliseconds for each 100 MB of heap.
void clinux_trim_memory(void);

/// CRC32C (Castagnoli, reflected; RFC 3720 appendix B.4) of `length` bytes, continuing from `crc` (0 to begin).
/// Uses the SSE4.2 or ARMv8 instruction where the machine has it.
uint32_t clinux_crc32c(uint32_t crc, const void *bytes, size_t length);
/// The same by table, whatever the machine has: the reference in tests.
uint32_t clinux_crc32c_portable(uint32_t crc, const void *bytes, size_t length);

/// Nanoseconds of CLOCK_BOOTTIME (monotonic, counts suspend) and of CLOCK_REALTIME.
int64_t clinux_monotonic_ns(void);
int64_t clinux_wall_ns(void);

/// Prepares the calling thread's next getaddrinfo(3): names are absolute (no search domain is appended, whatever resolv.conf(5)
/// says; the hosts file is used as before), a question is repeated after `seconds` at most, and each name server is asked `tries`
/// times at least. A trailing dot would do the first, but then the hosts file is not searched. -1: /etc/resolv.conf cannot be used.
int clinux_ask_absolutely(int seconds, int tries);

/// Asks the system's name servers for the servers of the root zone: 1 when one of them answers, whatever it answers but
/// SERVFAIL. It tells "the servers of a name fail" from "nobody answers us". Blocks for two seconds for each name server at most.
int clinux_resolver_answers(void);

/// Takes an exclusive flock(2) without waiting: 0, or -1 with errno EWOULDBLOCK when another process holds it.
int clinux_lock_file(int fd);

/// Bytes free to an unprivileged writer on the file system of `path` (statvfs f_bavail × f_frsize); -1 on failure.
int64_t clinux_free_bytes(const char *path);
