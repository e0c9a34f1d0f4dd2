/* SPDX-License-Identifier: MIT
 *
 * permessage-deflate (RFC 7692) for the generator: what was agreed on, the messages compressed for
 * it beforehand, and the reading of what comes back.
 *
 * Compressing while measuring would make the generator as slow as the server. It need not: what a
 * client sends depends on its earlier messages alone, and a window forgets. A ring of documents
 * that together are longer than the largest window is compressed twice over in one stream; from
 * the second time on each document has the same bytes before it, in every later turn of the ring.
 */
#ifndef DEFLATE_H
#define DEFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct agreement {
    int client_bits, server_bits; /* 8 to 15, of the window in either direction */
    bool client_fresh, server_fresh; /* no context takeover: each message by itself */
};

/* What a server's answer to an offer means. NULL, or why the answer is not a legal one. */
const char *agree(const char *offer, const char *answer, struct agreement *to);

/* Compressed documents: the first turn of the ring, and then the one that may be repeated. */
struct packed {
    uint8_t *data;
    size_t *starts; /* where each begins, and one more for the end */
    int documents;
};

void pack(struct packed *into, const struct agreement *by, const uint8_t *documents, size_t size,
          int count);

/* Which of the packed ones is the n-th message of a connection. */
static inline int packed_index(const struct packed *all, uint64_t n) {
    uint64_t documents = (uint64_t)all->documents;
    return (int)(n < documents ? n : documents + n % documents);
}

/* Reading one connection: the bytes of one message after the other. */
struct unpacker;
struct unpacker *unpacker(const struct agreement *by);
void unpacker_free(struct unpacker *u);

/* Take a part of a message whose text should be `text`; false where it is not. */
bool unpack(struct unpacker *u, const uint8_t *data, size_t len, const uint8_t *text, size_t size);
/* The message is over: false unless all of its text came. */
bool unpack_end(struct unpacker *u, const uint8_t *text, size_t size);

#endif
