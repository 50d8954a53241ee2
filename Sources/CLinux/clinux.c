#define _GNU_SOURCE
#include "CLinux.h"

#include <arpa/nameser.h>
#include <errno.h>
#include <malloc.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <resolv.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

int clinux_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int clinux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int clinux_epoll_set(int epoll, int fd, uint32_t events, uint64_t token) {
    struct epoll_event event = {0};
    if (events & CLINUX_EPOLL_IN) event.events |= EPOLLIN | EPOLLRDHUP;
    if (events & CLINUX_EPOLL_OUT) event.events |= EPOLLOUT;
    event.data.u64 = token;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0) return 0;
    if (errno != EEXIST) return -1;
    return epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
}

int clinux_epoll_remove(int epoll, int fd) {
    if (epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL) == 0) return 0;
    return (errno == EBADF || errno == ENOENT) ? 0 : -1;
}

int clinux_epoll_wait(int epoll, clinux_epoll_event *out, int capacity, int64_t timeout_ns) {
    enum { MOST = 256 };
    struct epoll_event events[MOST];
    static int has_pwait2 = 1;
    if (capacity > MOST) capacity = MOST;
    int count;
    for (;;) {
#ifdef SYS_epoll_pwait2
        if (has_pwait2) {
            struct timespec limit = {timeout_ns / 1000000000, timeout_ns % 1000000000};
            count = (int)syscall(SYS_epoll_pwait2, epoll, events, capacity, timeout_ns < 0 ? NULL : &limit, NULL, 0);
            if (count < 0 && errno == ENOSYS) {
                has_pwait2 = 0;
                continue;
            }
        } else
#endif
        {
            int64_t ms = (timeout_ns + 999999) / 1000000;
            count = epoll_wait(epoll, events, capacity, timeout_ns < 0 ? -1 : ms > 3600000 ? 3600000 : (int)ms);
        }
        if (count >= 0 || errno != EINTR) break;
    }
    for (int i = 0; i < count; i++) {
        uint32_t bits = 0;
        if (events[i].events & (EPOLLIN | EPOLLRDHUP)) bits |= CLINUX_EPOLL_IN;
        if (events[i].events & EPOLLOUT) bits |= CLINUX_EPOLL_OUT;
        if (events[i].events & (EPOLLERR | EPOLLHUP)) bits |= CLINUX_EPOLL_FAILED;
        out[i].token = events[i].data.u64;
        out[i].events = bits;
    }
    return count;
}

void clinux_wait_readable(int fd, int64_t timeout_ns) {
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    struct timespec limit = {timeout_ns / 1000000000, timeout_ns % 1000000000};
    ppoll(&entry, 1, timeout_ns < 0 ? NULL : &limit, NULL);
}

static int stop_event = -1;

static void stop_asked(int number) {
    (void)number;
    int kept = errno;
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    uint64_t one = 1;
    // It fails only where the counter is full, and then it is readable.
    ssize_t count = write(stop_event, &one, sizeof one);
    (void)count;
    errno = kept;
}

int clinux_catch_stop(void) {
    stop_event = clinux_eventfd();
    if (stop_event < 0) return -1;
    struct sigaction action = {.sa_handler = stop_asked, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGTERM);
    sigaddset(&action.sa_mask, SIGINT);
    if (sigaction(SIGTERM, &action, NULL) < 0 || sigaction(SIGINT, &action, NULL) < 0) return -1;
    return stop_event;
}

void clinux_trim_memory(void) { malloc_trim(0); }

void clinux_name_thread(const char *name) {
    char cut[16];
    strncpy(cut, name, sizeof cut - 1);
    cut[sizeof cut - 1] = 0;
    pthread_setname_np(pthread_self(), cut);
}

static uint32_t crc_table[256];
static pthread_once_t crc_table_once = PTHREAD_ONCE_INIT;

static void make_crc_table(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t value = byte;
        for (int bit = 0; bit < 8; bit++) value = (value >> 1) ^ (0x82F63B78u & (0u - (value & 1)));
        crc_table[byte] = value;
    }
}

