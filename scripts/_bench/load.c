/* SPDX-License-Identifier: MIT
 *
 * A load generator for WebSocket servers on loopback: one thread, epoll, everything that it sends
 * made beforehand. It is written so that the server is always what is measured:
 *
 *   - what a connection owes is a number of copies of one masked frame, sent from one long buffer
 *     that holds many of them; nothing is built per message;
 *   - echoes are counted by their headers. During the warm-up their payload is compared, too;
 *     afterwards a long payload is dropped in the kernel (MSG_TRUNC) and never copied. Compressed
 *     echoes are inflated and compared throughout (deflate.h says why they cost little to send).
 *
 * Every load is a closed loop: a message follows when an earlier one came back (echo, call), or when
 * all had it (broadcast, publish, sse), with --in-flight of them under way. Only the quiet
 * connections of "flood", and a "broadcast" with a --pace, send by a clock. A connection that does not open is counted and tried
 * again; more than one in a hundred of them end the run.
 * The result is one line of JSON on standard output. Status 1: it could not be measured, the
 * reason is on standard error.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#ifdef WITH_TLS
#include <openssl/err.h>
#include <openssl/ssl.h>
#endif
#ifdef WITH_ZLIB
#include "deflate.h"
#endif

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

enum { READ_SIZE = 256 * 1024, TEXT_SIZE = 2048, OPENING_AT_A_TIME = 64, QUIET_RING = 256 };
enum { WATCHED = 32, LARGEST_CONTROL = 125, SENT_TIMES = 1 << 16 };
enum { BATCH_SIZE = 64 * 1024, EVENTS = 512, FLOOD_IN_FLIGHT = 1000, FLOOD_TICK_NS = 1000000, FLOOD_LONGER = 60 };
static const uint8_t MASK[4] = {0x37, 0xfa, 0x21, 0x3d};

enum mode { ECHO, BROADCAST, HANDSHAKE, IDLE, SSE, FLOOD, PUBLISH, CALL };
static const char *const MODES[] = {"echo", "broadcast", "handshake", "idle",
                                    "sse",  "flood",     "publish",   "call"};

/* Where a connection stands. JOINING is the opening of a WAMP session. */
enum state { CONNECTING, SECURING, UPGRADING, JOINING, OPEN, CLOSING, GONE };

/* What a connection is for. READER reads server-sent events. */
enum role { ECHOER, MEMBER, SENDER, READER, CALLEE };

struct conn {
    int fd;
    enum state state;
    enum role role;
    bool wants_out;
    struct place *place;
    /* Reading: the header so far, then what is left of the payload, and how far into it we are. */
    uint8_t head[14];
    int head_len;
    uint64_t left, got;
    int opcode;
    uint8_t control[LARGEST_CONTROL];
    char *text; /* a head, or a whole WAMP message; TEXT_SIZE bytes, or none */
    int text_len;
    /* Writing: single bytes first, then `owed` bytes of repeated frames, from `at` in the frame. */
    char *single;
    size_t single_len, single_at;
    uint64_t owed;
    size_t at;
    /* When the messages under way were sent, as a ring. */
    uint64_t *sent;
    unsigned first, waiting, room;
    uint64_t had; /* messages of a room */
    int step; /* of a WAMP session's opening */
    unsigned request;
#ifdef WITH_TLS
    SSL *ssl;
#endif
#ifdef WITH_ZLIB
    struct unpacker *unpacker;
    uint64_t packed_sent, packed_back;
#endif
};

/* A room: what was said there, and how many deliveries of it are still to come. */
struct place {
    uint64_t pending, published, sent_times[SENT_TIMES];
};

/* Processes whose share of a core is told. */
struct watch {
    int pids[WATCHED], count;
    uint64_t began;
};

static struct {
    enum mode mode;
    int port, connections, in_flight, core, message_each, documents, rooms, pace;
    struct watch server, redis;
    double warmup, seconds;
    const char *path, *payload, *offer;
    bool compressed, tls, binary, socketio;
} opt = {.connections = 1, .in_flight = 1, .core = -1, .documents = 1, .rooms = 1, .warmup = 0.5, .seconds = 2,
         .path = "/"};

static struct conn *conns;
static int opened, opening, started, total, poller, ticker = -1;
static bool running, measuring, checking = true;
static uint8_t *payload, *batch;
static size_t payload_len, frame_len, batch_len;
static struct place *places;
static uint64_t received, counted, began, until;
static uint64_t attempts, failed;
static char trouble[200];
static uint64_t cpu_began, tick_ns = FLOOD_TICK_NS;
static char extensions[256];
static uint8_t buffer[READ_SIZE];
#ifdef WITH_TLS
static SSL_CTX *tls;
#endif
#ifdef WITH_ZLIB
static struct agreement agreed;
static struct packed packed;
static uint8_t *frames; /* the packed documents as frames, */
static size_t *frame_starts; /* and where each begins */
#endif

