// libcurl as Swift can call it: the setters and getters are variadic, which Swift does not import, so each argument type has a typed
// wrapper here. `long` is passed as long: an int would be read as garbage on 64-bit machines. No policy lives here.
#pragma once
#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>

/// Options that take a number (CURLOPTTYPE_LONG and _VALUES).
static inline CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}
/// Options that take a large number (CURLOPTTYPE_OFF_T).
static inline CURLcode ccurl_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}
/// Options that take a text, which libcurl copies (CURLOPTTYPE_STRINGPOINT).
static inline CURLcode ccurl_set_text(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}
/// Options that take an object that the caller keeps alive (CURLOPTTYPE_OBJECTPOINT, _CBPOINT).
static inline CURLcode ccurl_set_pointer(CURL *easy, CURLoption option, void *value) {
    return curl_easy_setopt(easy, option, value);
}
/// Options that take bytes, which libcurl copies (CURLOPTTYPE_BLOB); NULL takes them back.
static inline CURLcode ccurl_set_blob(CURL *easy, CURLoption option, const void *bytes, size_t count) {
    struct curl_blob blob = {(void *)bytes, count, CURL_BLOB_COPY};
    return curl_easy_setopt(easy, option, bytes ? &blob : NULL);
}
/// CURLOPT_HTTPHEADER and CURLOPT_CONNECT_TO: the list belongs to the caller and must outlive the transfer.
static inline CURLcode ccurl_set_list(CURL *easy, CURLoption option, struct curl_slist *list) {
    return curl_easy_setopt(easy, option, list);
}
/// CURLOPT_CURLU: the handle is copied when a transfer starts.
static inline CURLcode ccurl_set_url(CURL *easy, CURLU *url) { return curl_easy_setopt(easy, CURLOPT_CURLU, url); }

/// CURLOPT_WRITEFUNCTION and CURLOPT_HEADERFUNCTION.
static inline CURLcode ccurl_on_data(CURL *easy, CURLoption option, curl_write_callback callback) {
    return curl_easy_setopt(easy, option, callback);
}
static inline CURLcode ccurl_on_open_socket(CURL *easy, curl_opensocket_callback callback) {
    return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, callback);
}
static inline CURLcode ccurl_on_close_socket(CURL *easy, curl_closesocket_callback callback) {
    return curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, callback);
}
static inline CURLcode ccurl_on_request(CURL *easy, curl_prereq_callback callback) {
    return curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, callback);
}

/// CURLOPT_SSL_CTX_FUNCTION: what ALPN offers, and how a write that was blocked may be repeated. `http2`: not NULL where HTTP/2 is offered.
static CURLcode ccurl_prepare_tls(CURL *easy, void *context, void *http2) {
    static const unsigned char both[] = "\x02h2\x08http/1.1";
    (void)easy;
    // What was not sent is kept in other memory than what was tried first: without this OpenSSL refuses the second try.
    SSL_CTX_set_mode(context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    const unsigned char *offered = http2 ? both : both + 3;
    int refused = SSL_CTX_set_alpn_protos(context, offered, sizeof both - 1 - (http2 ? 0 : 3));
    return refused ? CURLE_OUT_OF_MEMORY : CURLE_OK;
}
/// Offers HTTP/1.1 by ALPN, and HTTP/2 if asked to. libcurl's own ALPN is off: it would take a connection with HTTP/2 for its own (since 8.0).
static inline CURLcode ccurl_offer_http2(CURL *easy, bool offered) {
    static char yes;
    CURLcode code = curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
    if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, offered ? &yes : NULL);
    return code == CURLE_OK ? curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, ccurl_prepare_tls) : code;
}
/// Whether the server chose HTTP/2. Valid while libcurl holds the connection: in CURLOPT_PREREQFUNCTION.
static inline bool ccurl_chose_http2(CURL *easy) {
    struct curl_tlssessioninfo *tls = NULL;
    const unsigned char *name = NULL;
    unsigned length = 0;
    if (curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &tls) != CURLE_OK || !tls || !tls->internals) return false;
    if (tls->backend != CURLSSLBACKEND_OPENSSL) return false;
    SSL_get0_alpn_selected(tls->internals, &name, &length);
    return length == 2 && name[0] == 'h' && name[1] == '2';
}

