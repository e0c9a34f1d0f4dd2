/* SPDX-License-Identifier: MIT
 *
 * What each message costs on the lane: reading, unmasking and writing frames (RFC 6455
 * section 5). `octets.py` beside it does the same in Python, holds what each function promises,
 * and stands in where this was not compiled; `tests/unit/lane/test_octets.py` compares the two.
 *
 * Sockets are non-blocking, so the GIL is kept: letting it go costs more than most calls here.
 */

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

enum { TEXT = 0x81, BINARY = 0x82, MASKED = 0x80, SHORTEST = 6, LONGEST_HEAD = 10 };

#define STACK 16384

static const size_t SHARED = 1 << 18;
/* Reads larger than what the stack takes go through one buffer; GC may run Python code, which may
 * get here again, so it is taken and given back. */
static unsigned char *shared;

/* What one register holds on any machine of today: wider ones are kept in memory where a machine
 * lacks them, at half the speed. */
typedef uint64_t wide __attribute__((vector_size(16)));

#define HIGH_BITS 0x8080808080808080u

/* Tells whether all of it is ASCII, which costs nothing here and another look elsewhere. `to` may
 * be `from` or lie before it, so each block is read before any of it is written. */
static int unmask(unsigned char *to, const unsigned char *from, size_t length,
                  const unsigned char key[4])
{
    wide keys, a, b, c, d, seen = {0};
    uint64_t rest = 0;
    size_t i = 0;

    for (size_t j = 0; j < sizeof keys; j += 4)
        memcpy((unsigned char *)&keys + j, key, 4);
    for (; i + 4 * sizeof keys <= length; i += 4 * sizeof keys) {
        memcpy(&a, from + i, sizeof a);
        memcpy(&b, from + i + sizeof a, sizeof b);
        memcpy(&c, from + i + 2 * sizeof a, sizeof c);
        memcpy(&d, from + i + 3 * sizeof a, sizeof d);
        a ^= keys;
        b ^= keys;
        c ^= keys;
        d ^= keys;
        seen |= (a | b) | (c | d);
        memcpy(to + i, &a, sizeof a);
        memcpy(to + i + sizeof a, &b, sizeof b);
        memcpy(to + i + 2 * sizeof a, &c, sizeof c);
        memcpy(to + i + 3 * sizeof a, &d, sizeof d);
    }
    for (; i + 8 <= length; i += 8) {
        uint64_t word;
        memcpy(&word, from + i, 8);
        word ^= keys[0];
        rest |= word;
        memcpy(to + i, &word, 8);
    }
    for (; i < length; i++) {
        to[i] = from[i] ^ key[i % 4];
        rest |= to[i];
    }
    rest |= seen[0] | seen[1];
    return !(rest & HIGH_BITS);
}

static size_t ascii(const unsigned char *s, size_t length)
{
    uint64_t block[8];
    size_t i = 0;

    for (; i + sizeof block <= length; i += sizeof block) {
        uint64_t any = 0;
        memcpy(block, s + i, sizeof block);
        for (size_t j = 0; j < 8; j++)
            any |= block[j];
        if (any & HIGH_BITS)
            break;
    }
    while (i < length && s[i] < 0x80)
        i++;
    return i;
}

/* Tells how many octets are whole code points (RFC 3629 section 4); -1 where what follows them can
 * be the beginning of none. */
static Py_ssize_t check_utf8(const unsigned char *s, size_t length)
{
    size_t i = 0;

    for (;;) {
        i += ascii(s + i, length - i);
        if (i == length)
            return (Py_ssize_t)i;
        unsigned char c = s[i], least = 0x80, most = 0xBF;
        size_t more = c >= 0xC2 && c <= 0xDF ? 1 : c >= 0xE0 && c <= 0xEF ? 2
                    : c >= 0xF0 && c <= 0xF4 ? 3 : 0;
        if (more == 0)
            return -1;
        if (c == 0xE0)
            least = 0xA0;
        if (c == 0xED)
            most = 0x9F;
        if (c == 0xF0)
            least = 0x90;
        if (c == 0xF4)
            most = 0x8F;
        for (size_t j = 1; j <= more; j++) {
            if (i + j == length)
                return (Py_ssize_t)i;
            if (s[i + j] < least || s[i + j] > most)
                return -1;
            least = 0x80;
            most = 0xBF;
        }
        i += 1 + more;
    }
}

