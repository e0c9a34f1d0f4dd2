/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "deflate.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { NARROWEST = 8, WIDEST = 15, ZLIB_NARROWEST = 9, MEMORY_LEVEL = 8 };
static const uint8_t FLUSHED[4] = {0x00, 0x00, 0xff, 0xff};

/* What was agreed on. */

/* One parameter of an extension: whether it stands there, and its value, 0 without one. */
static bool parameter(const char *list, const char *name, int *value) {
    size_t len = strlen(name);
    *value = 0;
    for (const char *part = strchr(list, ';'); part; part = strchr(part, ';')) {
        part += 1 + strspn(part + 1, " \t");
        if (strncmp(part, name, len) || (part[len] && !strchr("=; \t", part[len]))) continue;
        const char *after = part + len + strspn(part + len, " \t");
        if (*after == '=') *value = atoi(after + 1 + strspn(after + 1, " \t\""));
        return true;
    }
    return false;
}

static bool only_known(const char *list) {
    static const char *const KNOWN[] = {"server_no_context_takeover", "client_no_context_takeover",
                                        "server_max_window_bits", "client_max_window_bits"};
    int parts = 0, known = 0, value;
    for (const char *part = strchr(list, ';'); part; part = strchr(part + 1, ';')) parts++;
    for (int i = 0; i < 4; i++) known += parameter(list, KNOWN[i], &value);
    return parts == known;
}

static bool window(int bits, int most) { return bits >= NARROWEST && bits <= most; }

const char *agree(const char *offer, const char *answer, struct agreement *to) {
    int bits, offered;
    *to = (struct agreement){WIDEST, WIDEST, false, false};
    size_t name = strcspn(answer, "; \t");
    if (name != strlen("permessage-deflate") || strncmp(answer, "permessage-deflate", name))
        return "another extension than was offered";
    if (strchr(answer, ',')) return "two extensions for one offer";
    if (!only_known(answer)) return "an unknown or a repeated parameter";
    to->client_fresh = parameter(answer, "client_no_context_takeover", &bits);
    to->server_fresh = parameter(answer, "server_no_context_takeover", &bits);
    if (parameter(offer, "server_no_context_takeover", &bits) && !to->server_fresh)
        return "server_no_context_takeover was asked for";
    bool asked = parameter(offer, "server_max_window_bits", &offered);
    if (parameter(answer, "server_max_window_bits", &bits)) {
        if (!window(bits, asked ? offered : WIDEST)) return "server_max_window_bits out of range";
        to->server_bits = bits;
    } else if (asked) {
        return "server_max_window_bits was asked for";
    }
    bool allowed = parameter(offer, "client_max_window_bits", &offered);
    if (parameter(answer, "client_max_window_bits", &bits)) {
        if (!allowed) return "client_max_window_bits was not offered";
        if (!window(bits, offered ? offered : WIDEST)) return "client_max_window_bits out of range";
        to->client_bits = bits;
    }
    return NULL;
}

/* Compressing, all of it beforehand. */

static void no_memory(void) {
    fputs("no memory for zlib\n", stderr);
    exit(1);
}

static void start(z_stream *z, const struct agreement *by) {
    /* zlib has no raw stream of 8 bits; without back references any window is wide enough. */
    bool narrow = by->client_bits < ZLIB_NARROWEST;
    memset(z, 0, sizeof *z);
    if (deflateInit2(z, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
                     -(narrow ? ZLIB_NARROWEST : by->client_bits), MEMORY_LEVEL,
                     narrow ? Z_HUFFMAN_ONLY : Z_DEFAULT_STRATEGY) != Z_OK)
        no_memory();
}

void pack(struct packed *into, const struct agreement *by, const uint8_t *documents, size_t size,
          int count) {
    z_stream z;
    start(&z, by);
    size_t most = deflateBound(&z, (uLong)size) + 16, used = 0;
    into->documents = count;
    into->data = malloc(2 * (size_t)count * most);
    into->starts = malloc((2 * (size_t)count + 1) * sizeof *into->starts);
    if (!into->data || !into->starts) no_memory();
    for (int i = 0; i < 2 * count; i++) {
        into->starts[i] = used;
        z.next_in = (Bytef *)(uintptr_t)(documents + (size_t)(i % count) * size);
        z.avail_in = (uInt)size;
        z.next_out = into->data + used;
        z.avail_out = (uInt)most;
        deflate(&z, Z_SYNC_FLUSH);
        used += most - z.avail_out - sizeof FLUSHED; /* left out by section 7.2.1 */
        if (by->client_fresh) deflateReset(&z);
    }
    into->starts[2 * count] = used;
    deflateEnd(&z);
}

/* Reading what comes back. */

struct unpacker {
    z_stream z;
    bool fresh;
    size_t got;
};

struct unpacker *unpacker(const struct agreement *by) {
    struct unpacker *u = calloc(1, sizeof *u);
    /* No wider than was agreed on: a server that looks back further is found out. */
    if (!u || inflateInit2(&u->z, -by->server_bits) != Z_OK) no_memory();
    u->fresh = by->server_fresh;
    return u;
}

void unpacker_free(struct unpacker *u) {
    if (!u) return;
    inflateEnd(&u->z);
    free(u);
}

bool unpack(struct unpacker *u, const uint8_t *data, size_t len, const uint8_t *text, size_t size) {
    uint8_t plain[4096];
    u->z.next_in = (Bytef *)(uintptr_t)data;
    u->z.avail_in = (uInt)len;
    do {
        u->z.next_out = plain;
        u->z.avail_out = sizeof plain;
        int result = inflate(&u->z, Z_SYNC_FLUSH);
        size_t made = sizeof plain - u->z.avail_out;
        if (made > size - u->got || memcmp(plain, text + u->got, made)) return false;
        u->got += made;
        /* A final block may end a message (section 7.2.3.4); then the next one begins afresh. */
        if (result == Z_STREAM_END) inflateReset(&u->z);
        else if (result != Z_OK && result != Z_BUF_ERROR) return false;
    } while (u->z.avail_in || !u->z.avail_out);
    return true;
}

bool unpack_end(struct unpacker *u, const uint8_t *text, size_t size) {
    bool whole = unpack(u, FLUSHED, sizeof FLUSHED, text, size) && u->got == size;
    u->got = 0;
    if (u->fresh) inflateReset(&u->z);
    return whole;
}