static void fail(const char *form, ...) {
    va_list values;
    va_start(values, form);
    vfprintf(stderr, form, values);
    va_end(values);
    fputc('\n', stderr);
    exit(1);
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* Latencies: buckets that are at most 1/32 wide, so that counting one is an increment. */
static uint64_t histogram[64 * 32];

static void note_latency(uint64_t ns, uint64_t times) {
    if (!measuring) return;
    if (ns < 32) ns = 32;
    unsigned power = 63u - (unsigned)__builtin_clzll(ns);
    histogram[power * 32 + ((ns >> (power - 5)) & 31)] += times;
}

static double percentile_us(double part) {
    uint64_t all = 0, below = 0;
    for (int i = 0; i < 64 * 32; i++) all += histogram[i];
    for (int i = 0; all && i < 64 * 32; i++) {
        below += histogram[i];
        if ((double)below >= part * (double)all)
            return (double)((uint64_t)(32 + i % 32) << (i / 32 - 5)) / 1000;
    }
    return 0;
}

static uint64_t own_cpu_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static uint64_t ticks_of(int pid) {
    char name[64], line[1024];
    unsigned long long user = 0, kernel = 0;
    snprintf(name, sizeof name, "/proc/%d/stat", pid);
    FILE *file = fopen(name, "r");
    if (!file) fail("the server is gone");
    size_t len = fread(line, 1, sizeof line - 1, file);
    fclose(file);
    line[len] = 0;
    char *after = strrchr(line, ')');
    if (after)
        sscanf(after + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user, &kernel);
    return user + kernel;
}

static uint64_t watched_cpu_ns(const struct watch *watch) {
    uint64_t ticks = 0;
    for (int i = 0; i < watch->count; i++) ticks += ticks_of(watch->pids[i]);
    return ticks * (1000000000u / (uint64_t)sysconf(_SC_CLK_TCK));
}

/* Frames. */

static size_t put_frame(uint8_t *out, int opcode, bool rsv1, const uint8_t *data, size_t len) {
    size_t n = 0;
    out[n++] = (uint8_t)(0x80 | (rsv1 ? 0x40 : 0) | opcode);
    if (len < 126) {
        out[n++] = (uint8_t)(0x80 | len);
    } else if (len < 65536) {
        out[n++] = 0x80 | 126;
        out[n++] = (uint8_t)(len >> 8);
        out[n++] = (uint8_t)len;
    } else {
        out[n++] = 0x80 | 127;
        for (int shift = 56; shift >= 0; shift -= 8) out[n++] = (uint8_t)((uint64_t)len >> shift);
    }
    memcpy(out + n, MASK, 4);
    n += 4;
    for (size_t i = 0; i < len; i++) out[n + i] = data[i] ^ MASK[i % 4];
    return n + len;
}

static void prepare_batch(void) {
    uint8_t *frame = malloc(payload_len + 14);
    frame_len = put_frame(frame, opt.binary ? 2 : 1, opt.compressed, payload, payload_len);
    size_t copies = BATCH_SIZE / frame_len + 2;
    batch = malloc(copies * frame_len);
    for (size_t i = 0; i < copies; i++) memcpy(batch + i * frame_len, frame, frame_len);
    batch_len = copies * frame_len;
    free(frame);
}

static void read_payload(void) {
    FILE *file = fopen(opt.payload, "rb");
    if (!file) fail("cannot read %s", opt.payload);
    fseek(file, 0, SEEK_END);
    payload_len = (size_t)ftell(file);
    rewind(file);
    payload = malloc(payload_len + 1);
    if (fread(payload, 1, payload_len, file) != payload_len) fail("cannot read %s", opt.payload);
    payload[payload_len] = 0;
    fclose(file);
    if (payload_len % (size_t)opt.documents) fail("%s: no whole documents", opt.payload);
    payload_len /= (size_t)opt.documents;
}

#ifdef WITH_ZLIB
static void prepare_packed(void) {
    int count = 2 * opt.documents;
    pack(&packed, &agreed, payload, payload_len, opt.documents);
    frames = malloc(packed.starts[count] + (size_t)count * 14);
    frame_starts = calloc((size_t)count + 1, sizeof *frame_starts);
    for (int i = 0; i < count; i++) {
        size_t len = packed.starts[i + 1] - packed.starts[i];
        const uint8_t *data = packed.data + packed.starts[i];
        frame_starts[i + 1] = frame_starts[i] + put_frame(frames + frame_starts[i], 1, true, data, len);
    }
}

static const uint8_t *document(uint64_t n) {
    return payload + n % (uint64_t)opt.documents * payload_len;
}
#endif

/* The socket, plain or under TLS: both give -1 and EAGAIN where they would have to wait. */

static ssize_t take(struct conn *c, void *into, size_t len, int flags) {
#ifdef WITH_TLS
    if (c->ssl) {
        int n = SSL_read(c->ssl, into, (int)len);
        if (n > 0) return n;
        int error = SSL_get_error(c->ssl, n);
        errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : ECONNRESET;
        return error == SSL_ERROR_ZERO_RETURN ? 0 : -1;
    }
#endif
    return recv(c->fd, into, len, flags);
}

static ssize_t give(struct conn *c, const void *from, size_t len) {
#ifdef WITH_TLS
    if (c->ssl) {
        int n = SSL_write(c->ssl, from, (int)len);
        if (n > 0) return n;
        int error = SSL_get_error(c->ssl, n);
        errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : EPIPE;
        return -1;
    }
#endif
    return send(c->fd, from, len, MSG_NOSIGNAL);
}

static void listen_for(struct conn *c, bool out, int how) {
    struct epoll_event event = {.events = EPOLLIN | (out ? EPOLLOUT : 0), .data.ptr = c};
    c->wants_out = out;
    if (epoll_ctl(poller, how, c->fd, &event)) fail("epoll: %s", strerror(errno));
}

static void flush(struct conn *c) {
    for (;;) {
        const void *from;
        size_t len;
        if (c->single_at < c->single_len) {
            from = c->single + c->single_at;
            len = c->single_len - c->single_at;
        } else if (c->owed) {
            from = batch + c->at;
            len = batch_len - c->at < c->owed ? batch_len - c->at : c->owed;
        } else {
            break;
        }
        ssize_t n = give(c, from, len);
        if (n < 0) {
            if (errno != EAGAIN && c->state < JOINING) return; /* reading will tell why */
            if (errno != EAGAIN) fail("the server closed a connection: %s", strerror(errno));
            if (!c->wants_out) listen_for(c, true, EPOLL_CTL_MOD);
            return;
        }
        if (c->single_at < c->single_len) {
            c->single_at += (size_t)n;
        } else {
            c->owed -= (uint64_t)n;
            c->at = (c->at + (size_t)n) % frame_len;
        }
    }
    if (c->wants_out) listen_for(c, false, EPOLL_CTL_MOD);
}

static void send_single(struct conn *c, const void *data, size_t len) {
    size_t kept = c->single_len - c->single_at;
    char *joined = malloc(kept + len);
    if (kept) memcpy(joined, c->single + c->single_at, kept);
    memcpy(joined + kept, data, len);
    free(c->single);
    c->single = joined;
    c->single_at = 0;
    c->single_len = kept + len;
    flush(c);
}

static void send_text(struct conn *c, const char *form, ...) {
    char text[TEXT_SIZE];
    uint8_t frame[TEXT_SIZE + 14];
    va_list values;
    va_start(values, form);
    int len = vsnprintf(text, sizeof text, form, values);
    va_end(values);
    if (len >= (int)sizeof text) fail("a WAMP message of %d bytes is too long", len);
    send_single(c, frame, put_frame(frame, 1, false, (uint8_t *)text, (size_t)len));
}

/* Messages under way. */

static void note_sent(struct conn *c, unsigned count, uint64_t time) {
    if (!c->sent) {
        c->room = opt.mode == FLOOD ? QUIET_RING : (unsigned)opt.in_flight;
        c->sent = calloc(c->room, sizeof *c->sent);
    }
    for (; count; count--) c->sent[(c->first + c->waiting++) % c->room] = time;
}

static uint64_t note_back(struct conn *c, uint64_t time) {
    if (!c->waiting) fail("the server sent a message that nobody asked for");
    uint64_t took = time - c->sent[c->first];
    c->first = (c->first + 1) % c->room;
    c->waiting--;
    return took;
}

static void owe(struct conn *c, unsigned messages, uint64_t time) {
    note_sent(c, messages, time);
#ifdef WITH_ZLIB
    if (opt.compressed) {
        for (; messages; messages--) {
            int i = packed_index(&packed, c->packed_sent++);
            send_single(c, frames + frame_starts[i], frame_starts[i + 1] - frame_starts[i]);
        }
        return;
    }
#endif
    c->owed += messages * frame_len;
    flush(c);
}

static struct conn *sender(const struct place *place) {
    return &conns[opt.connections + (place - places)];
}

static uint64_t audience(void) {
    return (uint64_t)(opt.connections / opt.rooms) + (opt.mode == BROADCAST);
}

static void say(struct place *place, uint64_t time) {
    struct conn *c = sender(place);
    place->sent_times[place->published++ % SENT_TIMES] = time;
    place->pending += audience();
    if (opt.mode == PUBLISH)
        send_text(c, "[16,%u,{},\"bench.topic\",[\"%s\"]]", ++c->request, payload);
    else
        c->owed += frame_len;
}

/* Top up what is under way to everybody in a room. */
static void send_to_all(struct place *place) {
    uint64_t time = now(), most = audience() * (uint64_t)opt.in_flight;
    while (place->pending + audience() <= most) say(place, time);
    flush(sender(place));
}

static void call(struct conn *c) {
    note_sent(c, 1, now());
    send_text(c, "[48,%u,{},\"bench.echo\",[\"%s\"]]", ++c->request, payload);
}

/* Deliveries of what the one sender sent to all; when enough of them came, the next one goes out. */
static void delivered(struct conn *c, uint64_t count, uint64_t time) {
    struct place *place = c->place;
    if (count > place->pending) fail("more deliveries than members");
    if (measuring) counted += count;
    for (uint64_t i = 0; i < count; i++)
        note_latency(time - place->sent_times[c->had++ % SENT_TIMES], 1);
    place->pending -= count;
    if (running && !opt.pace) send_to_all(place);
}

/* A whole message of Engine.IO 4 and Socket.IO 5 is in c->text, before its room was joined. */
static void socketio_joining(struct conn *c) {
    c->text[c->text_len] = 0;
    if (c->text[0] == '0') {
        send_text(c, "40");
    } else if (!strncmp(c->text, "40", 2)) {
        send_text(c, "42[\"join\",\"bench-%d\"]", (int)(c->place - places));
    } else if (!strcmp(c->text, "42[\"joined\"]")) {
        c->state = OPEN;
        opened++, opening--;
    } else {
        fail("Socket.IO: unexpected %.100s", c->text);
    }
    c->text_len = 0;
}

/* A whole message of a WAMP session is in c->text. */
static void wamp_message(struct conn *c, uint64_t time) {
    unsigned kind = 0, id = 0;
    c->text[c->text_len] = 0;
    if (sscanf(c->text, "[%u,%u", &kind, &id) < 1) fail("no WAMP message: %.100s", c->text);
    if (kind == 3 || kind == 8) fail("WAMP error: %.200s", c->text);
    if (c->state == JOINING) {
        if (c->step == 0 && kind != 2) fail("WAMP: expected WELCOME, got %.100s", c->text);
        if (c->step++ == 0 && c->role == MEMBER) {
            send_text(c, "[32,%u,{},\"bench.topic\"]", ++c->request);
        } else if (c->step == 1 && c->role == CALLEE) {
            send_text(c, "[64,%u,{},\"bench.echo\"]", ++c->request);
        } else {
            c->state = OPEN;
            opened++, opening--;
        }
    } else if (kind == 36) {
        delivered(c, 1, time);
    } else if (kind == 68) {
        char *args = strstr(c->text, "{}");
        char *first = args ? strchr(args, '[') : NULL;
        send_text(c, "[70,%u,{},%s", id, first ? first : "[]]");
    } else if (kind == 50) {
        uint64_t took = note_back(c, time);
        if (measuring) counted++;
        note_latency(took, 1);
        if (running) call(c);
    }
}

/* Opening. */

static void start_connection(struct conn *c);
static void close_connection(struct conn *c);

/* A connection did not open: count it, remember why, and try it again. */
static void stumbled(struct conn *c, const char *form, ...) {
    va_list values;
    va_start(values, form);
    vsnprintf(trouble, sizeof trouble, form, values);
    va_end(values);
    if (++failed > 1 + attempts / 100)
        fail("%llu of %llu connections did not open: %s", (unsigned long long)failed,
             (unsigned long long)attempts, trouble);
    uint64_t *kept = c->sent;
    close_connection(c);
    c->sent = kept;
    opening--;
    if (c->sent) c->sent[0] = now();
    start_connection(c);
}

static void hello(struct conn *c) {
    c->state = JOINING;
    c->text_len = 0;
    send_text(c, "[1,\"realm1\",{\"roles\":{\"publisher\":{},\"subscriber\":{},\"caller\":{},"
                 "\"callee\":{}}}]");
}

static void request_head(struct conn *c) {
    char head[1024], room[16] = "";
    if (opt.rooms > 1 && !opt.socketio)
        snprintf(room, sizeof room, "-%d", (int)(c->place - places));
    int len = snprintf(head, sizeof head, "GET %s%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n",
                       opt.path, room, opt.port);
    if (c->role == READER)
        len += snprintf(head + len, sizeof head - (size_t)len, "Accept: text/event-stream\r\n\r\n");
    else
        len += snprintf(head + len, sizeof head - (size_t)len,
                        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s%s%s%s\r\n",
                        opt.offer ? "Sec-WebSocket-Extensions: " : "", opt.offer ? opt.offer : "",
                        opt.offer ? "\r\n" : "",
                        opt.mode == PUBLISH || opt.mode == CALL
                            ? "Sec-WebSocket-Protocol: wamp.2.json\r\n"
                            : "");
    c->state = UPGRADING;
    c->text = malloc(TEXT_SIZE);
    c->text_len = 0;
    send_single(c, head, (size_t)len);
}

#ifdef WITH_TLS
static void secure(struct conn *c) {
    int n = SSL_do_handshake(c->ssl);
    if (n == 1) {
        request_head(c);
        return;
    }
    int error = SSL_get_error(c->ssl, n);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
        const char *reason = ERR_reason_error_string(ERR_get_error());
        stumbled(c, "TLS handshake failed: %s", reason ? reason : "connection closed");
        return;
    }
    listen_for(c, error == SSL_ERROR_WANT_WRITE, EPOLL_CTL_MOD);
}
#endif

