import WebhookModel
import WebhookSigning

/// Places in lists for clients: sealed, so that they tell no number, and valid for one list of one key only.
///
/// A cursor of other filters, of another key or of another server is refused, and not read as another place.
struct ListCursors: Sendable {
    private let key: [UInt8]

    init(identityKey: [UInt8]) {
        key = SHA256Digest.of(Array("needletail cursors".utf8) + identityKey)
    }

    /// - Parameters:
    ///   - place: where the next page begins.
    ///   - list: the list with its filters, and who reads it.
    func seal(_ place: String, for list: String) -> String {
        let nonce = SecureRandom.bytes(SealingCipher.nonceBytes)
        let sealed = SealingCipher.seal(Array(place.utf8), key: key, nonce: nonce, context: Array(list.utf8))
        return HexText.write(nonce + sealed)
    }

    /// Nil: not a cursor of this list.
    func open(_ cursor: String, for list: String) -> String? {
        guard cursor.utf8.count <= Limits.apiTargetBytes, let bytes = HexText.read(cursor),
            bytes.count > SealingCipher.nonceBytes
        else { return nil }
        let nonce = Array(bytes.prefix(SealingCipher.nonceBytes))
        let sealed = Array(bytes.dropFirst(SealingCipher.nonceBytes))
        return SealingCipher.open(sealed, key: key, nonce: nonce, context: Array(list.utf8)).map {
            String(decoding: $0, as: UTF8.self)
        }
    }
}
