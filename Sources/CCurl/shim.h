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

/// The TLS session by which the next connection to a server needs no full handshake (SSL_SESSION). Counted: by its owner, and by each
/// SSL_CTX that may put a newer one into it. One thread uses it.
typedef struct {
    long owners;
    SSL_SESSION *session;
} ccurl_shelf;

/// An empty shelf, with one owner. NULL: no memory.
static inline ccurl_shelf *ccurl_shelf_new(void) {
    ccurl_shelf *shelf = (ccurl_shelf *)OPENSSL_zalloc(sizeof *shelf);
    if (shelf) shelf->owners = 1;
    return shelf;
}
static inline void ccurl_shelf_clear(ccurl_shelf *shelf) {
    SSL_SESSION_free(shelf->session);
    shelf->session = NULL;
}
/// One owner less.
static inline void ccurl_shelf_release(ccurl_shelf *shelf) {
    if (--shelf->owners > 0) return;
    ccurl_shelf_clear(shelf);
    OPENSSL_free(shelf);
}
/// An SSL_CTX is freed: CRYPTO_EX_free.
static void ccurl_context_freed(void *context, void *shelf, CRYPTO_EX_DATA *data, int index, long number, void *pointer) {
    (void)context, (void)data, (void)index, (void)number, (void)pointer;
    if (shelf) ccurl_shelf_release((ccurl_shelf *)shelf);
}
/// A place in each SSL_CTX for its shelf: once for the process. -1: no memory.
static inline int ccurl_shelf_index(void) {
    return CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL_CTX, 0, NULL, NULL, NULL, ccurl_context_freed);
}
/// SSL_CTX_sess_set_new_cb(3): the server gave a session: in the handshake, or with TLS 1.3 in any later read. 1: it is kept.
static int ccurl_keep_session(SSL *ssl, SSL_SESSION *session) {
    ccurl_shelf *shelf = (ccurl_shelf *)SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    if (!shelf) return 0;
    ccurl_shelf_clear(shelf);
    shelf->session = session;
    return 1;
}
/// SSL_CTX_set_info_callback(3): the handshake begins, and the first message is not written. libcurl has no callback between the making
/// of the SSL and this.
static void ccurl_offer_session(const SSL *ssl, int place, int value) {
    (void)value;
    if (!(place & SSL_CB_HANDSHAKE_START) || SSL_get_session(ssl)) return;
    ccurl_shelf *shelf = (ccurl_shelf *)SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    if (shelf && shelf->session) SSL_set_session((SSL *)ssl, shelf->session);
}

/// What a handle's next connection with TLS needs.
typedef struct {
    /// HTTP/2 is offered by ALPN, beside HTTP/1.1.
    bool http2;
    /// The session in `shelf` is offered.
    bool resume;
    /// Where sessions are kept; NULL: nowhere.
    ccurl_shelf *shelf;
    /// `ccurl_shelf_index`.
    int index;
} ccurl_tls_plan;

/// CURLOPT_SSL_CTX_FUNCTION: what ALPN offers, how a write that was blocked may be repeated, and which session is continued.
static CURLcode ccurl_prepare_tls(CURL *easy, void *context, void *data) {
    static const unsigned char both[] = "\x02h2\x08http/1.1";
    const ccurl_tls_plan *plan = (const ccurl_tls_plan *)data;
    SSL_CTX *tls = (SSL_CTX *)context;
    (void)easy;
    // What was not sent is kept in other memory than what was tried first: without this OpenSSL refuses the second try.
    SSL_CTX_set_mode(tls, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    const unsigned char *offered = plan->http2 ? both : both + 3;
    if (SSL_CTX_set_alpn_protos(tls, offered, sizeof both - 1 - (plan->http2 ? 0 : 3))) return CURLE_OUT_OF_MEMORY;
    if (!plan->shelf) return CURLE_OK;
    if (SSL_CTX_set_ex_data(tls, plan->index, plan->shelf) != 1) return CURLE_OUT_OF_MEMORY;
    plan->shelf->owners++;
    SSL_CTX_set_app_data(tls, plan->shelf);
    // libcurl 7.88 switches the tickets of TLS 1.2 off.
    SSL_CTX_clear_options(tls, SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(tls, ccurl_keep_session);
    if (plan->resume) SSL_CTX_set_info_callback(tls, ccurl_offer_session);
    return CURLE_OK;
}
/// Takes the handle's connections with TLS into our hands where libcurl's are not enough: libcurl's own ALPN is off (it would take a
/// connection with HTTP/2 for its own, since 8.0). The plan is read when a connection begins, and must outlive the handle.
static inline CURLcode ccurl_plan_tls(CURL *easy, ccurl_tls_plan *plan) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
    if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, plan);
    return code == CURLE_OK ? curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, ccurl_prepare_tls) : code;
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
/// Whether the server chose HTTP/2, to be asked for in CURLOPT_PREREQFUNCTION.
static inline bool ccurl_chose_http2(CURL *easy) {
    SSL *session = ccurl_tls_session(easy);
    const unsigned char *name = NULL;
    unsigned length = 0;
    if (!session) return false;
    SSL_get0_alpn_selected(session, &name, &length);
    return length == 2 && name[0] == 'h' && name[1] == '2';
}
/// Whether a session was continued (SSL_session_reused(3)), to be asked for in CURLOPT_PREREQFUNCTION.
static inline bool ccurl_tls_resumed(CURL *easy) {
    SSL *session = ccurl_tls_session(easy);
    return session && SSL_session_reused(session);
}
/// Attaches a handle to the connection that it opened, as curl_easy_send(3) does at first: libcurl then counts it as in use. One that
/// is not in use is closed, whenever another is opened, when it is 118 s old or its peer has closed its side. Sends nothing.
/// false: libcurl has closed it already.
static inline bool ccurl_attach(CURL *easy) {
    size_t sent = 0;
    CURLcode code = curl_easy_send(easy, "", 0, &sent);
    ERR_clear_error();
    return code != CURLE_UNSUPPORTED_PROTOCOL;
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