static void connected(struct conn *c) {
    int error = 0;
    socklen_t len = sizeof error;
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (error) {
        stumbled(c, "cannot connect: %s", strerror(error));
        return;
    }
    listen_for(c, false, EPOLL_CTL_MOD);
#ifdef WITH_TLS
    if (opt.tls) {
        c->ssl = SSL_new(tls);
        SSL_set_fd(c->ssl, c->fd);
        SSL_set_connect_state(c->ssl);
        c->state = SECURING;
        secure(c);
        return;
    }
#endif
    request_head(c);
}

static void start_connection(struct conn *c) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)opt.port)};
    struct sockaddr_in from = {.sin_family = AF_INET};
    int yes = 1;
    static uint32_t turn;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    /* Closed connections linger on their ports; a few addresses of loopback have enough of them. */
    from.sin_addr.s_addr = htonl(0x7f000001 + turn++ % 8);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0) fail("socket: %s", strerror(errno));
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
    if (bind(c->fd, (struct sockaddr *)&from, sizeof from)) fail("bind: %s", strerror(errno));
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS)
        fail("cannot connect: %s", strerror(errno));
    c->state = CONNECTING;
    opening++;
    attempts++;
    listen_for(c, true, EPOLL_CTL_ADD);
}

static void close_connection(struct conn *c) {
#ifdef WITH_TLS
    SSL_free(c->ssl);
#endif
    close(c->fd);
    free(c->text);
    free(c->single);
#ifdef WITH_ZLIB
    unpacker_free(c->unpacker);
#endif
    struct conn kept = {.role = c->role, .place = c->place, .state = GONE};
    *c = kept;
}

