/* SPDX-License-Identifier: MIT
 *
 * What the machine allows: a server that does no more than the system calls. It takes frames of up
 * to 125 octets as its generator sends them, checks nothing, and sends them back, or in a room to
 * everybody. No server that sends each message by itself can be faster. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FILES = 65536, EVENTS = 1024, BUFFER = 65536, MASKED_HEAD = 6, HEAD = 2, CLOSE = 8 };

static const char UPGRADED[] =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: none\r\n\r\n";

/* By descriptor. */
static enum state { CLOSED, OPENING, ECHOER, MEMBER } states[FILES];
static int members[FILES], places[FILES], count;
static int poller;
static uint8_t in[BUFFER], out[BUFFER];

static int fail(const char *what) {
    fprintf(stderr, "bare: %s: %s\n", what, strerror(errno));
    return 2;
}

static void put(int file, const void *octets, size_t size) {
    /* A loss would stop the generator's closed loop, which tells of it. */
    if (send(file, octets, size, MSG_NOSIGNAL) < 0) return;
}

static void watch(int file) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = file};
    epoll_ctl(poller, EPOLL_CTL_ADD, file, &event);
}

static void accept_all(int listener) {
    int file, on = 1;
    while ((file = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        states[file] = OPENING;
        watch(file);
    }
}

static void leave(int file) {
    if (states[file] == MEMBER) {
        members[places[file]] = members[--count];
        places[members[count]] = places[file];
    }
    states[file] = CLOSED;
    close(file);
}

static void upgrade(int file) {
    bool in_room = !strncmp((const char *)in, "GET /broadcast", 14);
    states[file] = in_room ? MEMBER : ECHOER;
    if (in_room) members[places[file] = count++] = file;
    put(file, UPGRADED, sizeof UPGRADED - 1);
}

/* The generator's frames come whole. */
static void serve(int file, size_t size) {
    size_t written = 0;
    for (size_t at = 0; at + MASKED_HEAD <= size;) {
        size_t length = in[at + 1] & 0x7F;
        const uint8_t *mask = in + at + HEAD, *masked = in + at + MASKED_HEAD;
        if ((in[at] & 0x0F) == CLOSE) return;
        out[written] = in[at];
        out[written + 1] = (uint8_t)length;
        for (size_t i = 0; i < length; i++) out[written + HEAD + i] = masked[i] ^ mask[i & 3];
        written += HEAD + length;
        at += MASKED_HEAD + length;
    }
    if (states[file] == ECHOER) {
        put(file, out, written);
        return;
    }
    for (int i = 0; i < count; i++) put(members[i], out, written);
}

static void readable(int file) {
    ssize_t size = recv(file, in, sizeof in, 0);
    if (size <= 0) {
        if (size == 0 || errno != EAGAIN) leave(file);
    } else if (states[file] == OPENING) {
        upgrade(file);
    } else {
        serve(file, (size_t)size);
    }
}

int main(int argc, char **argv) {
    static struct epoll_event events[EVENTS];
    struct sockaddr_in address = {.sin_family = AF_INET};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
    if (argc < 2) return fail("a port is missing");
    address.sin_port = htons((uint16_t)atoi(argv[1]));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address)) return fail(argv[1]);
    if (listen(listener, SOMAXCONN)) return fail(argv[1]);
    poller = epoll_create1(0);
    watch(listener);
    for (;;) {
        int ready = epoll_wait(poller, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.fd == listener) accept_all(listener);
            else readable(events[i].data.fd);
        }
    }
}
