// The least that a receiver of signed webhooks can cost on this machine: epoll, one read, one HMAC-SHA256 over the body, one write.
// It accounts for nothing and checks nothing. It is the yardstick of Benchmarks/receiver, since a microsecond of one
// machine is not one of another. Usage: floor PORT WORKERS
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { descriptors = 4096, room = 64 * 1024, events = 128 };

struct connection {
    int held;
    char bytes[room + 1];
};

static struct connection *connections[descriptors];
static EVP_MAC_CTX *mac;

static void start_mac(void)
{
    OSSL_PARAM digest[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, "SHA256", 0),
                           OSSL_PARAM_construct_end()};
    mac = EVP_MAC_CTX_new(EVP_MAC_fetch(NULL, "HMAC", NULL));
    if (!mac || !EVP_MAC_init(mac, (const unsigned char *)"0123456789abcdef0123456789abcdef", 32, digest)) exit(1);
}

static int listen_on(int port)
{
    int on = 1, descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (bind(descriptor, (struct sockaddr *)&address, sizeof address) || listen(descriptor, 1024)) {
        perror("floor: bind");
        exit(1);
    }
    return descriptor;
}

static void watch(int poller, int descriptor)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event);
}

static void accept_all(int poller, int listener)
{
    int on = 1, descriptor;
    while ((descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (descriptor >= descriptors) {
            close(descriptor);
            continue;
        }
        if (!connections[descriptor]) connections[descriptor] = malloc(sizeof(struct connection));
        connections[descriptor]->held = 0;
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(poller, descriptor);
    }
}

// Answers every whole request that is there. Returns 0 when the connection is to go.
static int answer(int descriptor)
{
    static const char ok[] = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    struct connection *connection = connections[descriptor];
    char *bytes = connection->bytes;
    ssize_t count = read(descriptor, bytes + connection->held, room - connection->held);
    if (count <= 0) return 0;
    connection->held += count;
    for (;;) {
        unsigned char code[32];
        size_t length;
        bytes[connection->held] = 0;
        char *end = strstr(bytes, "\r\n\r\n");
        if (!end) return connection->held < room;
        char *field = strcasestr(bytes, "content-length:");
        if (!field || field > end) return 0;
        long body = strtol(field + 15, NULL, 10);
        if (body < 0 || body > room) return 0;
        long whole = end + 4 - bytes + body;
        if (whole > room) return 0;
        if (connection->held < whole) return 1;
        EVP_MAC_init(mac, NULL, 0, NULL);
        EVP_MAC_update(mac, (unsigned char *)end + 4, body);
        EVP_MAC_final(mac, code, &length, sizeof code);
        if (write(descriptor, ok, sizeof ok - 1) < 0) return 0;
        memmove(bytes, bytes + whole, connection->held - whole);
        connection->held -= whole;
    }
}

static void serve(int port)
{
    struct epoll_event ready[events];
    int poller = epoll_create1(0), listener = listen_on(port);
    start_mac();
    watch(poller, listener);
    for (;;) {
        int count = epoll_wait(poller, ready, events, -1);
        for (int index = 0; index < count; index++) {
            int descriptor = ready[index].data.fd;
            if (descriptor == listener) accept_all(poller, listener);
            else if (!answer(descriptor)) close(descriptor);
        }
    }
}

int main(int count, char **words)
{
    if (count != 3) return fprintf(stderr, "Usage: floor PORT WORKERS\n"), 2;
    for (int worker = 0; worker < atoi(words[2]); worker++)
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGTERM);
            serve(atoi(words[1]));
        }
    while (wait(NULL) > 0) {
    }
    return 0;
}