/* One cycle of "handshake" is over: count it and begin the next. */
static void cycle(struct conn *c) {
    uint64_t time = now();
    if (measuring) counted++;
    note_latency(time - c->sent[0], 1);
    uint64_t *kept = c->sent;
    close_connection(c);
    c->sent = kept;
    c->sent[0] = time;
    opening--;
    if (running) start_connection(c);
}

static void note_extensions(struct conn *c, const char *head) {
    const char *line = strcasestr(head, "\r\nSec-WebSocket-Extensions:");
    char answer[sizeof extensions] = "";
    if (line) {
        line += strlen("\r\nSec-WebSocket-Extensions:");
        line += strspn(line, " ");
        snprintf(answer, sizeof answer, "%.*s", (int)strcspn(line, "\r"), line);
    }
    if (*answer && !opt.offer) fail("an extension that nobody offered: %s", answer);
    if (opt.compressed && !*answer) fail("the server did not take up permessage-deflate");
    if (*extensions && strcmp(extensions, answer)) fail("the server agrees on other things each time");
    bool first = !*extensions;
    memcpy(extensions, answer, sizeof extensions);
#ifdef WITH_ZLIB
    if (!opt.compressed) return;
    const char *complaint = first ? agree(opt.offer, answer, &agreed) : NULL;
    if (complaint) fail("%s: %s", complaint, answer);
    if (first) prepare_packed();
    c->unpacker = unpacker(&agreed);
#else
    (void)c, (void)first;
#endif
}

