package import CCurl

/// A URL as libcurl's own parser reads it (curl_url(3)), kept as the object that transfers use, so that no second
/// reading can differ.
///
/// Immutable after `init`; transfers copy it when they start.
package final class CurlURL {
    package let handle: OpaquePointer

    /// Nil: libcurl refuses the text. No scheme is guessed, no path is squeezed, nothing is percent-encoded for the
    /// caller.
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
