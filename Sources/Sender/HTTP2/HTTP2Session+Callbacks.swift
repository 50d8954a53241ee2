import CNghttp2

/// What nghttp2 calls. None of these may free the session or make it send or receive.
extension HTTP2Session {
    static func setCallbacks(_ callbacks: OpaquePointer) {
        nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks) { _, head, owner in
            HTTP2Session.at(owner).frameBegins(head!.pointee) ? 0 : HTTP2Session.failure
        }
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, owner in
            HTTP2Session.at(owner).fieldsBegin(frame!.pointee.hd.stream_id)
            return 0
        }
        nghttp2_session_callbacks_set_on_header_callback(callbacks) { _, _, name, nameCount, value, count, _, owner in
            let isTaken = HTTP2Session.at(owner).took(
                UnsafeRawBufferPointer(start: name, count: nameCount),
                UnsafeRawBufferPointer(start: value, count: count))
            return isTaken ? 0 : CInt(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
        }
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) { _, _, identifier, bytes, count, owner in
            HTTP2Session.at(owner).took(body: UnsafeRawBufferPointer(start: bytes, count: count), of: identifier)
            return 0
        }
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, owner in
            HTTP2Session.at(owner).took(frame!.pointee)
            return 0
        }
        nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks) { _, frame, _, owner in
            if UInt32(frame!.pointee.hd.type) == NGHTTP2_HEADERS.rawValue {
                HTTP2Session.at(owner).notSent(frame!.pointee.hd.stream_id)
            }
            return 0
        }
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, identifier, code, owner in
            HTTP2Session.at(owner).closed(identifier, code)
            return 0
        }
    }

    /// Fills a DATA frame with the next bytes of a request's body.
    static let readBody: nghttp2_data_source_read_callback = { _, identifier, frame, length, flags, _, owner in
        let (count, isLast) = HTTP2Session.at(owner).give(
            identifier, UnsafeMutableRawBufferPointer(start: frame, count: length))
        if isLast { flags!.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue }
        return count
    }

    /// Ends the session.
    private static let failure = CInt(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)

    private static func at(_ owner: UnsafeMutableRawPointer?) -> HTTP2Session {
        Unmanaged<HTTP2Session>.fromOpaque(owner!).takeUnretainedValue()
    }
}