static void upgraded(struct conn *c, const char *head) {
    if (strncmp(head + 9, c->role == READER ? "200" : "101", 3)) {
        stumbled(c, "the server answered %.*s", (int)strcspn(head, "\r"), head);
        return;
    }
    note_extensions(c, head);
    if (opt.mode == HANDSHAKE) {
        uint8_t frame[16];
        uint8_t normal[2] = {0x03, 0xe8};
        c->state = CLOSING;
        send_single(c, frame, put_frame(frame, 8, false, normal, 2));
        return;
    }
    if (opt.mode == PUBLISH || opt.mode == CALL) {
        hello(c);
        return;
    }
    if (opt.socketio) {
        c->state = JOINING;
        c->text_len = 0;
        return;
    }
    c->state = OPEN;
    opened++, opening--;
    if (c->role != READER) {
        free(c->text);
        c->text = NULL;
    }
    if (opt.mode == IDLE && opt.message_each) owe(c, 1, now());
}

/* Reading. */

static void whole_control(struct conn *c) {
    uint8_t frame[LARGEST_CONTROL + 14];
    if (c->opcode == 9) send_single(c, frame, put_frame(frame, 10, false, c->control, c->got));
}

static void whole_message(struct conn *c, uint64_t time, unsigned *echoes) {
    if (c->opcode > 8) {
        whole_control(c);
        return;
    }
    if (opt.mode == PUBLISH || opt.mode == CALL) {
        wamp_message(c, time);
        c->text_len = 0;
        return;
    }
    if (c->state == JOINING) {
        socketio_joining(c);
        return;
    }
    if (opt.socketio && c->got == 1) { /* Engine.IO's ping is a message */
        send_text(c, "3");
        return;
    }
#ifdef WITH_ZLIB
    if (opt.compressed && !unpack_end(c->unpacker, document(c->packed_back++), payload_len))
        fail("what came back does not inflate to what was sent");
#endif
    received++;
    if (opt.mode == BROADCAST) {
        delivered(c, 1, time);
    } else if (opt.mode != SSE) {
        uint64_t took = note_back(c, time);
        if (c->role == ECHOER) note_latency(took, 1);
        if (measuring && c->role == ECHOER) counted++;
        ++*echoes;
    }
}

/* The header in c->head is complete: check that it announces what was sent. */
static void header(struct conn *c, uint64_t len) {
    c->opcode = c->head[0] & 15;
    if (c->opcode == 8) fail("the server closed a connection");
    if (c->opcode > 8) {
        if (len > LARGEST_CONTROL) fail("a control frame of %llu bytes", (unsigned long long)len);
    } else {
        if ((c->head[0] & 0x80) == 0 || (c->opcode != 1 && c->opcode != 2))
            fail("the server fragmented a message");
        if (opt.compressed != ((c->head[0] & 0x40) != 0))
            fail("compression is not as was negotiated");
        bool any = c->state == JOINING || opt.mode >= PUBLISH || (opt.socketio && len == 1);
        if (!any && !opt.compressed && len != payload_len)
            fail("sent %zu bytes, %llu came back", payload_len, (unsigned long long)len);
    }
    c->left = len;
    c->got = 0;
    c->head_len = 0;
}