static int is_utf8(const unsigned char *s, size_t length)
{
    return check_utf8(s, length) == (Py_ssize_t)length;
}

/* Reads the head of a whole message: its payload's length and place. Returns 0 where there is
 * none, or not all of it. */
static size_t read_head(const unsigned char *data, size_t available, uint64_t most,
                        uint64_t *length)
{
    uint64_t octets;
    size_t head = SHORTEST;

    if (available < SHORTEST || (data[0] != TEXT && data[0] != BINARY) || !(data[1] & MASKED))
        return 0;
    octets = data[1] & 0x7F;
    if (octets >= 126) {
        size_t more = octets == 126 ? 2 : 8;
        uint64_t shorter = octets == 126 ? 125 : 0xFFFF;
        head += more;
        if (available < head)
            return 0;
        octets = 0;
        for (size_t i = 0; i < more; i++)
            octets = octets << 8 | data[2 + i];
        if (octets <= shorter)
            return 0;
    }
    if (octets > most || octets > available - head)
        return 0;
    *length = octets;
    return head;
}

/* Reads one whole message at `data`; returns the octets it took, 0 where there is none, and -1
 * with an exception. */
static Py_ssize_t read_one(const unsigned char *data, size_t available, uint64_t most,
                           PyObject *messages)
{
    uint64_t length = 0;
    size_t head = read_head(data, available, most, &length);

    if (head == 0)
        return 0;
    PyObject *payload = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)length);
    if (payload == NULL)
        return -1;
    unsigned char *to = (unsigned char *)PyBytes_AsString(payload);
    int is_ascii = unmask(to, data + head, length, data + head - 4);
    if (data[0] == TEXT && !is_ascii && !is_utf8(to, length)) {
        Py_DECREF(payload);
        return 0;
    }
    PyObject *kind = data[0] == BINARY ? Py_True : Py_False;
    PyObject *message = PyTuple_Pack(2, payload, kind);
    Py_DECREF(payload);
    if (message == NULL)
        return -1;
    int failed = PyList_Append(messages, message);
    Py_DECREF(message);
    return failed ? -1 : (Py_ssize_t)(head + length);
}

/* Reads whole messages; returns the octets they took, or -1 with an exception. */
static Py_ssize_t read_all(const unsigned char *data, size_t available, uint64_t most,
                           PyObject *messages)
{
    size_t start = 0;

    for (;;) {
        Py_ssize_t taken = read_one(data + start, available - start, most, messages);
        if (taken < 0)
            return -1;
        if (taken == 0)
            return (Py_ssize_t)start;
        start += (size_t)taken;
    }
}

/* For `O&`: a length; `K` would take what is none for another. */
static int to_length(PyObject *number, void *length)
{
    Py_ssize_t octets = PyNumber_AsSsize_t(number, PyExc_OverflowError);

    if (octets >= 0) {
        *(uint64_t *)length = (uint64_t)octets;
        return 1;
    }
    if (!PyErr_Occurred())
        PyErr_SetString(PyExc_ValueError, "a length is not negative");
    return 0;
}

static PyObject *read_messages(PyObject *self, PyObject *arguments)
{
    Py_buffer data;
    uint64_t most;
    PyObject *messages, *answer = NULL;

    (void)self;
    if (!PyArg_ParseTuple(arguments, "y*O&:read_messages", &data, to_length, &most))
        return NULL;
    messages = PyList_New(0);
    if (messages != NULL) {
        Py_ssize_t taken = read_all(data.buf, (size_t)data.len, most, messages);
        if (taken >= 0)
            answer = Py_BuildValue("On", messages, taken);
        Py_DECREF(messages);
    }
    PyBuffer_Release(&data);
    return answer;
}