static inline CURLcode ccurl_get_long(CURL *easy, CURLINFO info, long *out) {
    return curl_easy_getinfo(easy, info, out);
}
/// Sizes, and the times that end in _TIME_T (microseconds).
static inline CURLcode ccurl_get_offset(CURL *easy, CURLINFO info, curl_off_t *out) {
    return curl_easy_getinfo(easy, info, out);
}
/// Texts that libcurl keeps; NULL: none.
static inline const char *ccurl_get_text(CURL *easy, CURLINFO info) {
    char *value = NULL;
    curl_easy_getinfo(easy, info, &value);
    return value;
}
/// CURLINFO_PRIVATE.
static inline void *ccurl_get_private(CURL *easy) {
    char *value = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &value);
    return value;
}

static inline CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}
static inline CURLMcode ccurl_multi_set_pointer(CURLM *multi, CURLMoption option, void *value) {
    return curl_multi_setopt(multi, option, value);
}
static inline CURLMcode ccurl_multi_on_socket(CURLM *multi, curl_socket_callback callback) {
    return curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, callback);
}
static inline CURLMcode ccurl_multi_on_timer(CURLM *multi, curl_multi_timer_callback callback) {
    return curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, callback);
}

/// The next finished transfer, and its result; NULL: none. The union in CURLMsg has no Swift form for `result` alone.
static inline CURL *ccurl_multi_next_done(CURLM *multi, CURLcode *result) {
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(multi, &left))) {
        if (message->msg != CURLMSG_DONE) continue;
        *result = message->data.result;
        return message->easy_handle;
    }
    return NULL;
}

/// 0xXXYYZZ for version X.Y.Z.
static inline unsigned int ccurl_version_number(void) { return curl_version_info(CURLVERSION_NOW)->version_num; }
/// The TLS session of the connection that a handle has just opened (CURLINFO_TLS_SSL_PTR): to be asked for in CURLOPT_PREREQFUNCTION,
/// because libcurl forgets the connection of a handle afterwards. NULL: no TLS, or not OpenSSL's.
static inline SSL *ccurl_tls_session(CURL *easy) {
    struct curl_tlssessioninfo *info = NULL;
    if (curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &info) != CURLE_OK || !info) return NULL;
    return info->backend == CURLSSLBACKEND_OPENSSL ? (SSL *)info->internals : NULL;
}
/// Lets a session read and write the socket itself (SSL_set_fd(3)) instead of through libcurl. Whole records are read at once; a part of
/// what is written may be taken, and the rest may come from another buffer (SSL_CTX_set_mode(3)). 0: no memory.
static inline int ccurl_tls_adopt(SSL *session, int descriptor) {
    if (SSL_set_fd(session, descriptor) != 1) return 0;
    SSL_set_mode(session, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_set_read_ahead(session, 1);
    return 1;
}
/// Bytes read (SSL_read(3)); 0 or less: `error` is what SSL_get_error(3) says.
static inline int ccurl_tls_read(SSL *session, void *bytes, int count, int *error) {
    ERR_clear_error();
    int done = SSL_read(session, bytes, count);
    *error = done > 0 ? SSL_ERROR_NONE : SSL_get_error(session, done);
    return done;
}
/// Bytes written (SSL_write(3)); 0 or less: `error` is what SSL_get_error(3) says.
static inline int ccurl_tls_write(SSL *session, const void *bytes, int count, int *error) {
    ERR_clear_error();
    int done = SSL_write(session, bytes, count);
    *error = done > 0 ? SSL_ERROR_NONE : SSL_get_error(session, done);
    return done;
}
/// After SSL_ERROR_SSL: whether the peer only closed the connection, without an alert.
static inline int ccurl_tls_was_closed(void) { return ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING; }