static size_t take_header(struct conn *c, const uint8_t *data, size_t len, bool *whole) {
    size_t used = 0;
    *whole = false;
    while (used < len) {
        c->head[c->head_len++] = data[used++];
        if (c->head_len < 2) continue;
        int code = c->head[1] & 127, size = code == 126 ? 2 : code == 127 ? 8 : 0;
        if (c->head_len < 2 + size) continue;
        uint64_t value = size ? 0 : (uint64_t)code;
        for (int i = 0; i < size; i++) value = value << 8 | c->head[2 + i];
        header(c, value);
        *whole = true;
        break;
    }
    return used;
}

static void take_payload(struct conn *c, const uint8_t *data, size_t len) {
    if (c->opcode > 8) {
        memcpy(c->control + c->got, data, len);
    } else if (c->text && (opt.mode >= PUBLISH || c->state == JOINING)) {
        if ((size_t)c->text_len + len >= TEXT_SIZE) fail("a message of the opening is too long");
        memcpy(c->text + c->text_len, data, len);
        c->text_len += (int)len;
#ifdef WITH_ZLIB
    } else if (opt.compressed) {
        if (!unpack(c->unpacker, data, len, document(c->packed_back), payload_len))
            fail("what came back does not inflate to what was sent");
#endif
    } else if (checking && c->left + c->got == payload_len && memcmp(data, payload + c->got, len)) {
        fail("what came back is not what was sent");
    }
    c->got += len;
    c->left -= len;
}

static void take_frames(struct conn *c, const uint8_t *data, size_t len, uint64_t time) {
    unsigned echoes = 0;
    while (len) {
        bool whole = false;
        size_t used;
        if (c->left) {
            used = c->left < len ? (size_t)c->left : len;
            take_payload(c, data, used);
            whole = !c->left;
        } else {
            used = take_header(c, data, len, &whole);
            whole = whole && !c->left;
        }
        data += used;
        len -= used;
        if (whole) whole_message(c, time, &echoes);
    }
    if (echoes && running && opt.mode == ECHO) owe(c, echoes, time);
}

/* Server-sent events: the payload holds the one '~' of each, wherever chunks may part it. */
static void take_events(struct conn *c, const uint8_t *data, size_t len, uint64_t time) {
    const uint8_t *end = data + len;
    uint64_t count = 0;
    while (data < end && (data = memchr(data, '~', (size_t)(end - data)))) {
        count++;
        data++;
    }
    if (count) delivered(c, count, time);
}

static size_t take_head(struct conn *c, const uint8_t *data, size_t len) {
    for (size_t used = 0; used < len;) {
        if (c->text_len >= TEXT_SIZE - 1) fail("the server's head is too long");
        c->text[c->text_len++] = (char)data[used++];
        c->text[c->text_len] = 0;
        if (c->text_len >= 4 && !memcmp(c->text + c->text_len - 4, "\r\n\r\n", 4)) {
            upgraded(c, c->text);
            return used;
        }
    }
    return len;
}

static void readable(struct conn *c) {
    uint64_t time = now();
    /* Dropped unseen: most of a long payload, once the warm-up has compared some. */
    bool drop = !opt.tls && !opt.compressed && !checking && c->left > 4096;
    size_t want = drop && c->left < READ_SIZE * 16 ? (size_t)c->left : READ_SIZE;
    ssize_t n = take(c, drop ? NULL : buffer, want, drop ? MSG_TRUNC : 0);
    if (n < 0 && errno == EAGAIN) return;
    if (c->state == CLOSING) {
        cycle(c); /* its close frame, or the end of the stream */
        return;
    }
    if (n <= 0 && c->state == UPGRADING) {
        stumbled(c, "closed before it was open: %s", n ? strerror(errno) : "end of stream");
        return;
    }
    if (n <= 0) fail("the server closed a connection");
    if (drop) {
        c->left -= (uint64_t)n;
        c->got += (uint64_t)n;
        unsigned echoes = 0;
        if (!c->left) whole_message(c, time, &echoes);
        if (echoes && running) owe(c, echoes, time);
        return;
    }
    const uint8_t *data = buffer;
    size_t len = (size_t)n;
    if (c->state == UPGRADING) {
        size_t used = take_head(c, data, len);
        if (c->state == CONNECTING) return;
        data += used;
        len -= used;
    }
    if (c->role == READER)
        take_events(c, data, len, time);
    else if (len && c->state != CLOSING)
        take_frames(c, data, len, time);
}

/* The run. */