/* Receives; returns -1 with an exception, and -2 where nothing is there yet. */
static ssize_t receive_to(unsigned char *buffer, int descriptor, size_t size)
{
    ssize_t octets;

    do
        octets = recv(descriptor, buffer, size, 0);
    while (octets < 0 && errno == EINTR);
    if (octets < 0) {
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return -2;
        PyErr_SetFromErrno(PyExc_OSError);
    }
    return octets;
}

static PyObject *messages_from(unsigned char *buffer, int descriptor, size_t size, uint64_t most)
{
    PyObject *messages, *answer = NULL;
    ssize_t octets = receive_to(buffer, descriptor, size);

    if (octets == -2)
        Py_RETURN_NONE;
    if (octets < 0 || (messages = PyList_New(0)) == NULL)
        return NULL;
    Py_ssize_t taken = read_all(buffer, (size_t)octets, most, messages);
    if (taken >= 0)
        answer = Py_BuildValue("Oy#n", messages, (char *)buffer + taken,
                               (Py_ssize_t)octets - taken, (Py_ssize_t)octets);
    Py_DECREF(messages);
    return answer;
}

typedef PyObject *reader(unsigned char *, int, size_t, uint64_t);

static PyObject *with_buffer(reader *read, PyObject *arguments)
{
    int descriptor;
    Py_ssize_t size;
    uint64_t most;

    if (!PyArg_ParseTuple(arguments, "inO&", &descriptor, &size, to_length, &most))
        return NULL;
    if (size < 0) {
        errno = EINVAL;
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    if (size <= STACK) {
        unsigned char buffer[STACK];
        return read(buffer, descriptor, (size_t)size, most);
    }
    unsigned char *buffer = shared;
    shared = NULL;
    if (buffer == NULL && (buffer = PyMem_Malloc(SHARED)) == NULL)
        return PyErr_NoMemory();
    PyObject *answer =
        read(buffer, descriptor, (size_t)size < SHARED ? (size_t)size : SHARED, most);
    if (shared == NULL)
        shared = buffer;
    else
        PyMem_Free(buffer);
    return answer;
}

static PyObject *receive(PyObject *self, PyObject *arguments)
{
    (void)self;
    return with_buffer(messages_from, arguments);
}

static size_t write_head(unsigned char *head, uint64_t length, int is_binary)
{
    size_t more = length <= 125 ? 0 : length <= 0xFFFF ? 2 : 8;

    head[0] = is_binary ? BINARY : TEXT;
    head[1] = more == 0 ? (unsigned char)length : more == 2 ? 126 : 127;
    for (size_t i = 0; i < more; i++)
        head[1 + more - i] = (unsigned char)(length >> 8 * i);
    return 2 + more;
}

/* Sends; returns -1 with an exception, and 0 where nothing is taken now. */
static ssize_t send_from(const unsigned char *from, int descriptor, size_t length)
{
    ssize_t sent;

    do
        sent = send(descriptor, from, length, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return sent;
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return 0;
    PyErr_SetFromErrno(PyExc_OSError);
    return -1;
}

/* The answers grow in the buffer that the messages are in: each is shorter than its message, as it
 * has no key. */
static PyObject *echo_from(unsigned char *buffer, int descriptor, size_t size, uint64_t most)
{
    ssize_t octets = receive_to(buffer, descriptor, size), sent = 0;
    size_t start = 0, begin = 0, end = 0, messages = 0;
    uint64_t length, payloads = 0;

    if (octets == -2)
        Py_RETURN_NONE;
    if (octets < 0)
        return NULL;
    for (;;) {
        unsigned char *data = buffer + start, head[LONGEST_HEAD];
        size_t masked = read_head(data, (size_t)octets - start, most, &length);
        if (masked == 0)
            break;
        unsigned char *payload = data + masked, key[4];
        memcpy(key, payload - 4, 4);
        int is_ascii = unmask(payload, payload, length, key);
        if (data[0] == TEXT && !is_ascii && !is_utf8(payload, length)) {
            unmask(payload, payload, length, key);
            break;
        }
        size_t plain = write_head(head, length, data[0] == BINARY);
        if (messages == 0)
            begin = end = masked - plain;
        memmove(buffer + end + plain, payload, length);
        memcpy(buffer + end, head, plain);
        end += plain + length;
        start += masked + length;
        payloads += length;
        messages++;
    }
    if (messages && (sent = send_from(buffer + begin, descriptor, end - begin)) < 0)
        return NULL;
    begin += (size_t)sent;
    return Py_BuildValue("nKy#y#n", (Py_ssize_t)messages, (unsigned long long)payloads,
                         (char *)buffer + start, (Py_ssize_t)octets - (Py_ssize_t)start,
                         (char *)buffer + begin, (Py_ssize_t)(end - begin), (Py_ssize_t)octets);
}

static PyObject *echo(PyObject *self, PyObject *arguments)
{
    (void)self;
    return with_buffer(echo_from, arguments);
}

static PyObject *send_message(PyObject *self, PyObject *arguments)
{
    int descriptor, is_binary;
    Py_buffer payload;
    unsigned char head[LONGEST_HEAD];
    ssize_t sent;

    (void)self;
    if (!PyArg_ParseTuple(arguments, "iy*p:send_message", &descriptor, &payload, &is_binary))
        return NULL;
    struct iovec pieces[2] = {
        {head, write_head(head, (uint64_t)payload.len, is_binary)},
        {payload.buf, (size_t)payload.len},
    };
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 2};
    do
        sent = sendmsg(descriptor, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    int error = sent < 0 ? errno : 0;
    if (error == EAGAIN || error == EWOULDBLOCK)
        sent = error = 0;
    Py_ssize_t rest = (Py_ssize_t)pieces[0].iov_len + payload.len - sent;
    /* It may run code, which may change errno. */
    PyBuffer_Release(&payload);
    if (error == 0)
        return PyLong_FromSsize_t(rest);
    errno = error;
    return PyErr_SetFromErrno(PyExc_OSError);
}

static PyObject *send_to_all(PyObject *self, PyObject *arguments)
{
    Py_buffer descriptors, frame;
    PyObject *late;

    (void)self;
    if (!PyArg_ParseTuple(arguments, "y*y*:send_to_all", &descriptors, &frame))
        return NULL;
    late = PyList_New(0);
    const int *each = descriptors.buf;
    Py_ssize_t count = descriptors.len / (Py_ssize_t)sizeof(int);
    for (Py_ssize_t i = 0; late != NULL && i < count; i++) {
        ssize_t sent;
        do
            sent = send(each[i], frame.buf, (size_t)frame.len, MSG_NOSIGNAL);
        while (sent < 0 && errno == EINTR);
        if (sent == frame.len)
            continue;
        if (sent < 0)
            sent = errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
        PyObject *one = Py_BuildValue("nn", i, (Py_ssize_t)sent);
        if (one == NULL || PyList_Append(late, one))
            Py_CLEAR(late);
        Py_XDECREF(one);
    }
    PyBuffer_Release(&descriptors);
    PyBuffer_Release(&frame);
    return late;
}

/* A part that fits the cache is checked while it is there; it begins with the key's first octet. */
enum { PART = 1 << 14 };

static Py_ssize_t unmask_and_check(unsigned char *data, size_t length, size_t plain,
                                   const unsigned char key[4])
{
    size_t checked = 0;

    do {
        size_t part = length - plain < PART ? length - plain : PART;
        int is_ascii = unmask(data + plain, data + plain, part, key);
        int is_between = checked == plain;
        plain += part;
        if (is_ascii && is_between) {
            checked = plain;
            continue;
        }
        Py_ssize_t whole = check_utf8(data + checked, plain - checked);
        if (whole < 0) {
            /* Whoever masks it again masks all of it. */
            unmask(data + plain, data + plain, length - plain, key);
            return -1;
        }
        checked += (size_t)whole;
    } while (plain < length);
    return (Py_ssize_t)checked;
}

static const char NOT_SO[] = "a key has four octets, and no more are plain than are";

static PyObject *with_key(PyObject *arguments, int is_text)
{
    Py_buffer piece;
    const unsigned char *key;
    Py_ssize_t length, plain = 0, whole = 0;

    if (!PyArg_ParseTuple(arguments, is_text ? "w*y#n" : "w*y#", &piece, &key, &length, &plain))
        return NULL;
    if (length != 4 || plain < 0 || plain > piece.len) {
        PyBuffer_Release(&piece);
        PyErr_SetString(PyExc_ValueError, NOT_SO);
        return NULL;
    }
    if (is_text)
        whole = unmask_and_check(piece.buf, (size_t)piece.len, (size_t)plain, key);
    else
        unmask(piece.buf, piece.buf, (size_t)piece.len, key);
    PyBuffer_Release(&piece);
    return PyLong_FromSsize_t(whole);
}

static PyObject *unmask_in_place(PyObject *self, PyObject *arguments)
{
    (void)self;
    PyObject *answer = with_key(arguments, 0);
    if (answer == NULL)
        return NULL;
    Py_DECREF(answer);
    Py_RETURN_NONE;
}

static PyObject *unmask_text(PyObject *self, PyObject *arguments)
{
    (void)self;
    return with_key(arguments, 1);
}

/* What is received at a time, to be unmasked while the cache has it; a multiple of the key. */
static const size_t HOT = 1 << 18;

/* Returns how many octets were received, -1 with an exception, and -2 where nothing is there. */
static ssize_t receive_part(int descriptor, unsigned char *data, size_t length, size_t plain,
                            const unsigned char key[4], int is_text, Py_ssize_t *whole)
{
    size_t begin = plain;

    *whole = is_text ? 0 : (Py_ssize_t)plain;
    while (plain < length && *whole >= 0) {
        size_t part = length - plain < HOT ? length - plain : HOT;
        ssize_t octets = receive_to(data + plain, descriptor, part);
        if (octets == -1 || (octets == -2 && plain == begin))
            return octets;
        if (octets == -2)
            break;
        if (is_text) {
            size_t checked = (size_t)*whole, end = plain + (size_t)octets;
            Py_ssize_t more = unmask_and_check(data + checked, end - checked, plain - checked, key);
            *whole = more < 0 ? -1 : *whole + more;
        } else {
            unmask(data + plain, data + plain, (size_t)octets, key);
            *whole += octets;
        }
        plain += (size_t)octets;
        if ((size_t)octets < part)
            break;
    }
    return (ssize_t)(plain - begin);
}

static PyObject *receive_masked(PyObject *self, PyObject *arguments)
{
    int descriptor, is_text;
    Py_buffer piece;
    const unsigned char *key;
    Py_ssize_t length, plain, whole;
    ssize_t octets;

    (void)self;
    if (!PyArg_ParseTuple(arguments, "iw*y#np:receive_masked", &descriptor, &piece, &key, &length,
                          &plain, &is_text))
        return NULL;
    if (length != 4 || plain < 0 || plain > piece.len) {
        PyBuffer_Release(&piece);
        PyErr_SetString(PyExc_ValueError, NOT_SO);
        return NULL;
    }
    octets = receive_part(descriptor, piece.buf, (size_t)piece.len, (size_t)plain, key, is_text,
                          &whole);
    PyBuffer_Release(&piece);
    if (octets == -2)
        Py_RETURN_NONE;
    return octets < 0 ? NULL : Py_BuildValue("nn", (Py_ssize_t)octets, whole);
}

static PyMethodDef functions[] = {
    {"echo", echo, METH_VARARGS, NULL},
    {"read_messages", read_messages, METH_VARARGS, NULL},
    {"receive", receive, METH_VARARGS, NULL},
    {"receive_masked", receive_masked, METH_VARARGS, NULL},
    {"send_message", send_message, METH_VARARGS, NULL},
    {"send_to_all", send_to_all, METH_VARARGS, NULL},
    {"unmask_in_place", unmask_in_place, METH_VARARGS, NULL},
    {"unmask_text", unmask_text, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "_octets",
    .m_doc = "As `octets.py` beside it.",
    .m_size = 0,
    .m_methods = functions,
};

PyMODINIT_FUNC PyInit__octets(void)
{
    return PyModuleDef_Init(&module);
}