uint32_t clinux_crc32c_portable(uint32_t crc, const void *bytes, size_t length) {
    pthread_once(&crc_table_once, make_crc_table);
    const uint8_t *p = bytes;
    crc = ~crc;
    while (length--) crc = crc_table[(crc ^ *p++) & 0xff] ^ (crc >> 8);
    return ~crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t crc_by_instruction(uint32_t crc, const uint8_t *p, size_t length) {
    uint64_t wide = (uint32_t)~crc;
    while (length >= 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        wide = _mm_crc32_u64(wide, word);
        p += 8;
        length -= 8;
    }
    uint32_t narrow = (uint32_t)wide;
    /* Short keys and rows: the rest in at most three steps. */
    if (length & 4) {
        uint32_t word;
        memcpy(&word, p, 4);
        narrow = _mm_crc32_u32(narrow, word);
        p += 4;
    }
    if (length & 2) {
        uint16_t word;
        memcpy(&word, p, 2);
        narrow = _mm_crc32_u16(narrow, word);
        p += 2;
    }
    if (length & 1) narrow = _mm_crc32_u8(narrow, *p);
    return ~narrow;
}
static int has_crc_instruction(void) { return __builtin_cpu_supports("sse4.2"); }
#elif defined(__aarch64__)
__attribute__((target("+crc"))) static uint32_t crc_by_instruction(uint32_t crc, const uint8_t *p, size_t length) {
    crc = ~crc;
    while (length >= 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        crc = __crc32cd(crc, word);
        p += 8;
        length -= 8;
    }
    while (length--) crc = __crc32cb(crc, *p++);
    return ~crc;
}
static int has_crc_instruction(void) { return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0; }
#endif

uint32_t clinux_crc32c(uint32_t crc, const void *bytes, size_t length) {
#if defined(__x86_64__) || defined(__aarch64__)
    if (has_crc_instruction()) return crc_by_instruction(crc, bytes, length);
#endif
    return clinux_crc32c_portable(crc, bytes, length);
}

static int64_t clock_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t clinux_monotonic_ns(void) { return clock_ns(CLOCK_BOOTTIME); }
int64_t clinux_wall_ns(void) { return clock_ns(CLOCK_REALTIME); }

int clinux_ask_absolutely(int seconds, int tries) {
    /* The thread's own state (_res is thread-local). It is made anew, because /etc/resolv.conf may have changed, and because
       a second res_init() would keep the options below as if the file said so. */
    /* A state that was never made is all zeros, and res_nclose would close descriptor 0, whoever owns it. */
    if (_res.options & RES_INIT) res_nclose(&_res);
    memset(&_res, 0, sizeof _res);
    if (res_ninit(&_res) != 0) return -1;
    _res.options &= ~(unsigned long)(RES_DNSRCH | RES_DEFNAMES);
    /* Otherwise getaddrinfo(3) replaces the state by the file's. */
    _res.options |= RES_NORELOAD;
    if (_res.retrans > seconds) _res.retrans = seconds;
    if (_res.retry < tries) _res.retry = tries;
    return 0;
}

int clinux_resolver_answers(void) {
    struct __res_state state;
    memset(&state, 0, sizeof state);
    if (res_ninit(&state) != 0) return 0;
    state.retrans = 2;
    state.retry = 1;
    unsigned char answer[1024];
    int answered = res_nquery(&state, ".", ns_c_in, ns_t_ns, answer, sizeof answer) >= 0 || state.res_h_errno == NO_DATA
        || state.res_h_errno == HOST_NOT_FOUND || state.res_h_errno == NO_RECOVERY;
    res_nclose(&state);
    return answered;
}

int clinux_lock_file(int fd) { return flock(fd, LOCK_EX | LOCK_NB); }

int64_t clinux_free_bytes(const char *path) {
    struct statvfs fs;
    if (statvfs(path, &fs) != 0) return -1;
    return (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
}
