/// When a batch is sent again as two halves. Pure.
///
/// 400, 413 and 422 (RFC 9110, 15.5.1, 15.5.14, 15.5.21) are about the content of a request: the receiver refuses one of
/// the events, or a body of this size. The same bytes would be refused again, and one bad event would make dead letters of
/// all. So the batch is halved until the bad event is alone; the others are delivered.
public enum BatchHalving {
    private static let statuses: Set<UInt16> = [400, 413, 422]

    /// - Parameters:
    ///   - status: of the answer; 0: none came.
    ///   - events: in the batch. A batch of one is an ordinary failure.
    public static func follows(status: UInt16, events: Int) -> Bool { events > 1 && statuses.contains(status) }
}
