import Testing

/// The built program as a process, a receiver and a producer: nothing in between is replaced.
///
/// One at a time: each test is a whole system, and some measure how it ends.
@Suite(.serialized, .timeLimit(.minutes(5))) enum EndToEnd {}