static void start_traffic(void) {
    uint64_t time = now();
    running = true;
    if (opt.mode == ECHO)
        for (int i = 0; i < total; i++) owe(&conns[i], (unsigned)opt.in_flight, time);
    if (!opt.pace && (opt.mode == BROADCAST || opt.mode == SSE || opt.mode == PUBLISH))
        for (int i = 0; i < opt.rooms; i++) send_to_all(&places[i]);
    if (opt.mode == CALL)
        for (int i = 0; i < opt.connections; i++)
            for (int k = 0; k < opt.in_flight; k++) call(&conns[i]);
    if (opt.pace) tick_ns = 1000000000u / (uint64_t)opt.pace;
    if (opt.mode == FLOOD || opt.pace) {
        struct timespec each = {(time_t)(tick_ns / 1000000000u), (long)(tick_ns % 1000000000u)};
        struct itimerspec every = {each, each};
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
        ticker = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
        timerfd_settime(ticker, 0, &every, NULL);
        epoll_ctl(poller, EPOLL_CTL_ADD, ticker, &event);
    }
}

/* Rooms, or quiet connections, take turns, one message each tick in all. */
static void tick(void) {
    static int turn;
    uint64_t times = 0, time = now();
    if (read(ticker, &times, sizeof times) < 0) return;
    for (; times; times--) {
        uint64_t due = time - (times - 1) * tick_ns;
        if (opt.pace) {
            struct place *place = &places[turn++ % opt.rooms];
            say(place, due);
            flush(sender(place));
            continue;
        }
        struct conn *c = &conns[turn++ % opt.connections];
        if (c->waiting < QUIET_RING) owe(c, 1, due);
    }
}

/* The flooding client is a process of its own that has what is left of the core: what its answers
 * cost here must not be counted as the server's. */
static void flood_meanwhile(void) {
    pid_t child = fork();
    if (child < 0) fail("fork: %s", strerror(errno));
    if (child) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (nice(10) == -1 && errno) fail("nice: %s", strerror(errno));
    if (!freopen("/dev/null", "w", stdout)) fail("/dev/null: %s", strerror(errno));
    opt.mode = ECHO;
    opt.connections = 1;
    opt.in_flight = FLOOD_IN_FLIGHT;
    opt.seconds += FLOOD_LONGER;
}

static enum role role_of(int index) {
    bool last = index >= opt.connections;
    switch (opt.mode) {
    case BROADCAST:
    case PUBLISH: return last ? SENDER : MEMBER;
    case SSE: return last ? SENDER : READER;
    case CALL: return last ? CALLEE : ECHOER;
    default: return ECHOER;
    }
}

static void begin_measuring(void) {
    measuring = true;
    checking = false;
    began = now();
    until = began + (uint64_t)(opt.seconds * 1e9);
    cpu_began = own_cpu_ns();
    opt.server.began = watched_cpu_ns(&opt.server);
    opt.redis.began = watched_cpu_ns(&opt.redis);
}

static void turn_of_events(int wait_ms) {
    struct epoll_event events[EVENTS];
    int count = epoll_wait(poller, events, EVENTS, wait_ms);
    if (count < 0 && errno != EINTR) fail("epoll: %s", strerror(errno));
    for (int i = 0; i < count; i++) {
        struct conn *c = events[i].data.ptr;
        if (!c) {
            tick();
        } else if (c->state == CONNECTING) {
            connected(c);
#ifdef WITH_TLS
        } else if (c->state == SECURING) {
            secure(c);
#endif
        } else if (c->state != GONE) {
            if (events[i].events & EPOLLOUT) flush(c);
            if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) readable(c);
#ifdef WITH_TLS
            while (c->ssl && SSL_pending(c->ssl)) readable(c);
#endif
        }
    }
}

static void open_all(void) {
    uint64_t deadline = now() + 60 * (uint64_t)1000000000;
    while (opened < total) {
        while (started < total && opening < OPENING_AT_A_TIME) start_connection(&conns[started++]);
        turn_of_events(1000);
        if (now() > deadline) fail("only %d of %d connections opened within 60 s", opened, total);
    }
    while (opt.mode == IDLE && opt.message_each && received < (uint64_t)total) {
        turn_of_events(1000);
        if (now() > deadline) fail("only %llu answers", (unsigned long long)received);
    }
}

/* A server's words, for a JSON string: without what would have to be escaped there. */
static char *speakable(char *words) {
    for (char *at = words; *at; at++)
        if ((uint8_t)*at < ' ' || *at == '"' || *at == '\\' || (*at & 0x80)) *at = '\'';
    return words;
}

/* Hold the connections until whoever started us has looked at the server and closes our input. */
static void hold(void) {
    char byte;
    printf("{\"opened\":%d,\"attempts\":%llu,\"failed\":%llu,\"trouble\":\"%s\","
           "\"extensions\":\"%s\"}\n",
           opened, (unsigned long long)attempts, (unsigned long long)failed, speakable(trouble),
           speakable(extensions));
    fflush(stdout);
    while (read(0, &byte, 1) > 0) continue;
}

static double share(const struct watch *watch, double seconds) {
    return (double)(watched_cpu_ns(watch) - watch->began) / 1e9 / seconds;
}

