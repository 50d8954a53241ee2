package import CCurl

/// A URL as libcurl parses it (curl_url(3)). Transfers use the same object, so no second parser can disagree.
///
/// Unsafe pointers: the handle of libcurl and the texts that it returns. Immutable after `init`; transfers copy it when
/// they start.
package final class CurlURL {
    package let handle: OpaquePointer

    /// Nil: libcurl rejects the text. It guesses no scheme, normalises no path and percent-encodes nothing.
    package init?(_ text: String) {
        guard let handle = curl_url() else { preconditionFailure("curl_url: no memory") }
        self.handle = handle
        guard curl_url_set(handle, CURLUPART_URL, text, 0) == CURLUE_OK else { return nil }
    }

    deinit { curl_url_cleanup(handle) }

    /// One part as text; nil where the URL has none.
    package func part(_ part: CURLUPart, _ flags: Int32 = 0) -> String? {
        var raw: UnsafeMutablePointer<CChar>?
        guard curl_url_get(handle, part, &raw, UInt32(bitPattern: flags)) == CURLUE_OK, let raw else { return nil }
        defer { curl_free(raw) }
        return String(cString: raw)
    }
}