static void report(void) {
    double seconds = (double)(now() - began) / 1e9;
    if (opt.redis.count) printf("{\"redis_cpu\":%.4f,", share(&opt.redis, seconds));
    printf("%s\"count\":%llu,\"seconds\":%.6f,\"own_cpu\":%.4f,\"server_cpu\":%.4f,"
           "\"p50_us\":%.2f,\"p99_us\":%.2f,\"attempts\":%llu,\"failed\":%llu,"
           "\"trouble\":\"%s\",\"extensions\":\"%s\"}\n",
           opt.redis.count ? "" : "{", (unsigned long long)counted, seconds,
           (double)(own_cpu_ns() - cpu_began) / 1e9 / seconds,
           share(&opt.server, seconds), percentile_us(0.5), percentile_us(0.99),
           (unsigned long long)attempts, (unsigned long long)failed,
           speakable(trouble), speakable(extensions));
}

static void run(void) {
    if (opt.mode == HANDSHAKE) {
        running = true;
        for (int i = 0; i < total; i++) {
            conns[i].sent = calloc(1, sizeof(uint64_t));
            conns[i].sent[0] = now();
            start_connection(&conns[i]);
        }
    } else {
        open_all();
        if (opt.mode == IDLE) {
            hold();
            return;
        }
        start_traffic();
    }
    uint64_t warm = now() + (uint64_t)(opt.warmup * 1e9);
    while (now() < warm) turn_of_events(10);
    begin_measuring();
    while (now() < until) turn_of_events(10);
    report();
}

/* The command line: --name value, or --name alone. */

static void set_mode(const char *name) {
    for (size_t i = 0; i < sizeof MODES / sizeof *MODES; i++)
        if (!strcmp(name, MODES[i])) {
            opt.mode = (enum mode)i;
            return;
        }
    fail("there is no mode %s", name);
}

static bool set_flag(const char *name) {
    if (!strcmp(name, "--compressed")) opt.compressed = true;
    else if (!strcmp(name, "--tls")) opt.tls = true;
    else if (!strcmp(name, "--binary")) opt.binary = true;
    else if (!strcmp(name, "--message-each")) opt.message_each = 1;
    else if (!strcmp(name, "--socketio")) opt.socketio = true;
    else return false;
    return true;
}

/* A process, or several with commas between them. */
static void set_watched(struct watch *watch, const char *pids) {
    for (const char *at = pids; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        if (watch->count == WATCHED) fail("no more than %d processes can be watched", WATCHED);
        watch->pids[watch->count++] = atoi(at);
    }
}

static void set_value(const char *name, const char *value) {
    if (!strcmp(name, "--mode")) set_mode(value);
    else if (!strcmp(name, "--port")) opt.port = atoi(value);
    else if (!strcmp(name, "--path")) opt.path = value;
    else if (!strcmp(name, "--connections")) opt.connections = atoi(value);
    else if (!strcmp(name, "--in-flight")) opt.in_flight = atoi(value);
    else if (!strcmp(name, "--payload")) opt.payload = value;
    else if (!strcmp(name, "--documents")) opt.documents = atoi(value);
    else if (!strcmp(name, "--offer")) opt.offer = value;
    else if (!strcmp(name, "--warmup")) opt.warmup = atof(value);
    else if (!strcmp(name, "--seconds")) opt.seconds = atof(value);
    else if (!strcmp(name, "--core")) opt.core = atoi(value);
    else if (!strcmp(name, "--rooms")) opt.rooms = atoi(value);
    else if (!strcmp(name, "--pace")) opt.pace = atoi(value);
    else if (!strcmp(name, "--watch")) set_watched(&opt.server, value);
    else if (!strcmp(name, "--watch-redis")) set_watched(&opt.redis, value);
    else fail("there is no option %s", name);
}

static void set_up_tls(void) {
#ifdef WITH_TLS
    tls = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
#else
    fail("built without OpenSSL's headers: no TLS");
#endif
}

int main(int count, char **arguments) {
    for (int i = 1; i < count; i++) {
        if (set_flag(arguments[i])) continue;
        if (i + 1 == count) fail("%s: a value is missing", arguments[i]);
        set_value(arguments[i], arguments[i + 1]);
        i++;
    }
    if (!opt.port || !opt.payload) fail("--port and --payload are needed");
    if (opt.documents < 1 || opt.in_flight < 1 || opt.rooms < 1) fail("less than one of something");
    if (opt.rooms > 1 && (opt.mode != BROADCAST || opt.connections % opt.rooms))
        fail("%d rooms are for broadcast, with as many members in each", opt.rooms);
    if (opt.pace && opt.mode != BROADCAST) fail("a pace is for broadcast");
#ifndef WITH_ZLIB
    if (opt.compressed) fail("built without zlib's headers: no permessage-deflate");
#endif
    if (opt.core >= 0) {
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET((size_t)opt.core, &one);
        if (sched_setaffinity(0, sizeof one, &one)) fail("cannot run on core %d", opt.core);
    }
    read_payload();
    prepare_batch();
    if (opt.tls) set_up_tls();
    if (opt.mode == FLOOD && opt.in_flight > 1) flood_meanwhile();
    total = opt.connections + (role_of(opt.connections) != ECHOER ? opt.rooms : 0);
    conns = calloc((size_t)total, sizeof *conns);
    places = calloc((size_t)opt.rooms, sizeof *places);
    for (int i = 0; i < total; i++) {
        conns[i].role = role_of(i);
        conns[i].place = &places[(i < opt.connections ? i : i - opt.connections) % opt.rooms];
    }
    poller = epoll_create1(0);
    run();
    return 0;
}
